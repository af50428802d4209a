package sqltext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

func TestTokens(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		dialect sqltext.Dialect
		want    string // kind:text, with | between
	}{
		"Words":              {"h.a<>1.5e-3", sqltext.MySQL, "word:h|symbol:.|word:a|symbol:<|symbol:>|number:1.5e-3"},
		"Sum":                {"1-2+.5", sqltext.MySQL, "number:1|symbol:-|number:2|symbol:+|number:.5"},
		"QuotesInQuotes":     {"'it''s' \"a\"\"b\"", sqltext.MySQL, "string:'it''s'|space: |string:\"a\"\"b\""},
		"BackslashInMySQL":   {`'a\'b' x`, sqltext.MySQL, `string:'a\'b'|space: |word:x`},
		"BackslashInSQLite":  {`'a\' x`, sqltext.SQLite, `string:'a\'|space: |word:x`},
		"NamesInSQLite":      {"\"a b\"[c d]`e f`", sqltext.SQLite, "name:\"a b\"|name:[c d]|name:`e f`"},
		"Names":              {"in (@parents)", sqltext.MySQL, "word:in|space: |symbol:(|param:@parents|symbol:)"},
		"ServerVariables":    {"@@x", sqltext.MySQL, "param:@@x"},
		"Comments":           {"a--b\nc#d\n/*e*/f/*g", sqltext.MySQL, "word:a|comment:--b|space:\n|word:c|comment:#d|space:\n|comment:/*e*/|word:f|comment:/*g"},
		"CommentsInQuotes":   {"'--' '#' '/*'", sqltext.MySQL, "string:'--'|space: |string:'#'|space: |string:'/*'"},
		"QuoteWithoutEnd":    {"'a b", sqltext.MySQL, "open:'|word:a|space: |word:b"},
		"LettersOfTheWorld":  {"größe = 'é'", sqltext.MySQL, "word:größe|space: |symbol:=|space: |string:'é'"},
		"BytesThatAreNoText": {"a\x00b\xff", sqltext.MySQL, "word:a|bad:\x00|word:b|bad:\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, token := range sqltext.Tokens(c.text, c.dialect) {
				got = append(got, string(token.Kind)+":"+token.Text)
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "|")); diff != "" {
				t.Errorf("tokens differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	got := sqltext.Split("h.c = @customer and h.x = '@customer' and h.d in (@parents)", sqltext.MySQL)
	want := []sqltext.Piece{
		{SQL: "h.c = ", Offset: 0},
		{Name: "customer", Offset: 6},
		{SQL: " and h.x = '@customer' and h.d in (", Offset: 15},
		{Name: "parents", Offset: 50},
		{SQL: ")", Offset: 58},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pieces differ (-want +got):\n%s", diff)
	}
}

func TestCheckAllows(t *testing.T) {
	for _, text := range []string{
		"h.status in ('S', 'R')",
		"h.a = ';' and h.b <> '-- no comment' and h.c like '#%' and `into` = 1",
		"exists (select 1 from L where L.h = h.no and L.lock = 1)",
		"cast(h.a as char(10)) = concat('x', ?) or 1 = 1",
		"h.d > date_sub(@today, interval 3 day) and h.dealer = @dealer",
		"h.client in (@parents) and h.x = @customer",
		"case when h.a = 1 then left(h.b, 2) else if(h.c, 'y', 'n') end = 'y'",
		"own_function(h.a) = 1",
		"time(h.a) = '12:30:00'",
	} {
		text = strings.Replace(text, ", ?", ", 'q?'", 1)
		if faults := sqltext.Check(text, sqltext.MySQL, sqltext.Place{Functions: []string{"OWN_function"}}); len(faults) > 0 {
			t.Errorf("%s: got %v, want nothing", text, faults)
		}
	}
	for _, text := range []string{
		"select * from A union all (select * from B)",
		"with x as (select 1) select * from x",
		"with n(i) as (select 1), `m n`(a, b) as (select 1, 2) select i from n, `m n`",
		"with recursive n(i) as (select 1 union all select i + 1 from n where i < 9) select i from n",
	} {
		if faults := sqltext.Check(text, sqltext.MySQL, sqltext.Place{Statement: true}); len(faults) > 0 {
			t.Errorf("%s: got %v, want nothing", text, faults)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for text, offset := range map[string]int{
		"":                                     0,
		"   ":                                  0,
		"h.a = 1;":                             7,
		"h.a = 1 -- x":                         8,
		"h.a = 1--1":                           7,
		"h.a = 1 # x":                          8,
		"h.a /*!50000 = 1 */":                  4,
		"h.a = @other":                         6,
		"h.a = @@version":                      6,
		"@x := 1":                              0,
		"h.a = ?":                              6,
		"h.a = :name":                          6,
		"h.a = 'x":                             6,
		"(h.a = 1":                             0,
		"h.a = 1)":                             7,
		"h.a = @parents":                       6,
		"select 1":                             0,
		"(select a into @x from b)":            10,
		"(select a from b for update)":         17,
		"(select a from b lock in share mode)": 17,
		"sleep(5)":                             0,
		"h.a = load_file('/etc/hosts')":        6,
		"h.a = get_lock('x', 1)":               6,
		"h.a = x.benchmark(1, 2)":              8,
		"h.a = \x00":                           6,
	} {
		faults := sqltext.Check(text, sqltext.MySQL, sqltext.Place{})
		if len(faults) == 0 || faults[0].Offset != offset {
			t.Errorf("%q: got %v, want a fault at %d", text, faults, offset)
		}
	}
	if faults := sqltext.Check("with n(i) as (select 1), sleep(9) select 1", sqltext.MySQL, sqltext.Place{Statement: true}); len(faults) == 0 {
		t.Error("a function dressed up as a name of WITH passed")
	}
	if faults := sqltext.Check("delete from A", sqltext.MySQL, sqltext.Place{Statement: true}); len(faults) == 0 {
		t.Error("a statement that deletes passed")
	}
}

func FuzzCheck(f *testing.F) {
	for _, text := range []string{"h.a = 'x'", "select 1 /* */", "a in (@parents) -- b", "\"a\\\"", "[x] `y` #", "1e-5..2", "\xff\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, dialect := range []sqltext.Dialect{sqltext.MySQL, sqltext.SQLite} {
			var joined strings.Builder
			for _, token := range sqltext.Tokens(text, dialect) {
				if token.Text == "" || token.Offset != joined.Len() {
					t.Fatalf("token %+v does not stand at %d", token, joined.Len())
				}
				joined.WriteString(token.Text)
			}
			if joined.String() != text {
				t.Fatalf("got %q back from %q", joined.String(), text)
			}
			faults := sqltext.Check(text, dialect, sqltext.Place{})
			for _, fault := range faults {
				if fault.Offset < 0 || fault.Offset > len(text) {
					t.Fatalf("fault outside the text: %+v", fault)
				}
			}
			if len(faults) > 0 {
				continue
			}
			var pieces strings.Builder
			for _, piece := range sqltext.Split(text, dialect) {
				if pieces.WriteString(piece.SQL); piece.Name != "" {
					pieces.WriteString("@" + piece.Name)
				}
			}
			if pieces.String() != text || !utf8.ValidString(text) {
				t.Fatalf("got %q back from %q", pieces.String(), text)
			}
		}
	})
}
