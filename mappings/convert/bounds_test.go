package convert_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func TestBounds(t *testing.T) {
	const (
		text, integer, date, datetime, stamp = convert.ColumnText, convert.ColumnInteger, convert.ColumnDate, convert.ColumnDateTime, convert.ColumnTimestamp
	)
	since := time.Date(2024, 3, 15, 14, 30, 5, 0, time.UTC) // 09:30:05 in Chicago
	for _, c := range []struct {
		name  string
		rule  convert.DateRule
		kinds []convert.ColumnKind
		want  []string // nil: not ordered
	}{
		{"ADateTimeStamp", convert.DateRule{KeepMidnight: true}, []convert.ColumnKind{datetime}, []string{"2024-03-15 09:30:05"}},
		{"AMidnightMayMeanTheDay", convert.DateRule{}, []convert.ColumnKind{datetime}, []string{"2024-03-15 00:00:00"}},
		{"ATimestamp", convert.DateRule{}, []convert.ColumnKind{stamp}, []string{"2024-03-15 14:30:05"}},
		{"ADate", convert.DateRule{}, []convert.ColumnKind{date}, []string{"2024-03-15"}},
		{"AYear", convert.DateRule{}, []convert.ColumnKind{convert.ColumnYear}, []string{"2024"}},
		{"TextMayHaveAnyZone", convert.DateRule{}, []convert.ColumnKind{text}, []string{"2024-03-15"}},
		{"DateAndTime", convert.DateRule{Columns: 2}, []convert.ColumnKind{date, convert.ColumnTime}, []string{"2024-03-15", ""}},
		{"Numbers", convert.DateRule{Spelling: "yyyymmdd"}, []convert.ColumnKind{integer}, []string{"20240315"}},
		{"NumbersWithALostZero", convert.DateRule{Spelling: "cyymmdd hhmm", Columns: 2}, []convert.ColumnKind{integer, integer}, []string{"1240315", ""}},
		{"NumbersToTheSecond", convert.DateRule{Spelling: "yyyymmddhhmiss", KeepMidnight: true}, []convert.ColumnKind{integer}, []string{"20240315093005"}},
		{"DayOfTheYear", convert.DateRule{Spelling: "yyyyddd"}, []convert.ColumnKind{text}, []string{"2024075"}},
		{"SpeltOutText", convert.DateRule{Spelling: "yyyy/mm/dd hh:mi"}, []convert.ColumnKind{text}, []string{"2024/03/15"}},
		{"Unix", convert.DateRule{Spelling: "unix"}, []convert.ColumnKind{integer}, []string{"1710513005"}},
		{"UnixMilliseconds", convert.DateRule{Spelling: "unixms"}, []convert.ColumnKind{text}, []string{"1710513005000"}},
		{"DayFirstIsNotOrdered", convert.DateRule{Spelling: "dd/mm/yyyy"}, []convert.ColumnKind{text}, nil},
		{"DayBeforeMonthIsNotOrdered", convert.DateRule{Spelling: "yyyyddmm"}, []convert.ColumnKind{integer}, nil},
		{"AYearWithoutCenturyIsNotOrdered", convert.DateRule{Spelling: "yymmdd"}, []convert.ColumnKind{integer}, nil},
		{"SeveralSpellingsAreNotOrdered", convert.DateRule{Spelling: "yyyymmdd|iso"}, []convert.ColumnKind{text}, nil},
		{"SeparatorsInANumberAreNotOrdered", convert.DateRule{Spelling: "yyyy-mm-dd"}, []convert.ColumnKind{integer}, nil},
		{"AnIntegerWithoutSpellingIsNotOrdered", convert.DateRule{}, []convert.ColumnKind{integer}, nil},
		{"AddedDaysAreNotOrdered", convert.DateRule{AddDays: 1}, []convert.ColumnKind{date}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := compileDate(t, c.rule)
			got, ok := d.Bounds(since, c.kinds...)
			if ok != (c.want != nil) || d.Ordered(c.kinds...) != ok {
				t.Fatalf("ordered: %v", ok)
			}
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
	t.Run("ACenturyBeforeTheFirstIsTheFirst", func(t *testing.T) {
		d := compileDate(t, convert.DateRule{Spelling: "cyymmdd"})
		got, _ := d.Bounds(time.Time{}, integer)
		if diff := cmp.Diff(got, []string{"101"}); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
	})
	t.Run("TextSecondsOfFewerDigitsHaveNoBound", func(t *testing.T) {
		d := compileDate(t, convert.DateRule{Spelling: "unix"})
		got, ok := d.Bounds(time.Unix(999_999_999, 0), text)
		if diff := cmp.Diff(got, []string{""}); diff != "" || !ok {
			t.Errorf("%v (-got +want):\n%s", ok, diff)
		}
	})
}

func TestChangedSince(t *testing.T) {
	since := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		name, raw, since string
		keep             bool
		want             bool
		state            convert.State
	}{
		{"TheSameSecond", "2024-03-15 09:30:05", "2024-03-15T14:30:05Z", true, true, convert.Present},
		{"ASecondEarlier", "2024-03-15 09:30:04", "2024-03-15T14:30:05Z", true, false, convert.Present},
		{"FractionsOfSinceDoNotCount", "2024-03-15 09:30:05", "2024-03-15T14:30:05.7Z", true, true, convert.Present},
		{"ADayLastsToItsEnd", "2024-03-15", "2024-03-16T04:59:59Z", true, true, convert.Present},
		{"AndNoLonger", "2024-03-15", "2024-03-16T05:00:00Z", true, false, convert.Present},
		{"KeptMidnightIsASecond", "2024-03-15 00:00:00", "2024-03-15T05:00:01Z", true, false, convert.Present},
		{"MidnightMayBeADay", "2024-03-15 00:00:00", "2024-03-15T20:00:00Z", false, true, convert.Present},
		{"TheDoubleHourCountsAsTheLater", "2024-11-03 01:30:00", "2024-11-03T07:30:00Z", true, true, convert.Present},
		{"AZoneOfItsOwn", "2024-03-15T09:30:05+09:00", "2024-03-15T00:30:06Z", true, false, convert.Present},
		{"NeverChanged", "0000-00-00 00:00:00", "2024-03-15T14:30:05Z", true, false, convert.ZeroDate},
		{"NoDate", "soon", "2024-03-15T14:30:05Z", true, false, convert.Unreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := compileDate(t, convert.DateRule{KeepMidnight: c.keep})
			got, state := d.ChangedSince(since(c.since), stored(t, convert.ColumnText, c.raw))
			if got != c.want || state != c.state {
				t.Errorf("%s since %s: %v, %v, want %v, %v", c.raw, c.since, got, state, c.want, c.state)
			}
		})
	}
}

// stampForm is one way a database keeps change stamps, with the order it
// compares them in.
type stampForm struct {
	spelling string
	kind     convert.ColumnKind
	write    func(wall, at time.Time) string
}

var stampForms = []stampForm{
	{"", convert.ColumnDate, layout("2006-01-02")},
	{"", convert.ColumnDateTime, layout("2006-01-02 15:04:05")},
	{"", convert.ColumnTimestamp, func(_, at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") }},
	{"", convert.ColumnText, layout("2006-01-02 15:04:05")},
	{"", convert.ColumnText, layout("2006-01-02")},
	{"iso", convert.ColumnText, func(_, at time.Time) string { return at.UTC().Format(time.RFC3339) }},
	{"iso", convert.ColumnText, func(_, at time.Time) string {
		return at.In(time.FixedZone("", -11*3600)).Format(time.RFC3339)
	}},
	{"yyyymmdd", convert.ColumnInteger, layout("20060102")},
	{"yyyymmdd hhmm", convert.ColumnText, layout("20060102   1504")},
	{"yyyy-mm-dd hh:mi:ss", convert.ColumnText, layout("2006-1-2 15:04:05")},
	{"yyyymmddhhmiss", convert.ColumnText, layout("20060102150405")},
	{"yyyymmddhhmiss", convert.ColumnInteger, layout("20060102150405")},
	{"yyyyddd", convert.ColumnInteger, func(wall, _ time.Time) string { return fmt.Sprintf("%d%03d", wall.Year(), wall.YearDay()) }},
	{"cyymmdd", convert.ColumnInteger, cyymmdd},
	{"cyymmdd", convert.ColumnText, cyymmdd},
	{"unix", convert.ColumnInteger, func(_, at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }},
	{"unix", convert.ColumnText, func(_, at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }},
	{"unixms", convert.ColumnInteger, func(_, at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }},
}

func layout(layout string) func(wall, at time.Time) string {
	return func(wall, _ time.Time) string { return wall.Format(layout) }
}

func cyymmdd(wall, _ time.Time) string {
	return strconv.Itoa((wall.Year()-1900)*10000 + int(wall.Month())*100 + wall.Day())
}

// atLeast is `column >= bound` as a server compares it.
func (f stampForm) atLeast(raw, bound string) bool {
	if bound == "" {
		return true
	}
	if !f.kind.Numeric() {
		return raw >= bound
	}
	a, errA := strconv.ParseInt(raw, 10, 64)
	b, errB := strconv.ParseInt(bound, 10, 64)
	return errA == nil && errB == nil && a >= b
}

func TestBoundsMissNothing(t *testing.T) {
	zones := map[string]*convert.Zone{}
	for _, name := range testedZones {
		zones[name] = zone(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		z := zones[rapid.SampledFrom(testedZones).Draw(t, "zone")]
		form := rapid.SampledFrom(stampForms).Draw(t, "form")
		d, err := convert.CompileDate(convert.DateRule{Spelling: form.spelling, Zone: z, KeepMidnight: rapid.Bool().Draw(t, "keep")})
		if err != nil {
			t.Fatal(err)
		}
		since := drawTime(t, z.Location())
		if since.Year() < 1905 { // cyymmdd begins in 1900
			since = since.AddDate(100, 0, 0)
		}
		at := since.Add(time.Duration(rapid.Int64Range(-6*86400, 6*86400).Draw(t, "later")) * time.Second)
		// A wall clock time near it, shown or not.
		wall := at.In(z.Location())
		wall = time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, time.UTC).
			Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "away")) * time.Minute)
		raw := form.write(wall, at)
		cell := convert.NewCell(form.kind)
		cell.SetText(raw)
		if raw == "0" {
			return // the beginning of 1970 is a zero date
		}
		changed, state := d.ChangedSince(since, &cell)
		if state != convert.Present {
			t.Fatalf("%s is %v", raw, state)
		}
		instant, _ := d.Read(&cell)
		if !instant.Before(since) && !changed {
			t.Fatalf("%s is %s, at or after %s, but unchanged", raw, convert.Instant(instant), convert.Instant(since))
		}
		bounds, ok := d.Bounds(since, form.kind)
		if !ok {
			t.Fatalf("%q in a %v column is not ordered", form.spelling, form.kind)
		}
		if changed && !form.atLeast(raw, bounds[0]) {
			t.Fatalf("%s changed since %s, but is below the bound %s", raw, convert.Instant(since), bounds[0])
		}
		// What is days older must not be read again and again.
		if at.Add(72*time.Hour).Before(since) && form.kind != convert.ColumnText && form.atLeast(raw, bounds[0]) {
			t.Fatalf("%s is far older than %s, but not below the bound %s", raw, convert.Instant(since), bounds[0])
		}
	})
}
