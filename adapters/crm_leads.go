package adapters

import "context"

// LeadsWriter is the capability of writing several leads with less effort than
// one after the other.
type LeadsWriter interface {
	LeadWriter
	// WriteLeads writes those of some leads that can be written together: new
	// ones, no two of the same id, in a CRM that tells a lead it holds by the
	// lead's id and that takes back what is not complete. The answer has an entry
	// for each lead; a nil one is left to WriteLead, whatever the reason. Keys the
	// gateway chooses are noted before the first row; the rows of a lead that was
	// written are in the answer, and the caller keeps them. An error is the
	// journal's or that of a call that was ended: leads may have been written.
	WriteLeads(ctx context.Context, leads []LeadToWrite, journal LeadsJournal) ([]*LeadWritten, error)
}

// LeadToWrite is one of several leads.
type LeadToWrite struct {
	ReceivedLead
	Noted []CRMRow // what LeadJournal.Rows tells of it
}

// LeadsJournal is what the gateway knows about the rows of several leads.
type LeadsJournal interface {
	// Note is LeadJournal.Note of several leads at once, by their places among
	// those that are written.
	Note(ctx context.Context, rows map[int][]CRMRow) error
}
