package config_test

import (
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

func TestChanges(t *testing.T) {
	for name, c := range map[string]struct {
		section string
		want    config.Changes
	}{
		"NothingIsTheUsual":         {"", config.Changes{}},
		"WhatIsSaidHolds":           {", changes: {every: 2h, busyPercent: 5}", config.Changes{Every: 2 * time.Hour, Busy: 0.05}},
		"WhatIsLeftOutIsTheUsual":   {", changes: {every: 10m}", config.Changes{Every: 10 * time.Minute, Busy: 0.2}},
		"AllTheTimeCanBeSaidAsWell": {", changes: {busyPercent: 100}", config.Changes{Every: 30 * time.Minute, Busy: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			src := "publicURL: http://127.0.0.1:8080\ndealers:\n  - {code: D100, mapping: d100, database: {driver: sqlite, path: rental.db}" + c.section + "}\n"
			got, err := config.Parse("dealerbridge.yaml", []byte(src), environment, config.Overrides{})
			if err != nil || len(got.Dealers) != 1 || got.Dealers[0].Changes != c.want {
				t.Errorf("got %+v %v, want %+v", got.Dealers, err, c.want)
			}
		})
	}
}
