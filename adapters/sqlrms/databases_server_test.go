//go:build server

package sqlrms_test

import (
	"testing"
	"testing/fstest"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestTablesOfSeveralDatabasesOnOneServer reads a list from one database and
// what is joined to it from another, which names a column alike.
func TestTablesOfSeveralDatabasesOnOneServer(t *testing.T) {
	own, other := dbtest.MySQL(t), dbtest.MySQL(t)
	own.Exec("create table TOWN (`code` char(3) primary key, name varchar(40))", "insert into TOWN values ('NOR', 'Northfield'), ('SOU', 'Southbridge')")
	other.Exec("create table `yard list` (id int primary key, code char(3), name varchar(40))",
		"insert into `yard list` values (1, 'SOU', 'Quarry yard'), (2, 'ZZZ', 'Dock yard')")
	mapping := `timezone: UTC
location:
  from: {database: ` + other.Database + `, table: yard list, as: y}
  join: [{town: {table: ` + own.Database + `.TOWN, match: {code: y.code}}}]
  fields: {locationId: y.id, properties.name: y.name, properties.city: town.name}
contract: none
jobsite: none
dealer-category: none
invoice: none
customer: none
changes: none
`
	config := sqlrms.Config{Driver: sqlrms.MySQL, DSN: own.AdminDSN(), Mapping: fstest.MapFS{"rms.yaml": {Data: []byte(mapping)}}}
	a, _ := open(t, config)
	if err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	var reader adapters.LocationReader = a
	keys, err := reader.LocationKeys(t.Context(), adapters.Query{})
	if err != nil {
		t.Fatal(err)
	}
	got, left, err := reader.Locations(t.Context(), adapters.Query{}, keys)
	if err != nil || len(left) > 0 || len(got) != 2 {
		t.Fatalf("%d locations, left out %v, %v", len(got), left, err)
	}
	first, second := got[0], got[1]
	if first.LocationID != "1" || *first.Properties.Name != "Quarry yard" || *first.Properties.City != "Southbridge" {
		t.Errorf("got %+v", first)
	}
	if second.LocationID != "2" || *second.Properties.Name != "Dock yard" || second.Properties.City != nil {
		t.Errorf("got %+v", second)
	}
}
