package yard

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	_ "modernc.org/sqlite" // where the rows of these pages are generated

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
	"github.com/dealerbridge/dealerbridge/openapi"
	"github.com/dealerbridge/dealerbridge/server/encode"
)

// page is one page of contracts whose rows lie in memory, as a driver hands them
// over: what is left is what the gateway itself does to a page.
type page struct {
	program *plan.Program
	asking  plan.Asking
	keys    []plan.RowKey
	rows    map[string][][]driver.Value // by the name of the statement
}

// Query implements plan.Querier with the rows that were read beforehand.
func (p *page) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error {
	return p.QueryInto(ctx, nil, name, text, args, next)
}

// QueryInto implements plan.PieceQuerier.
func (p *page) QueryInto(_ context.Context, into *convert.Pieces, name, _ string, _ []any, next func() []convert.Cell) error {
	texts := into.Arena(0)
	defer texts.Close()
	for _, row := range p.rows[name] {
		if err := texts.Fill(next(), row); err != nil {
			return err
		}
	}
	return nil
}

// make makes the elements of the page.
func (p *page) make(tb testing.TB) []model.Contract { return p.makeIn(tb, nil) }

// makeIn makes them in memory that is used again.
func (p *page) makeIn(tb testing.TB, memory *plan.Memory) []model.Contract {
	asking := p.asking
	asking.Memory = memory
	contracts, left, err := plan.RowsOf[model.Contract](context.Background(), p.program, "contract", asking, p.keys)
	if err != nil || len(left) > 0 {
		tb.Fatal(err, left)
	}
	return contracts
}

// recording asks a database and keeps what it answers, in the forms the driver
// of a server has for the columns' kinds.
type recording struct {
	db   *sql.DB
	rows map[string][][]driver.Value
}

func (r *recording) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error {
	rows, err := r.db.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("%w in %s", err, text)
	}
	defer func() { _ = rows.Close() }() // nothing is lost
	for rows.Next() {
		cells := next()
		into := make([]any, len(cells))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		kept := make([]driver.Value, len(cells))
		for i := range cells {
			if cells[i].IsNull() {
				continue
			}
			kept[i] = bytes.Clone(cells[i].Bytes())
			if cells[i].Column() == convert.ColumnInteger {
				if kept[i], err = strconv.ParseInt(cells[i].String(), 10, 64); err != nil {
					return err
				}
			}
		}
		r.rows[name] = append(r.rows[name], kept)
	}
	return rows.Err()
}

// newPage generates a page of contracts of a few customers.
func newPage(tb testing.TB, contracts int) *page {
	tb.Helper()
	set, faults := mapfile.LoadFS(fstest.MapFS{"rms.yaml": {Data: Mapping}}, ".")
	if err := faults.Err(); err != nil {
		tb.Fatal(err)
	}
	doc, err := openapi.CRSDocument()
	if err != nil {
		tb.Fatal(err)
	}
	file := set.RMS
	file.Endpoints = file.Endpoints[:1]
	file.Changes, file.Documents, file.State = nil, nil, file.State[:1]
	compiled, faults := plan.Compile(file, plan.Target{Endpoints: []plan.EndpointTarget{{
		Name: "contract", Type: reflect.TypeFor[model.Contract](), Schema: doc.Components.Schemas["Contract"].Value,
		Customer: "customerId", PerCustomer: true,
	}}})
	if compiled == nil {
		tb.Fatal(faults)
	}
	size := Size{Contracts: 400}
	db := filled(tb, size)
	program, faults := compiled.Bind(plan.SQLite, schema(compiled.Tables()))
	if program == nil {
		tb.Fatal(faults)
	}
	r := &recording{db: db, rows: map[string][][]driver.Value{}}
	p := &page{program: program, rows: r.rows}
	p.asking = plan.Asking{Querier: r, Dealer: "D900", Now: begin, Customers: size.Accounts()}
	if p.keys, err = program.Keys(context.Background(), "contract", p.asking); err != nil {
		tb.Fatal(err)
	}
	p.keys = p.keys[:contracts]
	p.make(tb)
	p.asking.Querier = p
	return p
}

// filled is a database with the tables that contracts are made of.
func filled(tb testing.TB, size Size) *sql.DB {
	tb.Helper()
	return filledWith(tb, size, "customers", "reps", "classes", "equipment", "contracts", "contract_lines", "contract_fees", "contract_taxes")
}

func filledWith(tb testing.TB, size Size, names ...string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1) // each connection would have a database of its own
	tb.Cleanup(func() { _ = db.Close() })
	for _, t := range tables {
		if !slices.Contains(names, t.name) {
			continue
		}
		primary, _, _ := strings.Cut(t.keys, ")")
		if _, err := db.Exec("create table " + t.name + " (" + t.columns + ", " + primary + "))"); err != nil {
			tb.Fatal(t.name, err)
		}
		if err := fill(db, t, size); err != nil {
			tb.Fatal(t.name, err)
		}
	}
	return db
}

// fill inserts the rows of a table in one go.
func fill(db *sql.DB, t table, size Size) (err error) {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	insert := "insert into " + t.name + " values (?" + strings.Repeat(", ?", len(columnsOf(t))-1) + ")"
	t.rows(size, func(values ...any) {
		for i, v := range values {
			if at, ok := v.(time.Time); ok {
				values[i] = at.Format(time.DateTime)
			}
		}
		if err == nil {
			_, err = tx.Exec(insert, values...)
		}
	})
	return errors.Join(err, tx.Commit())
}

// columnsOf are a table's columns as they are declared.
func columnsOf(t table) []string {
	depth := 0
	return strings.FieldsFunc(t.columns, func(r rune) bool {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		return r == ',' && depth == 0
	})
}

// schema is what a server would say about the yard's tables.
func schema(refs []plan.TableRef) plan.Schema {
	s := plan.Schema{}
	for _, ref := range refs {
		for _, t := range tables {
			if t.name == ref.Table {
				s[ref] = described(t)
			}
		}
	}
	return s
}

func described(t table) *plan.Table {
	d := &plan.Table{Primary: true}
	for _, column := range columnsOf(t) {
		words := strings.Fields(column)
		c := plan.Column{Name: words[0], Kind: convert.KindOf(words[1]), Nullable: !strings.Contains(column, "not null")}
		if _, length, found := strings.Cut(words[1], "("); found && c.Kind == convert.ColumnText {
			c.MaxChars, _ = strconv.Atoi(strings.TrimSuffix(length, ")"))
		}
		d.Columns = append(d.Columns, c)
	}
	for _, key := range strings.Split(t.keys, "key ")[1:] {
		if name, columns, found := strings.Cut(key, "("); found && (name == "" || strings.HasPrefix(t.keys, "primary") && name == "number ") {
			columns, _, _ = strings.Cut(columns, ")")
			d.Unique = append(d.Unique, strings.Split(columns, ", "))
		}
	}
	return d
}

// answerOf is a page as it is sent.
func answerOf(contracts []model.Contract) *model.ContractPage {
	return &model.ContractPage{Items: contracts, Size: int64(len(contracts))}
}

func TestAPageOfTheYard(t *testing.T) {
	p := newPage(t, 20)
	got, err := encode.Append(nil, answerOf(p.make(t)))
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(answerOf(p.make(t)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// BenchmarkPage is a page of 20 contracts without a database, a driver and HTTP.
func BenchmarkPage(b *testing.B) {
	p := newPage(b, 20)
	buf := make([]byte, 0, 1<<20)
	b.Run("RowsAndText", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			memory := plan.NewMemory()
			text, err := encode.Append(buf, answerOf(p.makeIn(b, memory)))
			if err != nil {
				b.Fatal(err)
			}
			memory.Release()
			b.SetBytes(int64(len(text)))
		}
	})
	b.Run("Text", func(b *testing.B) {
		b.ReportAllocs()
		answer := answerOf(p.make(b))
		for b.Loop() {
			if _, err := encode.Append(buf, answer); err != nil {
				b.Fatal(err)
			}
		}
	})
}
