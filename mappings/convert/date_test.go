package convert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func compileDate(t testing.TB, rule convert.DateRule) *convert.Date {
	t.Helper()
	if rule.Zone == nil {
		rule.Zone = zone(t, "America/Chicago")
	}
	d, err := convert.CompileDate(rule)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stored is a cell as a driver would fill it.
func stored(t testing.TB, kind convert.ColumnKind, src any) *convert.Cell {
	t.Helper()
	cell := convert.NewCell(kind)
	if err := cell.Scan(src); err != nil {
		t.Fatal(err)
	}
	return &cell
}

const (
	zero       = "zero date"
	unreadable = "unreadable"
	empty      = "empty"
)

// outcome is the instant, or the state where there is none.
func outcome(at time.Time, state convert.State) string {
	if state != convert.Present {
		return state.String()
	}
	return convert.Instant(at)
}

func TestDatesAsTheirColumnsWereDeclared(t *testing.T) {
	const (
		text, unknown, integer = convert.ColumnText, convert.ColumnUnknown, convert.ColumnInteger
		date, datetime, stamp  = convert.ColumnDate, convert.ColumnDateTime, convert.ColumnTimestamp
		year, clock            = convert.ColumnYear, convert.ColumnTime
	)
	for _, c := range []struct {
		name string
		kind convert.ColumnKind
		src  any
		want string
	}{
		{"ADateIsNoonUTC", date, []byte("2024-03-15"), "2024-03-15T12:00:00Z"},
		{"ADateTimeIsLocal", datetime, []byte("2024-03-15 09:30:05"), "2024-03-15T14:30:05Z"},
		{"AMidnightDateTimeIsADate", datetime, []byte("2024-03-15 00:00:00"), "2024-03-15T12:00:00Z"},
		{"FractionsAreDropped", datetime, []byte("2024-03-15 09:30:05.999999"), "2024-03-15T14:30:05Z"},
		{"ATimestampIsUTC", stamp, []byte("2024-03-15 09:30:05"), "2024-03-15T09:30:05Z"},
		{"ATimestampAtMidnightIsMidnight", stamp, []byte("2024-03-15 00:00:00"), "2024-03-15T00:00:00Z"},
		{"ATimestampWithoutTimeIsADate", stamp, "2024-03-15", "2024-03-15T12:00:00Z"},
		{"AYearIsItsFirstDay", year, []byte("2024"), "2024-01-01T12:00:00Z"},
		{"AYearFromTheBinaryProtocol", year, int64(2024), "2024-01-01T12:00:00Z"},
		{"AZeroYear", year, []byte("0000"), zero},
		{"AYearOfTwoDigits", year, "24", unreadable},
		{"TextInISO", text, "2024-03-15", "2024-03-15T12:00:00Z"},
		{"TextWithTime", text, "2024-03-15T09:30", "2024-03-15T14:30:00Z"},
		{"TextWithManyBlanks", text, " 2024-03-15   9:30:00 ", "2024-03-15T14:30:00Z"},
		{"TextWithZ", text, "2024-03-15T09:30:05Z", "2024-03-15T09:30:05Z"},
		{"TextWithOffset", text, "2024-03-15T09:30:05.123+05:45", "2024-03-15T03:45:05Z"},
		{"TextWithShortOffset", text, "2024-03-15 09:30:05 -0600", "2024-03-15T15:30:05Z"},
		{"TextWithHourOffset", unknown, "2024-03-15 09:30-06", "2024-03-15T15:30:00Z"},
		{"MidnightWithAZoneIsAnInstant", text, "2024-03-15T00:00:00Z", "2024-03-15T00:00:00Z"},
		{"NULL", date, nil, empty},
		{"Blanks", text, "   ", empty},
		{"NULBytes", text, "\x00\x00", empty},
		{"NoBreakSpaces", text, "\u00a0", empty},
		{"ZeroDate", date, []byte("0000-00-00"), zero},
		{"ZeroDateTime", datetime, []byte("0000-00-00 00:00:00"), zero},
		{"ZeroMonth", date, []byte("2024-00-10"), zero},
		{"ZeroDay", date, []byte("2024-03-00"), zero},
		{"ZeroInAnInteger", integer, int64(0), zero},
		{"EightZeros", text, "00000000", zero},
		{"AnIntegerNeedsASpelling", integer, int64(20240315), unreadable},
		{"NoSuchDay", date, "2024-02-30", unreadable},
		{"NoLeapYear", date, "2023-02-29", unreadable},
		{"ALeapYear", date, "2024-02-29", "2024-02-29T12:00:00Z"},
		{"NoLeapYearInACentury", date, "1900-02-29", unreadable},
		{"NoSuchMonth", date, "2024-13-01", unreadable},
		{"NoSuchHour", datetime, "2024-03-15 25:00:00", unreadable},
		{"TwentyFourIsNoHour", datetime, "2024-03-15 24:00:00", unreadable},
		{"NoSuchSecond", datetime, "2024-03-15 23:59:60", unreadable},
		{"BeforeTheYearThousand", date, "0999-12-31", unreadable},
		{"TheFirstYear", date, "1000-01-01", "1000-01-01T12:00:00Z"},
		{"TheLastDay", date, "9999-12-31", "9999-12-31T12:00:00Z"},
		{"BeyondTheLastYearInUTC", datetime, "9999-12-31 23:59:59", unreadable},
		{"Words", text, "next week", unreadable},
		{"GarbageBehind", text, "2024-03-15x", unreadable},
		{"GarbageBehindTheTime", text, "2024-03-15 09:30:00 CET", unreadable},
		{"AnOffsetOfADay", text, "2024-03-15 09:30+24:00", unreadable},
		{"ATimeOfDayIsNoDate", clock, "09:30:00", unreadable},
		{"ADriversDate", date, time.Date(2024, 3, 15, 0, 0, 0, 0, time.UTC), "2024-03-15T12:00:00Z"},
		{"ADriversTimeIsLocal", datetime, time.Date(2024, 3, 15, 9, 30, 0, 0, time.UTC), "2024-03-15T14:30:00Z"},
		{"ADriversTimeWithAZone", datetime, time.Date(2024, 3, 15, 9, 30, 0, 0, time.FixedZone("", 7200)), "2024-03-15T07:30:00Z"},
		{"TheGap", datetime, "2024-03-10 02:30:00", "2024-03-10T08:30:00Z"},
		{"TheDoubleHour", datetime, "2024-11-03 01:30:00", "2024-11-03T06:30:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := compileDate(t, convert.DateRule{})
			if got := outcome(d.Read(stored(t, c.kind, c.src))); got != c.want {
				t.Errorf("%v %q is %s, want %s", c.kind, c.src, got, c.want)
			}
		})
	}
}

func TestDatesBySpelling(t *testing.T) {
	for _, c := range []struct {
		spelling string
		raw      any
		want     string
	}{
		{"yyyymmdd", int64(20240315), "2024-03-15T12:00:00Z"},
		{"YYYYMMDD", "20240315", "2024-03-15T12:00:00Z"},
		{"yyyymmdd", []byte("20240315.00"), "2024-03-15T12:00:00Z"},
		{"yyyymmdd", 2.0240315e7, "2024-03-15T12:00:00Z"},
		{"yyyymmdd", "20240315.5", unreadable},
		{"yyyymmdd", "2024315", unreadable},
		{"yyyymmdd", "202403151", unreadable},
		{"yyyymmdd", "20240230", unreadable},
		{"yyyymmdd", "20240010", zero},
		{"yyyymmdd", "00000000", zero},
		{"yyyymmdd", int64(0), zero},
		{"yyyymmdd", "2024-03-15", unreadable},
		{"yyyymmdd", "-20240315", unreadable},
		{"yyyymmdd", time.Date(2024, 3, 15, 9, 30, 0, 0, time.UTC), "2024-03-15T14:30:00Z"},
		{"yyyymmddhhmiss", "20240315093005", "2024-03-15T14:30:05Z"},
		{"yyyymmddhhmmss", "20240315093005", "2024-03-15T14:30:05Z"},
		{"yyyymmddhhmmss", "20240315000000", "2024-03-15T12:00:00Z"},
		{"ccyymmdd", "19991231", "1999-12-31T12:00:00Z"},

		{"yymmdd", "240315", "2024-03-15T12:00:00Z"},
		{"yymmdd", int64(90315), "2009-03-15T12:00:00Z"},
		{"yymmdd", "691231", "2069-12-31T12:00:00Z"},
		{"yymmdd", "700101", "1970-01-01T12:00:00Z"},
		{"yymmdd", int64(315), "2000-03-15T12:00:00Z"},
		{"yymmdd", "000000", zero},

		{"cyymmdd", int64(1240315), "2024-03-15T12:00:00Z"},
		{"cyymmdd", int64(991231), "1999-12-31T12:00:00Z"},
		{"cyymmdd", "0991231", "1999-12-31T12:00:00Z"},
		{"cyymmdd", "2000229", unreadable}, // 2100 is no leap year
		{"cyymmdd", int64(0), zero},
		{"cyymmdd", "1240000", zero},
		{"cyymmdd", "12403151", unreadable},
		{"cyymmdd hhmm", "1240315 930", "2024-03-15T14:30:00Z"},
		{"cyymmdd hhmm", "1240315  0", "2024-03-15T12:00:00Z"},
		{"cyymmdd hhmm", "1240315", unreadable},
		{"cyymmdd hhmm", "1240315 930 1", unreadable},
		{"cyymmdd hhmm", "1240315 2460", unreadable},
		{"cyymmdd hhmmss", "1240315 93005", "2024-03-15T14:30:05Z"},
		{"cyyddd", int64(124075), "2024-03-15T12:00:00Z"},
		{"cyyddd", int64(99365), "1999-12-31T12:00:00Z"},

		{"yyyyddd", "2024075", "2024-03-15T12:00:00Z"},
		{"yyyyddd", "2024366", "2024-12-31T12:00:00Z"},
		{"yyyyddd", "2023366", unreadable},
		{"yyyyddd", "2024367", unreadable},
		{"yyyyddd", "2024000", zero},

		{"dd/mm/yyyy", "15/03/2024", "2024-03-15T12:00:00Z"},
		{"dd/mm/yyyy", "5/3/2024", "2024-03-05T12:00:00Z"},
		{"dd/mm/yyyy", "03/15/2024", unreadable},
		{"dd/mm/yyyy", "15/03/24", unreadable},
		{"dd/mm/yyyy", "15/03/2024 ", "2024-03-15T12:00:00Z"},
		{"dd/mm/yyyy", "15/03/2024x", unreadable},
		{"dd/mm/yyyy", "00/00/0000", zero},
		{"dd/mm/yyyy hh:mm", "15/03/2024 9:30", "2024-03-15T14:30:00Z"},
		{"dd/mm/yyyy hh:mi:ss", "15/03/2024 09:30:05", "2024-03-15T14:30:05Z"},
		{"mm/dd/yyyy", "3/15/2024", "2024-03-15T12:00:00Z"},
		{"dd.mm.yyyy", "15.03.2024", "2024-03-15T12:00:00Z"},
		{"dd.mm.yy", "15.03.24", "2024-03-15T12:00:00Z"},
		{"yyyy-mm-ddthh:mi", "2024-03-15T09:30", "2024-03-15T14:30:00Z"},
		{"yyyy-mm-ddthh:mi", "2024-03-15 09:30", unreadable},

		{"iso", "2024-03-15T09:30:00Z", "2024-03-15T09:30:00Z"},
		{"unix", int64(1710495005), "2024-03-15T09:30:05Z"},
		{"unix", "1710495005.9", "2024-03-15T09:30:05Z"},
		{"unix", int64(-1), "1969-12-31T23:59:59Z"},
		{"unix", -0.5, "1969-12-31T23:59:59Z"},
		{"unix", int64(0), zero},
		{"unix", "soon", unreadable},
		{"unix", "99999999999999", unreadable},
		{"unixms", int64(1710495005999), "2024-03-15T09:30:05Z"},
		{"unixms", int64(-1), "1969-12-31T23:59:59Z"},
		{"unixms", "0", zero},

		{"yyyymmdd|dd/mm/yyyy", "20240315", "2024-03-15T12:00:00Z"},
		{"yyyymmdd | dd/mm/yyyy", "15/03/2024", "2024-03-15T12:00:00Z"},
		{"yyyymmdd|dd/mm/yyyy", "15.03.2024", unreadable},
		{"dd/mm/yyyy hh:mi|dd/mm/yyyy", "15/03/2024", "2024-03-15T12:00:00Z"},
		{"yyyymmdd|dd/mm/yyyy", "00/00/0000", zero},
		{"yyyymmdd", nil, empty},
		{"yyyymmdd", "", empty},
	} {
		d := compileDate(t, convert.DateRule{Spelling: c.spelling})
		if got := outcome(d.Read(stored(t, convert.ColumnUnknown, c.raw))); got != c.want {
			t.Errorf("%q by %q is %s, want %s", c.raw, c.spelling, got, c.want)
		}
	}
}

func TestDatesInSeveralColumns(t *testing.T) {
	for _, c := range []struct {
		name, spelling string
		kinds          []convert.ColumnKind
		raw            []any
		want           string
	}{
		{"NumbersOfDateAndTime", "cyymmdd hhmm", nil, []any{int64(1240315), int64(930)}, "2024-03-15T14:30:00Z"},
		{"MidnightIsADate", "cyymmdd hhmm", nil, []any{int64(1240315), int64(0)}, "2024-03-15T12:00:00Z"},
		{"NoTimeIsADate", "cyymmdd hhmm", nil, []any{int64(1240315), nil}, "2024-03-15T12:00:00Z"},
		{"NoDateIsEmpty", "cyymmdd hhmm", nil, []any{nil, int64(930)}, empty},
		{"AZeroDateHasNoTime", "cyymmdd hhmm", nil, []any{int64(0), int64(930)}, zero},
		{"ABadTimeIsUnreadable", "cyymmdd hhmm", nil, []any{int64(1240315), int64(2575)}, unreadable},
		{"ABadDateIsUnreadable", "cyymmdd hhmm", nil, []any{"x", int64(930)}, unreadable},
		{"YearMonthDay", "yyyy mm dd", nil, []any{int64(2024), int64(3), int64(5)}, "2024-03-05T12:00:00Z"},
		{"YearWithoutMonth", "yyyy mm dd", nil, []any{int64(2024), nil, int64(5)}, unreadable},
		{"DeclaredDateAndTime", "", []convert.ColumnKind{convert.ColumnDate, convert.ColumnTime}, []any{"2024-03-15", "09:30:00"}, "2024-03-15T14:30:00Z"},
		{"DeclaredDateTimeAndTime", "", []convert.ColumnKind{convert.ColumnDateTime, convert.ColumnTime}, []any{"2024-03-15 00:00:00", "09:30:00"}, "2024-03-15T14:30:00Z"},
		{"DeclaredDateTimeWithoutTime", "", []convert.ColumnKind{convert.ColumnDateTime, convert.ColumnTime}, []any{"2024-03-15 08:00:00", nil}, "2024-03-15T13:00:00Z"},
		{"TimeBehindADateThatDoesNotCount", "", []convert.ColumnKind{convert.ColumnDate, convert.ColumnDateTime}, []any{"2024-03-15", "1899-12-30 09:30:00"}, "2024-03-15T14:30:00Z"},
		{"DriverMadeBoth", "iso hhmm", []convert.ColumnKind{convert.ColumnDate, convert.ColumnDateTime}, []any{
			time.Date(2024, 3, 15, 0, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 9, 30, 0, 0, time.UTC),
		}, "2024-03-15T14:30:00Z"},
		{"ATimeOfMoreThanADay", "", []convert.ColumnKind{convert.ColumnDate, convert.ColumnTime}, []any{"2024-03-15", "26:00:00"}, unreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := compileDate(t, convert.DateRule{Spelling: c.spelling, Columns: len(c.raw)})
			cells := make([]*convert.Cell, len(c.raw))
			for i, raw := range c.raw {
				kind := convert.ColumnUnknown
				if c.kinds != nil {
					kind = c.kinds[i]
				}
				cells[i] = stored(t, kind, raw)
			}
			if got := outcome(d.Read(cells...)); got != c.want {
				t.Errorf("%q is %s, want %s", c.raw, got, c.want)
			}
		})
	}
}

func TestDateRules(t *testing.T) {
	t.Run("MidnightCanBeKept", func(t *testing.T) {
		d := compileDate(t, convert.DateRule{KeepMidnight: true})
		if got := outcome(d.ReadText(convert.ColumnDateTime, "2024-03-15 00:00:00")); got != "2024-03-15T05:00:00Z" {
			t.Errorf("midnight: %s", got)
		}
		if got := outcome(d.ReadText(convert.ColumnDate, "2024-03-15")); got != "2024-03-15T12:00:00Z" {
			t.Errorf("a day: %s", got)
		}
	})
	t.Run("DaysAreAddedOnTheWall", func(t *testing.T) {
		d := compileDate(t, convert.DateRule{AddDays: 30})
		for in, want := range map[string]string{
			"2024-02-20":           "2024-03-21T12:00:00Z",
			"2024-02-20 09:00:00":  "2024-03-21T14:00:00Z", // nine o'clock on either side of the change
			"2024-02-20T09:00:00Z": "2024-03-21T09:00:00Z",
		} {
			if got := outcome(d.ReadText(convert.ColumnText, in)); got != want {
				t.Errorf("%s and 30 days is %s, want %s", in, got, want)
			}
		}
	})
	t.Run("TheWrongNumberOfCellsIsUnreadable", func(t *testing.T) {
		d := compileDate(t, convert.DateRule{})
		cell := stored(t, convert.ColumnDate, "2024-03-15")
		if _, state := d.Read(cell, cell); state != convert.Unreadable {
			t.Errorf("two cells: %v", state)
		}
		if _, state := d.Read(); state != convert.Unreadable {
			t.Errorf("none: %v", state)
		}
	})
	t.Run("ColumnsThatNeedASpellingAreKnown", func(t *testing.T) {
		plain, spelt := compileDate(t, convert.DateRule{}), compileDate(t, convert.DateRule{Spelling: "yyyymmdd"})
		for kind, want := range map[convert.ColumnKind][2]bool{
			convert.ColumnDate: {true, true}, convert.ColumnText: {true, true}, convert.ColumnInteger: {false, true},
			convert.ColumnDecimal: {false, true}, convert.ColumnBinary: {false, false}, convert.ColumnTime: {false, false},
		} {
			if plain.SuitsKind(kind) != want[0] || spelt.SuitsKind(kind) != want[1] {
				t.Errorf("%v: %v without a spelling, %v with one", kind, plain.SuitsKind(kind), spelt.SuitsKind(kind))
			}
		}
	})
}

func TestCompileDateSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		spelling string
		columns  int
		want     string
	}{
		{"yyyymm", 1, "a month and a day"},
		{"mmdd", 1, "one year"},
		{"hhmm", 1, "one year"},
		{"yyyymmdd yyyy", 1, "twice"},
		{"yyyymmdd yy", 1, "one year"},
		{"yyyymmdd dd", 1, "twice"},
		{"cmmdd", 1, "one year"},
		{"cyyyymmdd", 1, "goes before yy"},
		{"yyyyddd mm", 1, "without mm and dd"},
		{"yyyymmdd ss", 1, "minutes"},
		{"yyyyqmm", 1, `"qmm"`},
		{"unix hhmm", 1, "stand alone"},
		{"|", 1, "empty"},
		{"yyyymmdd|", 1, "empty"},
		{"yyyymmdd", 2, "2 are given"},
		{"hhmm yyyymmdd", 2, "before the time"},
		{"", 3, "three and more"},
	} {
		_, err := convert.CompileDate(convert.DateRule{Spelling: c.spelling, Columns: c.columns, Zone: zone(t, "UTC")})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %d columns: %v, want %q in it", c.spelling, c.columns, err, c.want)
		}
	}
	if _, err := convert.CompileDate(convert.DateRule{}); err == nil {
		t.Error("a date without a zone is taken")
	}
}
