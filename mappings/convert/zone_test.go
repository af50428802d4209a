package convert_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func zone(t testing.TB, name string) *convert.Zone {
	t.Helper()
	z, err := convert.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

const wallLayout = "2006-01-02 15:04:05"

func TestZoneInstant(t *testing.T) {
	for _, c := range []struct{ name, zone, wall, want string }{
		{"Winter", "America/Chicago", "2024-01-15 09:30:00", "2024-01-15T15:30:00Z"},
		{"Summer", "America/Chicago", "2024-07-15 09:30:00", "2024-07-15T14:30:00Z"},
		{"LastSecondBeforeTheGap", "America/Chicago", "2024-03-10 01:59:59", "2024-03-10T07:59:59Z"},
		{"InTheGap", "America/Chicago", "2024-03-10 02:30:00", "2024-03-10T08:30:00Z"},
		{"FirstSecondBehindTheGap", "America/Chicago", "2024-03-10 03:00:00", "2024-03-10T08:00:00Z"},
		{"FirstOfTheDoubleHour", "America/Chicago", "2024-11-03 01:30:00", "2024-11-03T06:30:00Z"},
		{"BehindTheDoubleHour", "America/Chicago", "2024-11-03 02:00:00", "2024-11-03T08:00:00Z"},
		{"GapInBerlin", "Europe/Berlin", "2024-03-31 02:30:00", "2024-03-31T01:30:00Z"},
		{"DoubleHourInBerlin", "Europe/Berlin", "2024-10-27 02:30:00", "2024-10-27T00:30:00Z"},
		{"GapOfHalfAnHour", "Australia/Lord_Howe", "2024-10-06 02:15:00", "2024-10-05T15:45:00Z"},
		{"BehindTheGapOfHalfAnHour", "Australia/Lord_Howe", "2024-10-06 02:30:00", "2024-10-05T15:30:00Z"},
		{"DoubleHalfHour", "Australia/Lord_Howe", "2024-04-07 01:45:00", "2024-04-06T14:45:00Z"},
		{"GapAtMidnight", "America/Sao_Paulo", "2018-11-04 00:30:00", "2018-11-04T03:30:00Z"},
		{"DoubleHourBeforeMidnight", "America/Sao_Paulo", "2018-02-17 23:30:00", "2018-02-18T01:30:00Z"},
		{"NoSummerTimeAnyMore", "America/Sao_Paulo", "2024-11-04 00:30:00", "2024-11-04T03:30:00Z"},
		{"OffsetWithQuarters", "Asia/Kathmandu", "2024-05-01 12:00:00", "2024-05-01T06:15:00Z"},
		{"GapOfFifteenMinutes", "Asia/Kathmandu", "1986-01-01 00:10:00", "1985-12-31T18:40:00Z"},
		{"TheDayThatWasLeftOut", "Pacific/Apia", "2011-12-30 10:00:00", "2011-12-30T20:00:00Z"},
		{"TheDayBefore", "Pacific/Apia", "2011-12-29 23:59:59", "2011-12-30T09:59:59Z"},
		{"TheDayBehind", "Pacific/Apia", "2011-12-31 00:00:00", "2011-12-30T10:00:00Z"},
		{"FarFuture", "America/Chicago", "2099-07-15 09:30:00", "2099-07-15T14:30:00Z"},
		{"LocalMeanTime", "America/Chicago", "1850-01-01 00:00:00", "1850-01-01T05:50:36Z"},
		{"UTC", "UTC", "2024-01-15 09:30:00", "2024-01-15T09:30:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := time.Parse(wallLayout, c.wall)
			if err != nil {
				t.Fatal(err)
			}
			got := zone(t, c.zone).Instant(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second())
			if convert.Instant(got) != c.want {
				t.Errorf("%s in %s is %s, want %s", c.wall, c.zone, convert.Instant(got), c.want)
			}
		})
	}
}

var testedZones = []string{
	"America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu",
	"Pacific/Apia", "Europe/Dublin", "Africa/Casablanca", "America/Juneau", "Asia/Manila", "Antarctica/Troll", "UTC",
}

// drawTime draws seconds from 1850 to 2150, many of them within two days of a
// change of the zone's clocks.
func drawTime(t *rapid.T, loc *time.Location) time.Time {
	from, upTo := time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	at := time.Unix(rapid.Int64Range(from, upTo).Draw(t, "second"), 0)
	if rapid.Bool().Draw(t, "near a change") {
		if _, end := at.In(loc).ZoneBounds(); !end.IsZero() {
			at = end.Add(time.Duration(rapid.Int64Range(-2*86400, 2*86400).Draw(t, "away")) * time.Second)
		}
	}
	return at.UTC()
}

// shown lists, in order, the instants at which the clocks of a place showed a
// time, by trying every offset the place had around it.
func shown(wall time.Time, loc *time.Location) []time.Time {
	offsets := map[int]bool{}
	for at := wall.Add(-50 * time.Hour); at.Before(wall.Add(50 * time.Hour)); at = at.Add(15 * time.Minute) {
		_, offset := at.In(loc).Zone()
		offsets[offset] = true
	}
	var found []time.Time
	for offset := range offsets {
		at := wall.Add(-time.Duration(offset) * time.Second)
		if _, actual := at.In(loc).Zone(); actual == offset {
			found = append(found, at)
		}
	}
	if len(found) == 2 && found[1].Before(found[0]) {
		found[0], found[1] = found[1], found[0]
	}
	return found
}

func TestZoneProperties(t *testing.T) {
	for _, name := range testedZones {
		t.Run(name, func(t *testing.T) {
			z := zone(t, name)
			loc := z.Location()
			rapid.Check(t, func(t *rapid.T) {
				wall := drawTime(t, loc)
				got := z.Instant(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second())
				want := shown(wall, loc)
				if len(want) > 0 {
					if !got.Equal(want[0]) {
						t.Fatalf("%s is %s, want %s", wall.Format(wallLayout), got, want[0])
					}
					return
				}
				// Skipped: the clocks run on at the offset they had before.
				change, _ := got.In(loc).ZoneBounds()
				_, before := change.Add(-time.Second).In(loc).Zone()
				if want := wall.Add(-time.Duration(before) * time.Second); !got.Equal(want) {
					t.Fatalf("%s, which was skipped, is %s, want %s", wall.Format(wallLayout), got, want)
				}
			})
		})
	}
}

func TestLoadZoneRefusesWhatNamesNoPlace(t *testing.T) {
	for _, name := range []string{"", "Local", "Mars/Base", "../etc/passwd"} {
		if _, err := convert.LoadZone(name); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}

func TestTodayIsTheDealersDay(t *testing.T) {
	now := time.Date(2024, 3, 15, 2, 0, 0, 0, time.UTC)
	if got := zone(t, "America/Chicago").Today(now); got != "2024-03-14" {
		t.Errorf("Chicago: %s", got)
	}
	if got := zone(t, "Pacific/Apia").Today(now); got != "2024-03-15" {
		t.Errorf("Apia: %s", got)
	}
}
