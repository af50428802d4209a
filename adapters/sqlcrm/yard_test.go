package sqlcrm_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	_ "modernc.org/sqlite" // the engine of most of these tests

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// now is the moment at which these tests happen.
var now = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// yard is a small CRM: companies, people, cards with the leads, deals, a
// counter and a table of notes.
const yard = `
create table COMPANY (ID integer primary key AUTO, NAME varchar(25) not null, TOWN varchar(30), NOTE varchar(200));
create table PERSON (ID int not null primary key, FIRM int, NAME varchar(25) not null, MAIL varchar(60));
create table CARD (NUMBER varchar(20) not null primary key, CATID varchar(80), PERSON int, STATUS char(1) not null default 'N', RATING varchar(4), NOTE text,
  OWNER varchar(10) not null, MADE datetime, MADEON varchar(8), WANTED date, QTY int, TOUCHED datetime, DELETED int not null default 0, REASON varchar(10), CUSTNO varchar(12));
create table DEAL (ID integer primary key AUTO, CARDNO varchar(20), STAGE varchar(6), PCT int, AMOUNT decimal(12,2), DUE date, TOUCHED datetime);
create table SEQ (NAME varchar(20) not null primary key, NEXTNO int not null);
create table ORDERS (NO varchar(12) not null primary key, STATE varchar(4), WHO varchar(10), SAID varchar(80), TOUCHED datetime);
create table INBOX (ID integer primary key AUTO, GWID varchar(64), KIND varchar(40), BODY text);
insert into SEQ values ('PERSON', 400), ('OTHER', 7);
`

const yardMapping = `
timezone: America/Chicago
currency: USD
maps:
  status: {N: Accepted, W: Accepted, R: Rejected, D: Disqualified, P: notYet}
  moves: {OK: approved, NO: rejected, WAIT: notYet}
lead:
  leadId: card.CATID
  dealerLeadId: card.NUMBER
  rows:
    - firm:
        table: COMPANY
        when: {lead.company: {present: true}}
        find: {NAME: lead.company, TOWN: lead.city}
        neverChange: true
        insert: {NAME: {from: lead.company, cut: true, rest: card.NOTE}, TOWN: lead.city}
    - person:
        table: PERSON
        key: {ID: {counter: {table: SEQ, column: NEXTNO, where: {NAME: PERSON}, habit: readThenIncrement}}}
        insert: {FIRM: firm.ID, NAME: [{from: lead.name, cut: true}, {value: Unknown}], MAIL: lead.emailAddress}
    - card:
        table: CARD
        key: {NUMBER: {format: 'L-{yyyy}{mm}-{next:4}'}}
        insert:
          PERSON: person.ID
          NOTE: {text: 'Wants: {lead.commentsMaster}'}
          OWNER: {territory: areas.csv, by: {county: lead.county}, take: owner, else: HOUSE}
          MADE: gateway.now
          MADEON: {from: gateway.now, as: yyyymmdd}
          WANTED: lead.rentalStartDate
          QTY: lead.productOfInterestQuantity
        update: {RATING: lead.systemScore}
        append: {NOTE: {text: 'Prequalified: {lead.catPrequalificationStatus}'}}
update:
  from: CARD c
  key: c.NUMBER
  leadId: c.CATID
  join:
    - d: {table: DEAL, match: {CARDNO: c.NUMBER}, pick: ID desc}
  fields:
    leadStatus: {from: c.STATUS, map: status}
    dealerSalesRep: c.OWNER
    dealerSalesRepNumber: c.OWNER
    rejectedReasonWhy: {when: {c.STATUS: R}, then: {from: c.REASON, map: rejected-reasons}}
    dealerCustomerNumber: c.CUSTNO
    dealerOpportunityId: d.ID
    opportunityAmount: d.AMOUNT
    targetDate: d.DUE
    probabilityOfClosurePercentage: {stage: d.STAGE, percentage: d.PCT}
  changed:
    - {stamp: c.TOUCHED}
    - {from: DEAL d, lead: d.CARDNO, stamp: d.TOUCHED}
  gone: {when: {c.DELETED: 1}, send: {leadStatus: Disqualified, disqualifiedReasonWhy: Lead Already Known}}
moves:
  from: ORDERS o
  stamp: o.TOUCHED
  fields:
    requestId: o.NO
    status: {from: o.STATE, map: moves}
    user: o.WHO
    text: o.SAID
    date: o.TOUCHED
messages:
  table: INBOX
  id: GWID
  insert: {KIND: message.requestType, BODY: message.body}
`

// keptByGatewayText is the mapping for a CRM without room for the lead id.
func keptByGatewayText() string {
	return strings.Replace(strings.Replace(yardMapping, "leadId: card.CATID", "leadId: gateway", 1), "  leadId: c.CATID\n", "", 1)
}

// beside are the files that stand beside the mapping.
var beside = map[string]string{
	"areas.csv":             "county,owner\nPolk,MH\nStory,AL\n",
	"rejected-reasons.yaml": "DUP: Duplicate Lead Received\nSPAM: Spam/Inappropriate Lead Submission\n",
	"sales-stages.yaml":     "NEW: Qualification\nQUOTE: {stage: Proposal/Negotiation, percentage: 60}\nWON: Closed Won\nLOST: Closed Lost\nDEAD: Closed No Deal\nIDLE: notYet\n",
}

// folder is a dealer's folder with a mapping.
func folder(mapping string) fs.FS {
	made := fstest.MapFS{"crm.yaml": {Data: []byte(mapping)}}
	for name, text := range beside {
		made[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return made
}

// schemaFor spells the yard for an engine.
func schemaFor(engine string) string {
	switch engine {
	case "sqlite":
		return strings.ReplaceAll(yard, "integer primary key AUTO", "integer primary key")
	default:
		text := strings.ReplaceAll(yard, "integer primary key AUTO", "integer primary key auto_increment")
		return strings.ReplaceAll(text, ");\ncreate", ") engine="+engine+" default charset=latin1;\ncreate")
	}
}

// world is an open CRM with a way around it.
type world struct {
	t      *testing.T
	crm    *sqlcrm.CRM
	db     *sql.DB
	audit  *noter
	config sqlcrm.Config
}

type noter struct {
	sync.Mutex
	notes []adapters.Note
}

func (n *noter) Note(one adapters.Note) {
	n.Lock()
	defer n.Unlock()
	n.notes = append(n.notes, one)
}

// sqliteWorld opens the yard in a file.
func sqliteWorld(t *testing.T, mapping string) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crm.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	return openWorld(t, db, schemaFor("sqlite"), sqlcrm.Config{Driver: sqlcrm.SQLite, Path: path, Mapping: folder(mapping)})
}

func openWorld(t *testing.T, db *sql.DB, schema string, config sqlcrm.Config) *world {
	t.Helper()
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, db: db, audit: &noter{}, config: config}
	for _, statement := range strings.Split(schema, ";\n") {
		if strings.TrimSpace(statement) != "" {
			w.exec(statement)
		}
	}
	w.crm = w.open()
	return w
}

func (w *world) open() *sqlcrm.CRM {
	w.t.Helper()
	opened, err := w.config.Open(w.t.Context(), adapters.Env{
		Dealer: "D100", Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Audit: w.audit,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			w.t.Error(err)
		}
	})
	crm, ok := opened.(*sqlcrm.CRM)
	if !ok {
		w.t.Fatalf("got a %T", opened)
	}
	return crm
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(context.WithoutCancel(w.t.Context()), statement, args...); err != nil {
		w.t.Fatalf("running %.120q: %v", statement, err)
	}
}

// rows are the rows of a query as texts, parted by bars; NULL is a dash.
func (w *world) rows(query string, args ...any) []string {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), query, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	names, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		cells := make([]sql.NullString, len(names))
		dest := make([]any, len(names))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			w.t.Fatal(err)
		}
		texts := make([]string, len(names))
		for i, c := range cells {
			if texts[i] = c.String; !c.Valid {
				texts[i] = "-"
			}
		}
		all = append(all, strings.Join(texts, "|"))
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// journal is a lead's journal in memory. stop is called before each note and
// can end it with an error.
type journal struct {
	rows []adapters.CRMRow
	stop func() error
}

var errStopped = errors.New("the process stopped here")

func (j *journal) Rows(context.Context) ([]adapters.CRMRow, error) { return slices.Clone(j.rows), nil }

func (j *journal) Note(_ context.Context, rows []adapters.CRMRow) error {
	if j.stop != nil {
		if err := j.stop(); err != nil {
			return err
		}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	j.rows = nil
	return json.Unmarshal(text, &j.rows)
}

func ptr[T any](v T) *T { return &v }

// ada is a lead with most of what the yard takes.
func ada() adapters.ReceivedLead {
	return adapters.ReceivedLead{Lead: model.Lead{
		LeadID: "LD-7", LeadState: model.LeadStateNEW, Name: ptr("Ada Fernwood"), Company: ptr("Fernwood Groundworks and Sons"),
		City: ptr("Ames"), County: ptr("story"), EmailAddress: ptr("ada@fernwood.example"), CommentsMaster: ptr("Two weeks of trenching."),
		RentalStartDate: ptr("2026-04-06"), ProductOfInterestQuantity: ptr(int64(2)),
	}}
}

func (w *world) write(lead adapters.ReceivedLead, j *journal) adapters.LeadWritten {
	w.t.Helper()
	got, err := w.crm.WriteLead(w.t.Context(), lead, j)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}
