package sales

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// What follows is the same work as somebody would write it by hand for this one CRM:
// nothing is kept, checked or found again after a crash.

// posts is how many updates are under way at once, as in the gateway.
const posts = 4

// bearer gets a token.
func (w *World) bearer(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+sandbox.TokenPath, strings.NewReader(url.Values{
		"grant_type": {"client_credentials"}, "scope": {"manage:all"},
	}.Encode()))
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client, secret)
	body, err := w.call(&http.Client{}, r)
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &token); err != nil || token.AccessToken == "" {
		return "", errors.Join(errors.New("the sandbox gave no token"), err)
	}
	return token.AccessToken, nil
}

// service prepares a call of the lead service.
func (w *World) service(ctx context.Context, method, token, query string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.base+sandbox.LeadPath+"/leads"+query, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	return r, nil
}

func (w *World) call(c *http.Client, r *http.Request) ([]byte, error) {
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNoContent {
		return nil, fmt.Errorf("status %d: %.200s", answer.StatusCode, body)
	}
	return body, nil
}

// lead is what the loop takes of a lead.
type lead struct {
	LeadID, FirstName, LastName, Company, City, EmailAddress, BusinessPhone, BcpNewUsedRental, ProductOfInterest, CommentsMaster, SystemScore string
}

// PullByHand fetches leads until none is left and inserts each in a transaction.
func (w *World) PullByHand(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	token, err := w.bearer(ctx)
	if err != nil {
		return 0, err
	}
	once := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // R22
	for n := 0; ; {
		r, err := w.service(ctx, http.MethodGet, token, "?limit=100", nil)
		if err != nil {
			return 0, fmt.Errorf("fetching leads: %w", err)
		}
		body, err := w.call(once, r)
		if err != nil {
			return 0, fmt.Errorf("fetching leads: %w", err)
		}
		var leads []lead
		if len(body) > 0 {
			if err := json.Unmarshal(body, &leads); err != nil {
				return 0, fmt.Errorf("reading leads: %w", err)
			}
		}
		if len(leads) == 0 {
			return time.Since(began), nil
		}
		for i := range leads {
			n++
			if err := w.insert(ctx, &leads[i], n); err != nil {
				return 0, fmt.Errorf("inserting a lead: %w", err)
			}
		}
	}
}

func (w *World) insert(ctx context.Context, l *lead, n int) (err error) {
	tx, err := w.crm.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	var there string
	if err := tx.QueryRowContext(ctx, "select LEADNO from LEADCF where CF_701 = ?", l.LeadID).Scan(&there); !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("the lead stands there: %w", err)
	}
	var office int64
	err = tx.QueryRowContext(ctx, "select ACCNO from ACCOUNT where NAME = ? and TOWN = ?", l.Company, l.City).Scan(&office)
	if errors.Is(err, sql.ErrNoRows) {
		var made sql.Result
		if made, err = tx.ExecContext(ctx, "insert into ACCOUNT (NAME, TOWN, SOURCE) values (?, ?, 'CAT')", l.Company, l.City); err == nil {
			office, err = made.LastInsertId()
		}
	}
	if err != nil {
		return err
	}
	counted, err := tx.ExecContext(ctx, "update CRMSEQ set LASTNO = last_insert_id(LASTNO + 1) where NAME = 'CONTACT'")
	if err != nil {
		return err
	}
	contact, err := counted.LastInsertId()
	if err != nil {
		return err
	}
	number := fmt.Sprintf("PL-202611-%06d", n)
	for _, s := range []struct {
		text string
		args []any
	}{
		{
			"insert into CONTACT (CONNO, ACCNO, FNAME, LNAME, MAIL, TEL) values (?, ?, ?, ?, ?, ?)",
			[]any{contact, office, l.FirstName, l.LastName, l.EmailAddress, l.BusinessPhone},
		},
		{
			"insert into LEADS (LEADNO, CONNO, TITLE, STATUS, OWNERKIND, OWNER, SCORE, NOTE, MADE, MADEBY) values (?, ?, ?, 'NW', 'G', 501, ?, ?, now(), 'CATLEAD')",
			[]any{number, contact, l.BcpNewUsedRental + " " + l.ProductOfInterest, l.SystemScore, latin(l.CommentsMaster)},
		},
		{"insert into LEADCF (LEADNO, CF_701) values (?, ?)", []any{number, l.LeadID}},
	} {
		if _, err = tx.ExecContext(ctx, s.text, s.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// latin replaces what the CRM's character set does not have.
func latin(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xff {
			return '?'
		}
		return r
	}, text)
}

// PushByHand reads what changed and posts an update of each.
func (w *World) PushByHand(ctx context.Context) (took time.Duration, err error) {
	began := time.Now()
	token, err := w.bearer(ctx)
	if err != nil {
		return 0, err
	}
	rows, err := w.crm.QueryContext(ctx, "select f.CF_701, c.LEADNO, c.FEEDBACK, t.NAME, t.TEAMNO from LEADS c join LEADCF f on f.LEADNO = c.LEADNO "+
		"join TEAMS t on t.TEAMNO = c.OWNER where c.CHANGED >= ? and c.STATUS = 'WK' and f.CF_701 is not null", time.Now().Add(-24*time.Hour))
	if err != nil {
		return 0, fmt.Errorf("reading what changed: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	once := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // R22
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(posts)
	for rows.Next() {
		var id, number, feedback, name, team string
		if err := rows.Scan(&id, &number, &feedback, &name, &team); err != nil {
			return 0, errors.Join(fmt.Errorf("reading what changed: %w", err), group.Wait())
		}
		group.Go(func() error {
			body, err := json.Marshal([]map[string]string{{
				"leadId": id, "dealerLeadId": number, "leadStatus": "Accepted", "dealerSalesRep": name, "dealerSalesRepNumber": "T" + team,
				"comments": feedback, "currencyIsoCode": "USD",
			}})
			if err != nil {
				return fmt.Errorf("writing an update: %w", err)
			}
			r, err := w.service(inner, http.MethodPost, token, "", body)
			if err != nil {
				return fmt.Errorf("posting an update: %w", err)
			}
			if _, err := w.call(once, r); err != nil {
				return fmt.Errorf("posting an update: %w", err)
			}
			return nil
		})
	}
	if err := errors.Join(rows.Err(), group.Wait()); err != nil {
		return 0, fmt.Errorf("reporting what changed: %w", err)
	}
	return time.Since(began), nil
}
