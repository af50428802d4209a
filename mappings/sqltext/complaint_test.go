package sqltext_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

func TestBlame(t *testing.T) {
	texts := []string{"h.a = 1", "h.kind in (@parents) and h.b = 'it''s' and", "lower(h.a)", "select x.c from `odd name` x"}
	statement := "select `h`.`a`, (lower(h.a)) from `H` as `h`\nwhere (h.a = 1) and (h.kind in (?, ?) and h.b = 'it''s' and) order by `h`.`d`"
	for name, c := range map[string]struct {
		message string
		dialect sqltext.Dialect
		want    string
	}{
		"QuotedRestInAText":          {"You have an error near '= 1) and (h.kind in (?, ?) and h.b = 'it''s' and) order by `h`.`d`' at line 2", sqltext.MySQL, "text 0 at 4, syntax true"},
		"QuotedRestOfAnotherLine":    {"You have an error near '= 1) and' at line 1", sqltext.MySQL, "nowhere"},
		"QuotedRestBehindAText":      {"You have an error near ') order by `h`.`d`' at line 2", sqltext.MySQL, "text 1 at 42, syntax true"},
		"QuotedRestOfTheGateway":     {"You have an error near '`H` as `h`' at line 1", sqltext.MySQL, "nowhere"},
		"NothingIsQuoted":            {"You have an error near '' at line 2", sqltext.MySQL, "nowhere"},
		"ColumnOfTheFirstText":       {"Unknown column 'h.a' in 'where clause'", sqltext.MySQL, "text 0 at 0, syntax false"},
		"ColumnOfTheGateway":         {"Unknown column 'h.d' in 'order clause'", sqltext.MySQL, "nowhere"},
		"FunctionOfADatabase":        {"FUNCTION depot.lower does not exist", sqltext.MySQL, "text 2 at 0, syntax false"},
		"TableOfAnotherStatement":    {"Table 'depot.odd name' doesn't exist", sqltext.MySQL, "nowhere"},
		"ColumnInWordsOfSQLite":      {"no such column: h.kind", sqltext.SQLite, "text 1 at 0, syntax false"},
		"GrammarThatKnowsThePlace":   {`near ")": syntax error`, sqltext.SQLite, "text 1 at 42, syntax true"},
		"MessageThatTellsOfNoName":   {"too many terms in compound SELECT", sqltext.SQLite, "nowhere"},
		"NameThatIsPartOfLongerOnes": {"no such column: a", sqltext.SQLite, "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			got := "nowhere"
			if found := sqltext.Blame(c.message, statement, texts, c.dialect); found != nil {
				got = fmt.Sprintf("text %d at %d, syntax %v", found.Text, found.Offset, found.Syntax)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
