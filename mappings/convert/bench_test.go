package convert_test

import (
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// scanned runs read on a cell that takes the values in turn, as the rows of a
// result do.
func scanned(b *testing.B, kind convert.ColumnKind, values []string, read func(c *convert.Cell)) {
	b.Helper()
	cell := convert.NewCell(kind)
	rows := make([]any, len(values))
	for i, value := range values {
		rows[i] = []byte(value)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := cell.Scan(rows[i%len(rows)]); err != nil {
			b.Fatal(err)
		}
		read(&cell)
	}
}

func BenchmarkCell(b *testing.B) {
	dates := compileDate(b, convert.DateRule{})
	spelt := compileDate(b, convert.DateRule{Spelling: "cyymmdd"})
	buf := make([]byte, 0, 32)
	instant := func(d *convert.Date) func(c *convert.Cell) {
		return func(c *convert.Cell) {
			at, state := d.Read(c)
			if state != convert.Present {
				b.Fatal(state)
			}
			buf = convert.AppendInstant(buf[:0], at)
		}
	}
	b.Run("TextThatChanges", func(b *testing.B) {
		scanned(b, convert.ColumnText, []string{"Boom lift 60 ft", "Skid steer, tracked"}, func(c *convert.Cell) { c.Text() })
	})
	b.Run("TextThatRepeats", func(b *testing.B) {
		scanned(b, convert.ColumnText, []string{"North branch"}, func(c *convert.Cell) { c.Text() })
	})
	b.Run("Decimal", func(b *testing.B) {
		scanned(b, convert.ColumnDecimal, []string{"1250.00", "-12.50"}, func(c *convert.Cell) { c.Decimal(convert.MoneyRule{}) })
	})
	b.Run("Integer", func(b *testing.B) {
		scanned(b, convert.ColumnInteger, []string{"12", "7"}, func(c *convert.Cell) { c.Integer() })
	})
	b.Run("Bool", func(b *testing.B) {
		scanned(b, convert.ColumnInteger, []string{"1", "0"}, func(c *convert.Cell) { c.Bool() })
	})
	b.Run("DateTime", func(b *testing.B) {
		scanned(b, convert.ColumnDateTime, []string{"2024-03-15 09:30:05", "2023-11-05 16:00:00"}, instant(dates))
	})
	b.Run("DateTimeInTheFuture", func(b *testing.B) {
		scanned(b, convert.ColumnDateTime, []string{"2099-03-15 09:30:05"}, instant(dates))
	})
	b.Run("Date", func(b *testing.B) {
		scanned(b, convert.ColumnDate, []string{"2024-03-15"}, instant(dates))
	})
	b.Run("SpeltDate", func(b *testing.B) {
		scanned(b, convert.ColumnInteger, []string{"1240315"}, instant(spelt))
	})
}

func BenchmarkValues(b *testing.B) {
	codes, err := convert.NewCodeMap([]convert.CodeEntry{{Code: "R", Word: "Rental"}, {Code: "L", Word: "Lease"}}, convert.CodeMapOptions{})
	if err != nil {
		b.Fatal(err)
	}
	template := convert.NewTemplate([]convert.TemplatePart{{Value: true}, {Fixed: "-"}, {Value: true}})
	number := reversible(b, convert.NumberPart{Column: true, Kind: convert.ColumnInteger, Pad: 7})
	at := time.Date(2024, 3, 15, 9, 30, 5, 0, time.UTC)
	values := []string{"R-1007", "3"}
	for name, run := range map[string]func(){
		"CodeMap":  func() { codes.Lookup("R") },
		"Template": func() { template.Fill(values...) },
		"Number":   func() { _, _ = number.Forward("412") },
		"Hash":     func() { convert.HashRule{}.Of("12 Mill Road", "Springfield") },
		"Money":    func() { convert.Decimal("$1,234.50", convert.MoneyRule{}) },
		"Round":    func() { convert.Round("1250.12500000", 2) },
		"Display":  func() { convert.Display("1250.00", 2) },
		"Instant":  func() { convert.Instant(at) },
		"Total": func() {
			var total convert.Total
			for range 10 {
				total.Add("1250.25")
			}
			total.Sum()
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}
