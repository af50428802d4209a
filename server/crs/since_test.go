package crs

import (
	"errors"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/problem"
)

func TestParseSince(t *testing.T) {
	at := func(h, m, s, ns int) time.Time { return time.Date(2024, 5, 1, h, m, s, ns, time.UTC) }
	for text, want := range map[string]time.Time{
		"2024-05-01T08:30:15Z":          at(8, 30, 15, 0),
		"2024-05-01t08:30:15z":          at(8, 30, 15, 0),
		"2024-05-01T08:30Z":             at(8, 30, 0, 0),
		"2024-05-01T08:30:15.25Z":       at(8, 30, 15, 250_000_000),
		"2024-05-01T08:30:15+02:00":     at(6, 30, 15, 0),
		"2024-05-01T08:30:15 02:00":     at(6, 30, 15, 0), // the plus sign of an address
		"2024-05-01T08:30:15-0530":      at(14, 0, 15, 0),
		"2024-05-01T08:30:15+02":        at(6, 30, 15, 0),
		"0000-00-00T00:00:00Z":          {},
		"0000-00-00t00:00:00.000+05:00": {},
		"0001-01-01T00:00:00+05:00":     {},
		">0000-00-00T00:00:00Z":         {}, // as the document's sample has it
		">2024-05-01T08:30:15Z":         at(8, 30, 15, 0),
		"0000-01-01T00:00:00Z":          {},
		"2024-02-29T00:00:00Z":          time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"9999-12-31T23:59:59Z":          time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		got, err := parseSince(text)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v; want %v", text, got, err, want)
		}
		if got.Location() != time.UTC {
			t.Errorf("%s: got zone %v, want UTC", text, got.Location())
		}
	}
	for _, text := range []string{
		"", "2024-05-01", "2024-05-01T08:30:15", "08:30:15Z", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z",
		"2024-05-01T24:00:00Z", "2024-05-01T08:60:00Z", "2024-05-01T08:30:60Z", "2024-05-01 08:30:15Z",
		"2024-05-01T08:30.5Z", "2024-05-01T08:30:15+25:00", "2024-05-01T08:30:15+02:99", "0000-00-00T01:00:00Z",
		"0000-00-01T00:00:00Z", ">>0000-00-00T00:00:00Z", "> 0000-00-00T00:00:00Z", ">", ">=2024-05-01T08:30:15Z", ">2024-05-01", "2024-05-01T08:30:15Z; DROP TABLE x", "1714552215", " 2024-05-01T08:30:15Z",
		"２０２４-05-01T08:30:15Z", "2024-05-01T08:30:15Z\n",
	} {
		if got, err := parseSince(text); !errors.Is(err, problem.ErrBadParameter) {
			t.Errorf("%q: got %v, %v; want a bad parameter", text, got, err)
		}
	}
}

func FuzzSince(f *testing.F) {
	for _, seed := range []string{"2024-05-01T08:30:15Z", "0000-00-00T00:00:00Z", "2024-05-01t08:30:15.1 02:00", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseSince(text)
		if err != nil {
			if !errors.Is(err, problem.ErrBadParameter) {
				t.Errorf("%v is no bad parameter", err)
			}
			return
		}
		again, err := parseSince(got.Format(time.RFC3339Nano))
		if err != nil || !again.Equal(got) {
			t.Errorf("%q read as %v, and that as %v, %v", text, got, again, err)
		}
	})
}
