package sqlcrm_test

import "testing"

// engines open the yard in every kind of database that is at hand.
var engines = map[string]func(t *testing.T, mapping string) *world{"SQLite": sqliteWorld}
