package main_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// handoverTables is a rental desk that reads requests out of one table and writes
// what it does with them into another, and its crm.yaml.
const (
	handoverTables = `CREATE TABLE INBOX (ID VARCHAR(64) NOT NULL PRIMARY KEY, KIND VARCHAR(20), REQUEST VARCHAR(64), CUSTOMER VARCHAR(20), BODY TEXT);
CREATE TABLE WORK (REQUEST VARCHAR(64) NOT NULL PRIMARY KEY, STATE CHAR(1), WHO VARCHAR(20), CHANGED DATETIME)`
	handoverMapping = `timezone: America/Chicago
maps: {steps: {R: received, C: closed}}
messages:
  table: INBOX
  id: ID
  insert: {KIND: message.requestType, REQUEST: message.requestId, CUSTOMER: message.customer, BODY: message.body}
moves:
  from: WORK w
  stamp: w.CHANGED
  fields: {requestId: w.REQUEST, status: {from: w.STATE, map: steps}, user: w.WHO}
`
)

// TestMessagesAreHandedOverInTables: a customer's request becomes a row, and a
// row of the desk's becomes a step, with a gateway that runs as dealers run it.
func TestMessagesAreHandedOverInTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.ExecContext(t.Context(), handoverTables); err != nil {
		t.Fatal(err)
	}
	x := exchanging(t, func(c *config.Config) {
		d := &c.Dealers[0]
		if err := os.WriteFile(filepath.Join(d.Mapping, "crm.yaml"), []byte(handoverMapping), 0o600); err != nil {
			t.Fatal(err)
		}
		d.Messages.Handover = &config.Database{
			Driver: config.SQLite, Path: path, MaxConnections: config.DefaultConnections, StatementTimeout: config.DefaultStatement,
		}
	}, "D100")
	_, v := x.begin(sandbox.Start{Type: "extend", Dealer: "D100", Customer: "0000412"})
	var kind, request, customer string
	row := db.QueryRowContext(t.Context(), "SELECT KIND, REQUEST, CUSTOMER FROM INBOX")
	if err := row.Scan(&kind, &request, &customer); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"extend", v.Summary.ID, "0000412"}, []string{kind, request, customer}); diff != "" {
		t.Errorf("the row (-want +got)\n%s", diff)
	}
	when := x.clock.Now().In(time.UTC).Format(time.DateTime)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO WORK VALUES (?, 'R', 'kim', ?)", v.Summary.ID, when); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the desk's step is made", func() error {
		x.clock.advance(time.Second)
		if now := x.view("D100", v.Summary.ID).Summary.Status; now != "received" {
			return fmt.Errorf("the request is %s", now)
		}
		return nil
	})
}
