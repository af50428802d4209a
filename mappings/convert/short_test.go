package convert_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// kept is a cell of a row, filled with a text.
func kept(tb interface{ Fatal(...any) }, kind convert.ColumnKind, text string) *convert.Cell {
	cell := convert.NewKept(kind)
	if err := cell.Scan([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	return &cell
}

// texts are mostly what cells hold, and sometimes anything.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[ -~]{0,40}`),
		rapid.StringMatching(`[ -~]{0,20}[\x00-\x1f\x7fé ]?[ -~]{0,20}`),
		rapid.StringMatching(`-?[0-9]{0,24}(\.[0-9]{0,4})?`),
		rapid.String(),
	)
}

func TestTheShortWaysSayWhatTheLongOnesSay(t *testing.T) {
	kinds := []convert.ColumnKind{
		convert.ColumnUnknown, convert.ColumnText, convert.ColumnInteger, convert.ColumnDecimal, convert.ColumnFloat, convert.ColumnDate,
		convert.ColumnDateTime, convert.ColumnTimestamp, convert.ColumnYear, convert.ColumnBit, convert.ColumnBinary,
	}
	t.Run("Plain", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			cell := kept(t, rapid.SampledFrom(kinds).Draw(t, "kind"), texts().Draw(t, "text"))
			short, ok := cell.Plain()
			long, state := cell.Text()
			if ok && (state != convert.Present || short != long) {
				t.Fatalf("got %q, want %q, %s", short, long, state)
			}
		})
	})
	t.Run("Canonical", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			cell := kept(t, rapid.SampledFrom(kinds).Draw(t, "kind"), texts().Draw(t, "text"))
			places := rapid.IntRange(0, 4).Draw(t, "places")
			short, ok := cell.Canonical(places)
			long, state := cell.Decimal(convert.MoneyRule{})
			if ok && (state != convert.Present || short != convert.Round(long, places)) {
				t.Fatalf("got %q, want %q, %s", short, long, state)
			}
		})
	})
	t.Run("SmallInteger", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			cell := kept(t, rapid.SampledFrom(kinds).Draw(t, "kind"), texts().Draw(t, "text"))
			short, ok := cell.SmallInteger()
			long, state := cell.Integer()
			if ok && (state != convert.Present || short != long) {
				t.Fatalf("got %d, want %d, %s", short, long, state)
			}
		})
	})
	t.Run("AppendRead", func(t *testing.T) {
		dates := rapid.OneOf(
			rapid.StringMatching(`[0-9]{4}-[0-1][0-9]-[0-3][0-9]`),
			rapid.StringMatching(`(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-9]) [0-2][0-9]:[0-5][0-9]:[0-5][0-9]`),
			rapid.StringMatching(`(1000|1001|9998|9999)-(01|02|12)-(01|29|31) (00|23):(00|59):(00|59)(\.0)?`),
			rapid.StringMatching(`[0-9]{4}.[0-9]{2}.[0-9]{2}.[0-9]{2}.[0-9]{2}.[0-9]{2}`),
		)
		zones := map[string]*convert.Zone{}
		for _, name := range []string{"UTC", "America/Chicago", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"} {
			zone, err := convert.LoadZone(name)
			if err != nil {
				t.Fatal(err)
			}
			zones[name] = zone
		}
		rapid.Check(t, func(t *rapid.T) {
			rule := convert.DateRule{
				Zone:         zones[rapid.SampledFrom([]string{"UTC", "America/Chicago", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"}).Draw(t, "zone")],
				KeepMidnight: rapid.Bool().Draw(t, "midnight"),
			}
			if rapid.IntRange(0, 9).Draw(t, "more") == 0 {
				rule.AddDays = 1
			}
			date, err := convert.CompileDate(rule)
			if err != nil {
				t.Fatal(err)
			}
			cell := kept(t, rapid.SampledFrom(kinds).Draw(t, "kind"), dates.Draw(t, "text"))
			short, ok := date.AppendRead(nil, cell)
			long, state := date.Read(cell)
			if ok && (state != convert.Present || string(short) != convert.Instant(long)) {
				t.Fatalf("%q: got %s, want %s, %s", cell.String(), short, long.Format(time.RFC3339), state)
			}
		})
	})
}

func TestTheShortWaysTakeWhatIsUsual(t *testing.T) {
	zone, err := convert.LoadZone("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	date, err := convert.CompileDate(convert.DateRule{Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := kept(t, convert.ColumnText, "Boom lift, 60 ft").Plain(); !ok || text != "Boom lift, 60 ft" {
		t.Errorf("got %q, %t", text, ok)
	}
	if text, ok := kept(t, convert.ColumnDecimal, "1250.00").Canonical(2); !ok || text != "1250.00" {
		t.Errorf("got %q, %t", text, ok)
	}
	if n, ok := kept(t, convert.ColumnInteger, "412").SmallInteger(); !ok || n != 412 {
		t.Errorf("got %d, %t", n, ok)
	}
	for text, want := range map[string]string{
		"2024-03-15 09:30:05": "2024-03-15T14:30:05Z", "2024-12-31 23:30:00": "2025-01-01T05:30:00Z", "2024-03-15 00:00:00": "2024-03-15T12:00:00Z",
	} {
		if got, ok := date.AppendRead(nil, kept(t, convert.ColumnDateTime, text)); !ok || string(got) != want {
			t.Errorf("%s: got %s, %t, want %s", text, got, ok, want)
		}
	}
	if got, ok := date.AppendRead(nil, kept(t, convert.ColumnDate, "2024-03-15")); !ok || string(got) != "2024-03-15T12:00:00Z" {
		t.Errorf("got %s, %t", got, ok)
	}
}
