package sqlrms_test

import (
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// mixedKeys are yards that refer to a town's number by a text, as old tables
// do, and texts that only look like one to a server.
var mixedKeys = []string{
	"CREATE TABLE TOWN (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(40))",
	"INSERT INTO TOWN VALUES (0, 'Nowhere'), (7, 'Seven Oaks'), (9007199254740993, 'Far Field')",
	"CREATE TABLE DEPOT (no INT NOT NULL PRIMARY KEY, town VARCHAR(20))",
	"INSERT INTO DEPOT VALUES (1, '7'), (2, '007'), (3, '7x'), (4, ''), (5, NULL), (6, '7.0'), (7, '0'), (8, 'Seven'), (9, '9007199254740992'), (10, '9007199254740993')",
}

// towns are the depots with the towns they were joined to.
func towns(t *testing.T, config sqlrms.Config) string {
	t.Helper()
	config.Mapping = folder(strings.Replace(strings.Replace(yardMapping, "from: YARD y\n  order: y.code", "from: DEPOT y\n  join: [{o: {table: TOWN, match: {id: y.town}}}]", 1),
		"locationId: y.code\n    properties.name: y.name", "locationId: y.no\n    properties.name: o.name", 1))
	a, _ := open(t, config)
	keys, err := a.LocationKeys(t.Context(), adapters.Query{})
	if err != nil {
		t.Fatal(err)
	}
	rows, left, err := a.Locations(t.Context(), adapters.Query{}, keys)
	if err != nil || len(left) > 0 {
		t.Fatalf("left out %v, %v", left, err)
	}
	var got []string
	for _, row := range rows {
		name := "-"
		if row.Properties != nil && row.Properties.Name != nil {
			name = *row.Properties.Name
		}
		got = append(got, row.LocationID+" "+name)
	}
	return strings.Join(got, ", ")
}

const rightTowns = "1 Seven Oaks, 10 Far Field, 2 Seven Oaks, 3 -, 4 -, 5 -, 6 Seven Oaks, 7 Nowhere, 8 -, 9 -"

func TestATextIsJoinedToANumberByWhatItIs(t *testing.T) {
	path := yardFile(t)
	fill(t, path, mixedKeys...)
	if got := towns(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path}); got != rightTowns {
		t.Errorf("got  %s\nwant %s", got, rightTowns)
	}
}
