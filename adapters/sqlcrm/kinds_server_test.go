//go:build server

package sqlcrm_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/faultproxy"
)

const kindsTable = `create table COMPANY (ID integer primary key auto_increment, NAME varchar(25));
create table PERSON (ID int primary key, NAME varchar(25));
create table CARD (ID char(36) not null primary key, CATID varchar(255), ` + "`odd name.#`" + ` varchar(40), MOOD enum('hot','cold'), STAMPED timestamp null, LOCAL datetime, INUTC datetime,
  DAYOF date, CLOCK time, AGREED tinyint(1), SMALL tinyint, POSITIVE int unsigned, PRICE decimal(6,2), UNIXED int, SPELT varchar(20), NARROW varchar(40) character set latin1,
  JS json, BYTES tinytext character set utf8mb4, SEQNO int, key (CATID));
create table SEQ (NAME varchar(20) not null primary key, NEXTNO int not null);
insert into SEQ values ('A', 10);
`

const kindsMapping = `
timezone: America/Chicago
maps: {mood: {High: Hot, Low: cold}}
lead:
  leadId: card.CATID
  rows:
    - card:
        table: CARD
        key: {ID: uuid}
        insert:
          odd name.#: {text: '{lead.firstName}/{lead.lastName}'}
          MOOD: {from: lead.levelOfInterest, map: mood}
          STAMPED: gateway.now
          LOCAL: gateway.now
          INUTC: {from: gateway.now, zone: UTC}
          DAYOF: gateway.now
          CLOCK: gateway.now
          AGREED: lead.agreeToContact
          SMALL: lead.productOfInterestQuantity
          POSITIVE: lead.productOfInterestQuantity
          PRICE: lead.powerRating1
          UNIXED: {from: lead.rentalStartDate, as: unix}
          SPELT: {from: gateway.now, as: 'dd.mm.yyyy hh:mm'}
          NARROW: {from: lead.name, instead: '?'}
          JS: lead.shippingInformation
          BYTES: {from: lead.commentsMaster, cut: true}
`

func kindsWorld(t *testing.T) *world {
	t.Helper()
	server := dbtest.MySQL(t)
	server.Exec(kindsTable)
	return serverWorldOn(t, server, server.DSN(), "", kindsMapping)
}

func TestColumnsOfEveryKind(t *testing.T) {
	w := kindsWorld(t)
	lead := ada()
	lead.Lead.FirstName, lead.Lead.LastName, lead.Lead.Name = ptr("Ada"), ptr("Fernwood"), ptr("Åda 小明 €")
	lead.Lead.LevelOfInterest, lead.Lead.AgreeToContact, lead.Lead.PowerRating1 = ptr("High"), ptr(true), ptr("1234.567")
	lead.Lead.ShippingInformation, lead.Lead.CommentsMaster = ptr(`{"to": "yard"}`), ptr(strings.Repeat("é", 200))
	got := w.write(lead, &journal{})
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(got.DealerLeadID) {
		t.Errorf("got the key %q, want a UUID", got.DealerLeadID)
	}
	same(t, "row", w.rows("select `odd name.#`, MOOD, cast(STAMPED as char), cast(LOCAL as char), cast(INUTC as char), DAYOF, CLOCK, AGREED, SMALL, POSITIVE, PRICE, UNIXED, SPELT, NARROW, char_length(BYTES), length(BYTES) from CARD"),
		[]string{"Ada/Fernwood|hot|2026-03-14 15:09:26|2026-03-14 10:09:26|2026-03-14 15:09:26|2026-03-14|10:09:26|1|2|2|1234.57|1775451600|14.03.2026 10:09|Åda ?? €|127|254"})

	lead.Lead.LeadID = "LD-8"
	lead.Lead.LevelOfInterest, lead.Lead.ProductOfInterestQuantity = ptr("Medium"), ptr(int64(-300))
	lead.Lead.PowerRating1, lead.Lead.ShippingInformation = ptr("12345.6"), ptr("7")
	_, err := w.crm.WriteLead(t.Context(), lead, &journal{})
	var fitting *adapters.NotFitting
	if !errors.As(err, &fitting) {
		t.Fatalf("got %v, want that it does not fit", err)
	}
	same(t, "faults", fitting.Faults, []adapters.FieldFault{
		{Field: "CARD.MOOD", Reason: "the code has no entry in the map `mood` of crm.yaml; add it there, or an `else`, and the lead is written by itself"},
		{Field: "CARD.SMALL", Reason: "the number is out of the column's range"},
		{Field: "CARD.POSITIVE", Reason: "the column takes a whole number, and this is none"},
		{Field: "CARD.PRICE", Reason: "the number is out of the column's range"},
	})
}

// TestDuplicatesThatWereAccepted counts what comes of a mapping that cannot tell
// a crash from a new lead and says so: every lead at least once, and twice only
// where the answer to the commit was lost.
func TestDuplicatesThatWereAccepted(t *testing.T) {
	for name, run := range map[string]struct {
		engine string
		most   int // leads that may stand there twice
	}{"InnoDB": {"InnoDB", 3}, "MyISAM": {"MyISAM", 30}} {
		t.Run(name, func(t *testing.T) {
			server := dbtest.MySQL(t)
			proxy := faultproxy.New(t, server.Addr())
			mapping := strings.Replace(noNumbers("gateway", ""), "lead:\n", "lead:\n  acceptDuplicates: true\n", 1)
			w := serverWorld(t, server, server.DSNAt(proxy.Addr()), run.engine, mapping)
			twice, leads := 0, 0
			for done := false; !done; leads++ {
				lead := ada()
				lead.Lead.LeadID = fmt.Sprintf("LD-%d", leads)
				j := &journal{}
				proxy.Set(faultproxy.ResetAfter(int64(leads * stretch)))
				_, err := w.crm.WriteLead(t.Context(), lead, j)
				proxy.Set(faultproxy.Pass())
				done = err == nil
				w.write(lead, j)
				switch rows := w.rows("select count(*) from COMPANY where NOTE = ?", lead.Lead.LeadID)[0]; rows {
				case "1":
				case "2":
					twice++
				default:
					t.Errorf("%s stands there %s times", lead.Lead.LeadID, rows)
				}
			}
			t.Logf("%d of %d leads stand there twice", twice, leads)
			if twice > run.most || leads < 10 {
				t.Errorf("got %d of %d leads twice, want at most %d", twice, leads, run.most)
			}
		})
	}
}

func TestATableThatChangesUnderneathIsLookedAtAgain(t *testing.T) {
	server := dbtest.MySQL(t)
	w := serverWorld(t, server, server.DSN(), "InnoDB", yardMapping)
	w.write(ada(), &journal{})
	w.exec("alter table CARD drop column OWNER")
	lead := ada()
	lead.Lead.LeadID = "LD-8"
	if _, err := w.crm.WriteLead(t.Context(), lead, &journal{}); !errors.Is(err, adapters.ErrUnavailable) {
		t.Errorf("got %v, want that the CRM is unavailable", err)
	}
	if err := w.crm.Check(t.Context()); !errors.Is(err, adapters.ErrMapping) || !strings.Contains(err.Error(), `unknown column "OWNER"`) {
		t.Errorf("got %v, want the mapping's fault", err)
	}
	w.exec("alter table CARD add column OWNER varchar(10) not null default ''")
	if err := w.crm.Check(t.Context()); err != nil {
		t.Errorf("got %v after it was put back", err)
	}
	same(t, "outcome", w.write(lead, &journal{}).Outcome, adapters.LeadCreated)
	same(t, "people", w.rows("select count(*) from PERSON where NAME = 'Ada Fernwood'"), []string{"2"})
}

func TestAnAccountThatMayOnlyReadIsTold(t *testing.T) {
	server := dbtest.MySQL(t)
	serverWorld(t, server, server.DSN(), "InnoDB", yardMapping)
	config := serverConfig(server.CreateUser("SELECT"), yardMapping)
	reader := (&world{t: t, audit: &noter{}, config: config}).open()
	_, err := reader.WriteLead(t.Context(), ada(), &journal{})
	if !errors.Is(err, adapters.ErrUnavailable) || !strings.Contains(err.Error(), "access denied") {
		t.Errorf("got %v, want that access is denied", err)
	}
}
