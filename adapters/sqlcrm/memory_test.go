package sqlcrm_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// TestChangedLeadsAreHeldByTheirKeysAlone has thousands of rows change at once. What
// is held of those that are not looked at yet is hardly more than their keys.
func TestChangedLeadsAreHeldByTheirKeysAlone(t *testing.T) {
	const leads, each, page = 8000, 120, 200
	w := engines["SQLite"](t, yardMapping)
	w.exec(`insert into CARD (NUMBER, CATID, STATUS, OWNER, TOUCHED)
		with recursive counted(n) as (select 1 union all select n + 1 from counted where n < ?)
		select printf('L-202603-%05d', n), printf('LD-%05d', n), 'N', 'ME', '2026-03-14 11:00:00' from counted`, leads)
	if _, err := w.crm.ChangedLeads(t.Context(), time.Now()); err != nil { // what is held for good is there
		t.Fatal(err)
	}
	inUse := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := inUse()
	found, err := w.crm.ChangedLeads(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if held := inUse() - before; held > leads*each {
		t.Errorf("%d bytes are held of each of %d leads", held/leads, leads)
	}
	told := 0
	for more := true; more; {
		var refs []adapters.LeadRef
		if refs, more, err = found.Next(context.WithoutCancel(t.Context()), page); err != nil {
			t.Fatal(err)
		}
		told += len(refs)
	}
	if told != leads {
		t.Errorf("%d of %d leads were told", told, leads)
	}
	runtime.KeepAlive(found)
}
