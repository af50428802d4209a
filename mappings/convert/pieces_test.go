package convert_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func TestPieces(t *testing.T) {
	t.Run("TextsOfManyArenasStayAsTheyWereWritten", func(t *testing.T) {
		var pieces convert.Pieces
		defer pieces.Release()
		var group sync.WaitGroup
		for writer := range 8 {
			group.Go(func() {
				var want, got []string
				for n := range 50 {
					arena := pieces.Arena(0)
					for i := range 20 {
						text := fmt.Sprintf("%d %s %d", writer, strings.Repeat("x", (n*31+i*7)%300), i)
						cell := convert.NewKept(convert.ColumnText)
						if err := cell.ScanInto(&arena, []byte(text)); err != nil {
							t.Error(err)
						}
						want, got = append(want, text), append(got, cell.String())
					}
					arena.Close()
				}
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("got %q, want %q", got[i], want[i])
					}
				}
			})
		}
		group.Wait()
	})
	t.Run("ATextMayBeLongerThanAPiece", func(t *testing.T) {
		var pieces convert.Pieces
		defer pieces.Release()
		arena := pieces.Arena(0)
		long := strings.Repeat("long ", 20_000)
		for _, text := range []string{"before", long, "after"} {
			cell := convert.NewKept(convert.ColumnText)
			if err := cell.ScanInto(&arena, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if cell.String() != text {
				t.Errorf("got %d bytes, want the %d of the text", len(cell.String()), len(text))
			}
		}
	})
	t.Run("WhatOneArenaLeavesAnotherTakes", func(t *testing.T) {
		var pieces convert.Pieces
		defer pieces.Release()
		before := 0
		for n := range 100 {
			arena := pieces.Arena(0)
			cell := convert.NewKept(convert.ColumnText)
			if err := cell.ScanInto(&arena, []byte("short")); err != nil {
				t.Fatal(err)
			}
			arena.Close()
			if n == 0 {
				before = convert.PiecesTaken(&pieces)
			}
		}
		if got := convert.PiecesTaken(&pieces); got != before {
			t.Errorf("got %d pieces for a hundred short texts, want %d", got, before)
		}
	})
	t.Run("NoneAtAllHasArenasOfTheirOwn", func(t *testing.T) {
		var none *convert.Pieces
		arena := none.Arena(100)
		defer arena.Close()
		cell := convert.NewKept(convert.ColumnInteger)
		if err := cell.ScanInto(&arena, int64(42)); err != nil || cell.String() != "42" {
			t.Errorf("got %q, %v, want 42", cell.String(), err)
		}
	})
}
