package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/server/store"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

func TestProgressIsKeptAsEncodingJSONWritesIt(t *testing.T) {
	zones := []*time.Location{time.UTC, time.FixedZone("", -5*3600-1800), time.FixedZone("x", 14*3600)}
	rapid.Check(t, func(r *rapid.T) {
		at := func(name string) time.Time {
			return time.Unix(rapid.Int64Range(-2e9, 4e9).Draw(r, name), rapid.SampledFrom([]int64{0, 5, 120e6, 999999999}).Draw(r, "ns")).
				In(rapid.SampledFrom(zones).Draw(r, "zone"))
		}
		number := rapid.Int64()
		p := sweep.Progress{
			Born: rapid.Uint64().Draw(r, "born"), Used: rapid.Uint64().Draw(r, "used"), Last: at("last"), Latest: number.Draw(r, "latest"),
		}
		for range rapid.IntRange(0, 3).Draw(r, "done") {
			p.Done = append(p.Done, sweep.Span{From: number.Draw(r, "from"), To: number.Draw(r, "to")})
		}
		for range rapid.IntRange(0, 3).Draw(r, "left") {
			p.Left = append(p.Left, sweep.Short{Page: number.Draw(r, "page"), Rows: number.Draw(r, "rows")})
		}
		for range rapid.IntRange(0, 1).Draw(r, "taken") {
			p.Taken = append(p.Taken, sweep.Claim{Page: number.Draw(r, "page"), By: rapid.String().Draw(r, "by"), At: at("at")})
		}
		want, err := json.Marshal(p)
		if err != nil {
			r.Fatal(err)
		}
		got, err := store.ProgressText(p)
		if err != nil || got != string(want) {
			r.Fatalf("got %s and %v, want %s", got, err, want)
		}
	})
}
