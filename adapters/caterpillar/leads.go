package caterpillar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/client"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// LeadConfig says where a dealer's leads are and how they are reached.
type LeadConfig struct {
	URL         string // the service up to the version, as Environment.Leads has it
	Version     string // of the API; V2 is the only one there is
	Credentials Credentials
	Options     Options
}

// Leads is the lead service of one dealer. It may be used from several
// goroutines.
type Leads struct {
	caller caller
	client *client.Client
}

var (
	_ adapters.LeadSource  = (*Leads)(nil)
	_ adapters.LeadUpdater = (*Leads)(nil)
)

const (
	leadTries = 5   // R100
	mostLeads = 100 // R34, R55
)

// OpenLeads checks the settings, all of them, and calls nobody.
func OpenLeads(c LeadConfig) (*Leads, error) {
	faults := []error{checkAddress("lead service", c.URL), c.Credentials.check()}
	if c.Version != V2 {
		faults = append(faults, fmt.Errorf("lead service: version %q of the API is not known; there is %s", c.Version, V2))
	}
	if _, err := form(); err != nil {
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	o := c.Options.withDefaults(leadTries)
	doer := o.httpClient()
	generated, err := client.NewClient(strings.TrimRight(c.URL, "/")+"/"+c.Version, client.WithHTTPClient(doer))
	if err != nil {
		return nil, fmt.Errorf("lead service: %w", err)
	}
	return &Leads{
		caller: caller{Options: o, http: doer, tokens: newTokens(c.Credentials, doer, o.Now, leadScope)},
		client: generated,
	}, nil
}

// headers are those of every call (R20).
func headers(authorization string) client.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json")
		return nil
	}
}

// Leads fetches leads that were not handed out yet, and changed ones.
func (l *Leads) Leads(ctx context.Context, limit int) (adapters.LeadAnswer, error) {
	params := &model.ListLeadsParams{Limit: bounded(limit)}
	return l.fetch(ctx, "fetching leads", true, func(ctx context.Context, authorization string) (*http.Response, error) {
		return l.client.ListLeads(ctx, params, headers(authorization))
	})
}

// Historic fetches one page of the leads handed out before.
func (l *Leads) Historic(ctx context.Context, first, last time.Time, offset, limit int) (adapters.LeadAnswer, error) {
	skip := int64(max(0, offset))
	params := &model.ListHistoricLeadsParams{
		Startdate: first.Format(time.DateOnly), Enddate: last.Format(time.DateOnly), Offset: &skip, Limit: bounded(limit),
	}
	return l.fetch(ctx, "reading historic leads", false, func(ctx context.Context, authorization string) (*http.Response, error) {
		return l.client.ListHistoricLeads(ctx, params, headers(authorization))
	})
}

// Reread understands a stored answer, or a stored lead, once more.
func (*Leads) Reread(raw []byte) ([]adapters.ReceivedLead, error) {
	leads, err := readAnswer(raw)
	if err != nil {
		return leads, &adapters.CallError{Call: "reading a stored answer", Err: adapters.ErrAnswer, Detail: err.Error()}
	}
	return leads, nil
}

func bounded(limit int) *int64 {
	n := int64(min(max(1, limit), mostLeads))
	return &n
}

// fetch makes a call and reads the leads in its answer. once says that the
// service hands each of them out a single time.
func (l *Leads) fetch(ctx context.Context, what string, once bool, send request) (adapters.LeadAnswer, error) {
	var leads []adapters.ReceivedLead
	out, err := l.caller.do(ctx, what, send, func(_ int, body []byte) *failure {
		var fault error
		leads, fault = readAnswer(body)
		if fault == nil {
			return nil
		}
		f := &failure{kind: adapters.ErrAnswer, detail: fault.Error(), acted: true}
		// What could be read is as good as gone on the other side, so it goes
		// to the caller now; a further try would bring other leads. The same
		// holds for what looks like leads and cannot be read.
		f.final = once && (len(leads) > 0 || errors.Is(fault, errCutShort))
		return f
	})
	answer := adapters.LeadAnswer{Tries: out.tries}
	if once {
		answer.Lost = out.acted
	}
	if err == nil || errors.Is(err, adapters.ErrAnswer) || errors.Is(err, adapters.ErrAnswerTooLarge) {
		answer.Raw, answer.Leads = out.body, leads
	}
	return answer, err
}

// PostUpdates sends updates in one call.
func (l *Leads) PostUpdates(ctx context.Context, updates []model.LeadUpdate) (adapters.PostAnswer, error) {
	const what = "sending lead updates"
	if len(updates) == 0 {
		return adapters.PostAnswer{}, nil
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // reasons hold & and the like, and are compared as text
	if err := enc.Encode(updates); err != nil {
		return adapters.PostAnswer{}, fmt.Errorf("%s: writing them: %w", what, err)
	}
	text := bytes.TrimSpace(body.Bytes())
	out, err := l.caller.do(ctx, what, func(ctx context.Context, authorization string) (*http.Response, error) {
		return l.client.PostLeadUpdatesWithBody(ctx, "application/json", bytes.NewReader(text), headers(authorization))
	}, acceptPost)
	answer := adapters.PostAnswer{Status: out.status, Tries: out.tries, Ambiguous: out.acted > 0}
	if len(out.body) > 0 {
		answer.Body = []byte(beginning(out.body))
	}
	return answer, err
}

// acceptPost goes by the status (R61), with two exceptions: a page in HTML
// comes from somebody else (R21), and the error texts of the service are errors
// whatever stands above them (R98).
func acceptPost(_ int, body []byte) *failure {
	if isHTML(body) {
		return &failure{kind: adapters.ErrAnswer, detail: errHTML.Error(), acted: true}
	}
	var said model.ServiceError
	if json.Unmarshal(trimMark(body), &said) == nil && said.Message != nil && complains(*said.Message) {
		return &failure{kind: adapters.ErrAnswer, detail: errMessage.Error(), acted: true}
	}
	return nil
}

// complains knows the error texts of the guide (R98).
func complains(message string) bool {
	switch strings.ToLower(strings.Trim(message, " .")) {
	case "invalid access token", "invalid request header", "you are not authorized to perform that action":
		return true
	}
	return false
}
