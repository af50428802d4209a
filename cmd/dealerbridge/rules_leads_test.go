package main_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/lead"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// lastLeadRule is the last rule about codes on machines and leads.
const lastLeadRule = 104

// leadInforms are the rules up to lastLeadRule that ask nothing of the gateway,
// each with the reason.
var leadInforms = map[int]string{
	8:  "says who makes associations; the client has no call that writes one",
	23: "is about how credentials are given out; each dealer has its own in the configuration",
	28: "is about how long credentials take to come",
}

// ruleName is a number of the rule book as tests name it.
var ruleName = regexp.MustCompile(`\bR([0-9]{1,3})\b`)

func TestEveryRuleAboutCodesAndLeadsIsNamedByATestOrInforms(t *testing.T) {
	named := map[int]bool{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root && d.Name() != "..":
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range ruleName.FindAllStringSubmatch(string(text), -1) {
			n, err := strconv.Atoi(found[1])
			if err != nil {
				return err
			}
			named[n] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= lastLeadRule; n++ {
		if _, told := leadInforms[n]; told == named[n] {
			t.Errorf("R%d: named by a test %v, only informs %v; exactly one must hold", n, named[n], told)
		}
	}
}

// reread gives a lead as it is understood.
func reread(t *testing.T, members string) adapters.ReceivedLead {
	t.Helper()
	leads, err := (*caterpillar.Leads)(nil).Reread([]byte(`[{"leadId": "T-1", "leadState": "NEW", ` + members + `}]`))
	if err != nil || len(leads) != 1 {
		t.Fatalf("got %d leads, %v", len(leads), err)
	}
	return leads[0]
}

func TestMembersOfLeadsAreTakenAsTheyCome(t *testing.T) {
	text := func(p *string) string {
		if p == nil {
			return "nothing"
		}
		return *p
	}
	t.Run("R41/ACodeANameAndTheWordUNKNOWNAreStates", func(t *testing.T) {
		for _, state := range []string{"IA", "Iowa", "UNKNOWN"} {
			got := reread(t, fmt.Sprintf(`"stateOrProvince": %q, "stateCode": "IA"`, state))
			if text(got.Lead.StateOrProvince) != state {
				t.Errorf("got %s of %s", text(got.Lead.StateOrProvince), state)
			}
		}
	})
	t.Run("R42/CommentsOfFiveThousandCharactersAreKeptWhole", func(t *testing.T) {
		got := reread(t, fmt.Sprintf(`"callCenterComments": %q`, strings.Repeat("ä", 5000)))
		if n := len([]rune(text(got.Lead.CallCenterComments))); n != 5000 || len(got.Notes) != 0 {
			t.Errorf("got %d characters, %v", n, got.Notes)
		}
	})
	t.Run("R44/MembersOfOneCountryAreThereOrNot", func(t *testing.T) {
		with, without := reread(t, `"agreeToContact": true, "county": "Pudong"`), reread(t, `"lastName": "Lind"`)
		if with.Lead.AgreeToContact == nil || !*with.Lead.AgreeToContact || text(with.Lead.County) != "Pudong" ||
			without.Lead.AgreeToContact != nil || without.Lead.County != nil {
			t.Errorf("got %v, %v", with.Lead, without.Lead)
		}
	})
	t.Run("R46/CountriesAreNotCheckedOnArrival", func(t *testing.T) {
		got := reread(t, `"countryCode": "Utopia", "jobsiteCountry": "X1", "jobsiteStateProv": "??"`)
		if text(got.Lead.CountryCode) != "Utopia" || text(got.Lead.JobsiteCountry) != "X1" {
			t.Errorf("got %s, %s", text(got.Lead.CountryCode), text(got.Lead.JobsiteCountry))
		}
	})
	t.Run("R47/AScoreIsKeptWhateverItsForm", func(t *testing.T) {
		for _, score := range []string{"A1", "E5", "Z9", "74"} {
			if got := reread(t, fmt.Sprintf(`"systemScore": %q`, score)); text(got.Lead.SystemScore) != score {
				t.Errorf("got %s of %s", text(got.Lead.SystemScore), score)
			}
		}
	})
}

// accepted is the least an update of an accepted lead holds; chance adds an
// opportunity.
func accepted(amount string) model.LeadUpdate {
	u := model.LeadUpdate{
		LeadID: "T-1", DealerLeadID: "L-1", LeadStatus: model.LeadStatusAccepted, DealerSalesRep: "Ana Lind", DealerSalesRepNumber: "E-31", CurrencyIsoCode: "USD",
	}
	if amount != "" {
		opportunity, sum, day, percent := "O-1", json.Number(amount), "2026-05-15", int64(10)
		u.DealerOpportunityID, u.OpportunityAmount, u.TargetDate, u.ProbabilityOfClosurePercentage = &opportunity, &sum, &day, &percent
	}
	return u
}

func TestUpdatesWithoutWhatIsOptional(t *testing.T) {
	t.Run("R86/NobodyAsksForCommentsRatingAndSecondReasons", func(t *testing.T) {
		if faults := lead.Check(accepted("")); len(faults) > 0 {
			t.Errorf("got %v", faults)
		}
	})
	t.Run("R27/AnAmountHasSixteenPositionsTwoOfThemDecimals", func(t *testing.T) {
		if faults := lead.Check(accepted("12345678901234.56")); len(faults) > 0 {
			t.Errorf("got %v", faults)
		}
		for _, amount := range []string{"123456789012345.6", "1234.567"} {
			faults := lead.Check(lead.Normalise(accepted(amount)))
			if len(faults) != 1 || faults[0].Member != "opportunityAmount" {
				t.Errorf("got %v of %s", faults, amount)
			}
		}
	})
}

func TestLeadsAreFetchedAndReportedInTime(t *testing.T) {
	if leadsync.DefaultPullEvery != 15*time.Minute {
		t.Errorf("R37: leads are fetched every %v where nobody says otherwise", leadsync.DefaultPullEvery)
	}
	if leadsync.DefaultPushEvery > time.Minute {
		t.Errorf("R62: updates wait %v, as if they were collected", leadsync.DefaultPushEvery)
	}
}
