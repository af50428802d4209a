package plan_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// inPieces is a querier that puts texts where it is told.
type inPieces struct{ *asked }

func (q inPieces) QueryInto(
	ctx context.Context, texts *convert.Pieces, _, text string, args []any, next func() []convert.Cell,
) (err error) {
	rows, err := q.db.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("%w in %s", err, text)
	}
	defer func() {
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
	}()
	arena := texts.Arena(0)
	defer arena.Close()
	for rows.Next() {
		cells := next()
		into := make([]any, len(cells))
		for i := range cells {
			into[i] = new(any)
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i := range cells {
			if err := cells[i].ScanInto(&arena, *into[i].(*any)); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

// inMemory holds an answer made in memory that is used again against one made in
// memory of its own, with the list told backwards in between, so that the same
// places serve other rows. What is not part of an answer has to outlive it.
func inMemory(t testing.TB, p *plan.Program, q plan.Querier, endpoint string, customers []string, keys []plan.RowKey, want answer) {
	t.Helper()
	source, ok := q.(*asked)
	if !ok {
		return
	}
	var notes []string
	a := asking(inPieces{source}, customers, &notes)
	backwards := make([]plan.RowKey, 0, len(keys))
	for _, key := range keys {
		backwards = append([]plan.RowKey{key}, backwards...)
	}
	for _, some := range [][]plan.RowKey{keys, backwards[:len(keys)/2], keys} {
		a.Memory, notes = plan.NewMemory(), nil
		got, told := answer{Items: []any{}}, ""
		left, err := p.Rows(t.Context(), endpoint, a, some, func(v reflect.Value) { got.Items = append(got.Items, v.Interface()) })
		if err != nil {
			t.Fatal(err)
		}
		told = pretty(t, got.Items)
		a.Memory.Release()
		if len(some) < len(keys) {
			continue
		}
		for _, l := range left {
			got.Left = append(got.Left, l.Field+" "+string(l.Reason))
		}
		if diff := cmp.Diff(pretty(t, want.Items), told); diff != "" {
			t.Errorf("%s in memory that was used before (-want +got):\n%s", endpoint, diff)
		}
		if diff := cmp.Diff(want.Left, got.Left); diff != "" {
			t.Errorf("%s: left out, when the memory was given back (-want +got):\n%s", endpoint, diff)
		}
	}
}
