// Package leadsync owns the way of leads between Caterpillar and a dealer's CRM:
// fetching them so that none is lost, writing each into the CRM once, noticing what
// sales people make of them, and reporting that in order.
//
// It knows no SQL, no HTTP and no mapping. Leads come from an adapters.LeadSource,
// the CRM is asked for its capabilities through Entrance, everything it must
// remember is kept behind Store, and time passes as Options say.
//
// # Fetching
//
// A call is noted before it is made, and its answer is kept, byte for byte, before
// anything in it is looked at: a lead is handed out once (R29). A call that was
// begun and has no answer kept, an answer that was lost on the way, and a long time
// without a call all lead to a reconciliation: leads that were handed out are read
// again by their day of creation, the newest 30 days first, and compared with what
// is kept. It goes on where it was after a crash.
//
// # Writing
//
// Every lead has a row of its own, and every version of it that came is kept with
// it. Versions are written in the order in which they came; one that says nothing
// new is counted and changes nothing. New leads go into the CRM together where its
// adapter can do that: their chosen keys are kept in one transaction before, and in
// one more that they are written; what came of a death in between is found in the CRM
// by their ids. A lead that does not fit the CRM is held with
// all reasons and tried again with every round, and at once when the mapping
// changes. A CRM that is away is asked again with growing pauses.
//
// # Reporting
//
// What the CRM says of a lead now is compared with what was queued for it last; a
// difference is an update, held against the rules (package lead) and queued, or
// held with all reasons until the row or the map is corrected. What the gateway
// itself wrote, and what stood in the CRM when it was connected first, is not
// reported. Where it cannot be told whether a state came from the gateway's own
// write, because the process died in between, it is reported: that does no harm, and
// the other way round a change could be lost.
//
// The updates of a lead go out one after the other, each until it is acknowledged
// or parked (R96). An update whose fate is unknown is sent again, unchanged, and
// counted. A call has its tries inside; one that the service refuses is parked
// then, one that fails because the service does is tried again, after growing
// pauses in which no other update is sent, and parked after Options.Calls calls.
//
// # One at a time
//
// Of several processes one works for a dealer: the one that has the lease, which is
// looked at before every call and every write, and again in the transaction that
// keeps what came of it.
package leadsync
