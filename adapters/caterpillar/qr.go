package caterpillar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/qr/client"
	"github.com/dealerbridge/dealerbridge/gen/qr/model"
)

// QRConfig says where the machines behind QR codes are asked for.
type QRConfig struct {
	URL         string // as Environment.QR has it
	Credentials Credentials
	Options     Options
}

// QR is the service of QR code associations (R3, R8). It may be used from
// several goroutines.
type QR struct {
	caller caller
	client *client.Client
}

var _ adapters.AssociationReader = (*QR)(nil)

const (
	qrTries     = 3       // somebody waits for the answer
	qrMaxAnswer = 1 << 20 // one object of a few members
	usualMake   = "CAT"   // R9
)

// OpenQR checks the settings, all of them, and calls nobody.
func OpenQR(c QRConfig) (*QR, error) {
	if err := errors.Join(checkAddress("QR code service", c.URL), c.Credentials.check()); err != nil {
		return nil, err
	}
	o := c.Options
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = qrMaxAnswer
	}
	o = o.withDefaults(qrTries)
	doer := o.httpClient()
	generated, err := client.NewClient(strings.TrimRight(c.URL, "/"), client.WithHTTPClient(doer))
	if err != nil {
		return nil, fmt.Errorf("QR code service: %w", err)
	}
	return &QR{
		caller: caller{
			Options: o, http: doer, tokens: newTokens(c.Credentials, doer, o.Now), // no scope (R5)
			again: func(f *failure) bool {
				return errors.Is(f.kind, adapters.ErrService) || errors.Is(f.kind, adapters.ErrAnswer)
			},
		},
		client: generated,
	}, nil
}

// Association returns what is known of one code.
func (q *QR) Association(ctx context.Context, id string) (model.Association, error) {
	const what = "asking what a QR code belongs to"
	if strings.Trim(id, ".") == "" {
		// As part of an address these would mean another one.
		return model.Association{}, &adapters.CallError{Call: what, Err: adapters.ErrNotFound}
	}
	var found model.Association
	_, err := q.caller.do(ctx, what, func(ctx context.Context, authorization string) (*http.Response, error) {
		return q.client.GetAssociation(ctx, id, func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", authorization) // R4
			r.Header.Set("Accept", "application/json")
			return nil
		})
	}, func(_ int, body []byte) (f *failure) {
		found, f = readAssociation(body)
		return f
	})
	var failed *adapters.CallError
	if errors.As(err, &failed) && failed.Status == http.StatusNotFound && failed.Detail == "" && !isHTML([]byte(failed.Answer)) {
		failed.Err = adapters.ErrNotFound // R12; the token service and a wrong address say 404 too
	}
	return found, err
}

// readAssociation reads an answer leniently: every member may be missing or
// null (R10), and one of another type costs only itself.
func readAssociation(body []byte) (model.Association, *failure) {
	var a model.Association
	bad := func(why error) (model.Association, *failure) {
		return model.Association{}, &failure{kind: adapters.ErrAnswer, detail: why.Error()}
	}
	body = trimMark(body)
	if isHTML(body) {
		return bad(errHTML)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return bad(errNoJSON)
	}
	fill := func(to **string, from map[string]json.RawMessage, name string) bool {
		raw := from[name]
		if len(raw) == 0 || string(raw) == "null" {
			return false
		}
		if word, _ := plain(raw); word != "" {
			*to = &word
		}
		return true
	}
	inner := func(name string) map[string]json.RawMessage {
		var m map[string]json.RawMessage
		if raw := bytes.TrimSpace(members[name]); len(raw) > 0 && raw[0] == '{' {
			if err := json.Unmarshal(raw, &m); err != nil {
				return nil
			}
		}
		return m
	}
	known := false
	for name, to := range map[string]**string{
		"serialNumber": &a.SerialNumber, "make": &a.Make, "smcsCode": &a.SmcsCode, "catrecid": &a.Catrecid,
		"associationOriginator": &a.AssociationOriginator, "createTime": &a.CreateTime,
		"assetMetadataUpdateStatus": &a.AssetMetadataUpdateStatus,
	} {
		known = fill(to, members, name) || known
	}
	if work := inner("principalWork"); work != nil {
		p := &model.PrincipalWork{}
		fill(&p.Code, work, "code")
		fill(&p.Description, work, "description")
		fill(&p.CodeType, work, "codeType")
		fill(&p.CodeAssignmentTime, work, "codeAssignmentTime")
		a.PrincipalWork, known = p, true
	}
	if market := inner("marketSegment"); market != nil {
		m := &model.MarketSegment{}
		fill(&m.Code, market, "code")
		fill(&m.Description, market, "description")
		fill(&m.SubSegmentCode, market, "subSegmentCode")
		fill(&m.SubSegmentDescription, market, "subSegmentDescription")
		a.MarketSegment, known = m, true
	}
	if !known {
		return bad(errors.New("JSON without a machine"))
	}
	if a.Make == nil {
		maker := usualMake
		a.Make = &maker
	}
	return a, nil
}
