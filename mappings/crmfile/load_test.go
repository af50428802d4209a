package crmfile_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
)

func TestStageOf(t *testing.T) {
	for word, want := range map[string]struct {
		own      int
		percent  int
		ok       bool
		isNoDeal bool
	}{
		"60":                  {own: 10, percent: 60, ok: true},
		"100":                 {own: -1, percent: 100, ok: true},
		"Qualification":       {own: 90, percent: 20, ok: true},
		"Develop Solution":    {own: -1, percent: -1, ok: false},
		"Qualification 10":    {own: -1, percent: 10, ok: true},
		"Closed Won":          {own: 40, percent: 100, ok: true},
		"Closed Won 100":      {own: 40, percent: 100, ok: true},
		"Closed Lost":         {own: 40, percent: 0, ok: true},
		"Closed No Deal":      {own: -1, percent: 0, ok: true, isNoDeal: true},
		"Develop Solution 30": {own: 35, percent: 35, ok: true},
	} {
		t.Run(word, func(t *testing.T) {
			meaning, known := crmfile.StageOf(word)
			if !known {
				t.Fatal("it is not understood")
			}
			percent, ok := meaning.Of(want.own)
			if percent != want.percent || ok != want.ok || meaning.Stage.NoDeal != want.isNoDeal {
				t.Errorf("got %d, %v, no deal %v; want %d, %v, %v", percent, ok, meaning.Stage.NoDeal, want.percent, want.ok, want.isNoDeal)
			}
		})
	}
	for _, word := range []string{"", "101", "-1", "Somewhere", "Somewhere 10", "Qualification x"} {
		if meaning, known := crmfile.StageOf(word); known {
			t.Errorf("%q: got %+v", word, meaning)
		}
	}
}

func TestTerritory(t *testing.T) {
	folder := fstest.MapFS{
		"crm.yaml":  {Data: []byte("lead: {leadId: gateway, rows: [{card: {table: CARD, key: {NO: uuid}, insert: {OWNER: {territory: areas.csv, by: {state: lead.city, county: lead.county}, take: owner}}}}]}\n")},
		"areas.csv": {Data: []byte("\ufeffstate,county,owner\nIA, Polk ,MH\nIA,*,IOWA\n,Lake,LAKES\n*,*,HOUSE\n")},
	}
	file, faults := crmfile.Load(folder, "", names)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	territory := file.Lead.Rows[0].Insert[0].Value.Territory
	for _, c := range []struct{ state, county, want string }{
		{"IA", "Polk", "MH"}, {"ia", " POLK ", "MH"}, {"IA", "Story", "IOWA"}, {"NE", "Lake", "LAKES"}, {"", "", "HOUSE"},
	} {
		got, ok := territory.Find([]string{c.state, c.county})
		if got != c.want || !ok {
			t.Errorf("%s, %s: got %q, %v, want %q", c.state, c.county, got, ok, c.want)
		}
	}
	if diff := cmp.Diff([]string{"HOUSE", "IOWA", "LAKES", "MH"}, territory.Cells()); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}
