package convert_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func TestCellTakesEveryFormADriverDelivers(t *testing.T) {
	east := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		name   string
		column convert.ColumnKind
		src    any
		kind   convert.CellKind
		want   string
	}{
		{"NULL", convert.ColumnText, nil, convert.CellNull, ""},
		{"NilBytesAreNULL", convert.ColumnText, []byte(nil), convert.CellNull, ""},
		{"Bytes", convert.ColumnText, []byte("abc "), convert.CellBytes, "abc "},
		{"EmptyBytesAreThere", convert.ColumnText, []byte{}, convert.CellBytes, ""},
		{"RawBytes", convert.ColumnText, sql.RawBytes("abc"), convert.CellBytes, "abc"},
		{"String", convert.ColumnText, "abc", convert.CellText, "abc"},
		{"Int64", convert.ColumnInteger, int64(-7), convert.CellInt, "-7"},
		{"Int32", convert.ColumnInteger, int32(7), convert.CellInt, "7"},
		{"Int", convert.ColumnInteger, 7, convert.CellInt, "7"},
		{"Uint64", convert.ColumnInteger, uint64(math.MaxUint64), convert.CellUint, "18446744073709551615"},
		{"Uint32", convert.ColumnInteger, uint32(7), convert.CellUint, "7"},
		{"Float64IsTheShortestDecimal", convert.ColumnFloat, 142410.005, convert.CellFloat, "142410.005"},
		{"Float64HasNoExponent", convert.ColumnFloat, 1e21, convert.CellFloat, "1000000000000000000000"},
		{"Float32IsNotWidened", convert.ColumnFloat, float32(0.1), convert.CellFloat, "0.1"},
		{"True", convert.ColumnInteger, true, convert.CellInt, "1"},
		{"False", convert.ColumnInteger, false, convert.CellInt, "0"},
		{"BitBytesAreANumber", convert.ColumnBit, []byte{0x01, 0x81}, convert.CellUint, "385"},
		{"BitOfZero", convert.ColumnBit, []byte{0}, convert.CellUint, "0"},
		{"UTCTimeHasNoZone", convert.ColumnDateTime, time.Date(2024, 3, 5, 9, 30, 0, 250000000, time.UTC), convert.CellTime, "2024-03-05 09:30:00.25"},
		{"DeclaredDateHasNoTime", convert.ColumnDate, time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC), convert.CellTime, "2024-03-05"},
		{"AnOffsetIsKept", convert.ColumnDateTime, time.Date(2024, 3, 5, 9, 30, 0, 0, east), convert.CellTime, "2024-03-05 09:30:00+02:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cell := convert.NewCell(c.column)
			if err := cell.Scan(c.src); err != nil {
				t.Fatal(err)
			}
			if cell.Kind() != c.kind || cell.String() != c.want || string(cell.Bytes()) != c.want {
				t.Errorf("got kind %v, %q, want kind %v, %q", cell.Kind(), cell.String(), c.kind, c.want)
			}
			if cell.IsNull() != (c.kind == convert.CellNull) {
				t.Errorf("IsNull is %v", cell.IsNull())
			}
		})
	}
}

func TestCell(t *testing.T) {
	t.Run("IsUsedAgainForTheNextRow", func(t *testing.T) {
		cell := convert.NewCell(convert.ColumnText)
		for _, row := range []struct {
			src  any
			want string
		}{{"first, long value", "first, long value"}, {[]byte("b "), "b"}, {nil, ""}, {[]byte("b "), "b"}, {"", ""}, {"  ", ""}} {
			if err := cell.Scan(row.src); err != nil {
				t.Fatal(err)
			}
			if got, state := cell.Text(); got != row.want || (state == convert.Present) != (row.want != "") {
				t.Errorf("after %q: %q, %v", row.src, got, state)
			}
		}
	})
	t.Run("TextsOutliveTheRow", func(t *testing.T) {
		cell := convert.NewCell(convert.ColumnText)
		src := []byte("one")
		if err := cell.Scan(src); err != nil {
			t.Fatal(err)
		}
		first, _ := cell.Text()
		copy(src, "xxx")
		if err := cell.Scan([]byte("two")); err != nil {
			t.Fatal(err)
		}
		if second, _ := cell.Text(); first != "one" || second != "two" {
			t.Errorf("got %q, %q", first, second)
		}
	})
	t.Run("HoldsOfEachRowWhatACellOfItsOwnWould", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			kind := rapid.SampledFrom([]convert.ColumnKind{convert.ColumnText, convert.ColumnInteger, convert.ColumnDecimal, convert.ColumnBit}).Draw(t, "kind")
			again, arena := []convert.Cell{convert.NewCell(kind)}, convert.NewArena(0)
			var texts, want []string
			for range rapid.IntRange(1, 8).Draw(t, "rows") {
				var value driver.Value
				switch rapid.IntRange(0, 5).Draw(t, "form") {
				case 0:
				case 1:
					value = rapid.Int64().Draw(t, "number")
				case 2:
					value = rapid.String().Draw(t, "string")
				case 3:
					value = []byte(nil)
				default:
					value = []byte(rapid.StringN(0, 60, -1).Draw(t, "bytes"))
				}
				own := []convert.Cell{convert.NewKept(kind)}
				if err := errors.Join(arena.Fill(again, []driver.Value{value}), arena.Fill(own, []driver.Value{value})); err != nil {
					t.Fatal(err)
				}
				a, b := &again[0], &own[0]
				plain, ok := a.PlainView()
				short, is := b.Plain()
				if a.Kind() != b.Kind() || a.String() != b.String() || plain != short || ok != is {
					t.Fatalf("%v: got %q, want %q", value, a.String(), b.String())
				}
				text, state := a.Text()
				theirs, should := b.Text()
				if texts, want = append(texts, text), append(want, theirs); state != should || !slices.Equal(texts, want) {
					t.Fatalf("got %q, want %q", texts, want)
				}
			}
		})
	})
	t.Run("RepeatedTextsCostNothing", func(t *testing.T) {
		cell := convert.NewCell(convert.ColumnText)
		src := []byte("North branch")
		allocs := testing.AllocsPerRun(100, func() {
			if err := cell.Scan(src); err != nil {
				t.Fatal(err)
			}
			cell.Text()
		})
		if allocs > 1 { // the interface around the slice
			t.Errorf("%v allocations a row", allocs)
		}
	})
	t.Run("AnUnknownTypeIsNamedWithoutItsValue", func(t *testing.T) {
		cell := convert.NewCell(convert.ColumnText)
		err := cell.Scan(struct{ Secret string }{"hush"})
		if err == nil || strings.Contains(err.Error(), "hush") || !cell.IsNull() {
			t.Errorf("got %v", err)
		}
	})
	t.Run("NumbersOfTheServerIgnoreTheDecimalRule", func(t *testing.T) {
		rule := convert.MoneyRule{Decimal: ','}
		number, text := convert.NewCell(convert.ColumnDecimal), convert.NewCell(convert.ColumnText)
		number.SetText("1.234")
		text.SetText("1.234")
		if got, _ := number.Decimal(rule); got != "1.234" {
			t.Errorf("DECIMAL: %s", got)
		}
		if got, _ := text.Decimal(rule); got != "1234.0" {
			t.Errorf("VARCHAR: %s", got)
		}
	})
	t.Run("ExponentsAreForFloatsOnly", func(t *testing.T) {
		for column, want := range map[convert.ColumnKind]convert.State{
			convert.ColumnFloat: convert.Present, convert.ColumnDecimal: convert.Unreadable, convert.ColumnText: convert.Unreadable,
		} {
			cell := convert.NewCell(column)
			cell.SetText("1.5e3")
			got, state := cell.Decimal(convert.MoneyRule{})
			if state != want || state == convert.Present && got != "1500.0" {
				t.Errorf("%v: %q, %v", column, got, state)
			}
		}
	})
	t.Run("ReadsNumbersAndWords", func(t *testing.T) {
		cell := convert.NewCell(convert.ColumnBit)
		if err := cell.Scan([]byte{1}); err != nil {
			t.Fatal(err)
		}
		yes, state := cell.Bool()
		if n, _ := cell.Integer(); !yes || state != convert.Present || n != 1 {
			t.Errorf("BIT: %v, %v, %d", yes, state, n)
		}
		cell.SetNull()
		if yes, state := cell.Bool(); yes || state != convert.Empty {
			t.Errorf("NULL: %v, %v", yes, state)
		}
		if _, state := cell.Decimal(convert.MoneyRule{}); state != convert.Empty {
			t.Errorf("NULL: %v", state)
		}
	})
	t.Run("InfinityIsUnreadable", func(t *testing.T) {
		cell := convert.NewCell(convert.ColumnFloat)
		for _, f := range []float64{math.NaN(), math.Inf(-1)} {
			if err := cell.Scan(f); err != nil {
				t.Fatal(err)
			}
			if got, state := cell.Decimal(convert.MoneyRule{}); state != convert.Unreadable {
				t.Errorf("%v: %q, %v", f, got, state)
			}
		}
	})
}

func TestKindOf(t *testing.T) {
	for declared, want := range map[string]convert.ColumnKind{
		"VARCHAR": convert.ColumnText, "varchar(10)": convert.ColumnText, "enum('a','int')": convert.ColumnText,
		"LONGTEXT": convert.ColumnText, "NVARCHAR(20)": convert.ColumnText, "national varchar(3)": convert.ColumnText,
		"character varying(4)": convert.ColumnText, "uuid": convert.ColumnText, "long varchar": convert.ColumnText,
		"UNSIGNED INT": convert.ColumnInteger, "tinyint(1)": convert.ColumnInteger, "BIGINT UNSIGNED": convert.ColumnInteger,
		"unsigned big int": convert.ColumnInteger, "BOOLEAN": convert.ColumnInteger, "int(10) unsigned zerofill": convert.ColumnInteger,
		"DECIMAL(24,8)": convert.ColumnDecimal, "numeric": convert.ColumnDecimal, "UNSIGNED DECIMAL": convert.ColumnDecimal,
		"double": convert.ColumnFloat, "DOUBLE PRECISION": convert.ColumnFloat, "REAL": convert.ColumnFloat,
		"DATE": convert.ColumnDate, "datetime(6)": convert.ColumnDateTime, "TIMESTAMP": convert.ColumnTimestamp,
		"time": convert.ColumnTime, "YEAR(4)": convert.ColumnYear, "bit(8)": convert.ColumnBit, "JSON": convert.ColumnJSON,
		"LONGBLOB": convert.ColumnBinary, "varbinary(16)": convert.ColumnBinary, "POINT": convert.ColumnBinary,
		"long varbinary": convert.ColumnBinary,
		"":               convert.ColumnUnknown, "NULL": convert.ColumnUnknown, "whatever": convert.ColumnUnknown,
	} {
		if got := convert.KindOf(declared); got != want {
			t.Errorf("KindOf(%q) = %v, want %v", declared, got, want)
		}
	}
}
