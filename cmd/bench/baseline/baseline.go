// Package baseline owns the server the gateway is measured against: what a
// competent engineer writes by hand for this one dealer, and no more.
//
// It is kept honest. One statement for the page with its joins, one with IN for
// each child list, COUNT for the totals; typed structs, no reflection of its
// own, encoding/json over net/http; the pool is as large as the gateway's, the
// indexes are the same. It has it easier than the gateway in what it leaves out:
// it checks no token, validates little, keeps no page numbers true, maps no
// codes it was not told of and notes nothing. It must not know the gateway.
package baseline

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Server answers the pull endpoints from the yard's tables.
type Server struct {
	db    *sql.DB
	prep  prepared
	codes codes
}

// Open connects to the yard's database. Statements of which every word is fixed
// are prepared once; those with IN lists get their values written into their
// text by the driver, which saves the round trip of preparing each length.
func Open(ctx context.Context, dsn, zone string, connections int) (_ *Server, err error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("reading the DSN: %w", err)
	}
	if cfg.Loc, err = time.LoadLocation(zone); err != nil {
		return nil, fmt.Errorf("loading the time zone: %w", err)
	}
	cfg.ParseTime, cfg.InterpolateParams = true, true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	s := &Server{db: db, codes: yardCodes}
	if s.prep, err = prepare(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing statements: %w", err), db.Close())
	}
	return s, nil
}

// Close ends the connections.
func (s *Server) Close() error { return s.db.Close() }

// Handler is the server's paths, those of the gateway.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/contract", s.contracts)
	mux.HandleFunc("GET /api/v1/invoice", s.invoices)
	mux.HandleFunc("GET /api/v1/jobsite", s.jobsites)
	mux.HandleFunc("GET /api/v1/location", s.locations)
	mux.HandleFunc("GET /api/v1/dealer-category", s.catalog)
	mux.HandleFunc("GET /api/v1/incremental", s.changes)
	return mux
}

// page is an answer of several pages.
type page[T any] struct {
	Items         []T   `json:"items"`
	TotalPages    int64 `json:"totalPages"`
	TotalElements int64 `json:"totalElements"`
	Empty         bool  `json:"empty"`
	Size          int64 `json:"size"`
	Number        int64 `json:"number"`
}

// ask is what a request for a page says.
type ask struct {
	customers   []any
	items, page int64
}

const mostItems = 100

func read(r *http.Request) (ask, error) {
	q := r.URL.Query()
	a := ask{items: 10}
	if text := q.Get("customer"); text != "" {
		for _, number := range strings.Split(text, ",") {
			a.customers = append(a.customers, number)
		}
	}
	var err error
	if text := q.Get("items"); text != "" {
		if a.items, err = strconv.ParseInt(text, 10, 64); err != nil || a.items < 1 {
			return a, errors.New("items must be a number of at least 1")
		}
	}
	if text := q.Get("page"); text != "" {
		if a.page, err = strconv.ParseInt(text, 10, 64); err != nil || a.page < 0 {
			return a, errors.New("page must be a number of at least 0")
		}
	}
	a.items = min(a.items, mostItems)
	return a, nil
}

// marks are the placeholders of an IN list.
func marks(n int) string { return "(?" + strings.Repeat(", ?", n-1) + ")" }

// answer makes a page of what was found.
func answer[T any](a ask, items []T, total int64) page[T] {
	if items == nil {
		items = []T{}
	}
	return page[T]{
		Items: items, TotalElements: total, TotalPages: (total + a.items - 1) / a.items,
		Empty: len(items) == 0, Size: a.items, Number: a.page,
	}
}

// send writes an answer in one piece, or the error.
func send(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, "the answer cannot be given", http.StatusServiceUnavailable)
		return
	}
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "the answer cannot be given", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the caller is gone if this fails
}

func refuse(w http.ResponseWriter, err error) { http.Error(w, err.Error(), http.StatusBadRequest) }

// each runs a statement and hands its rows to scan.
func each(ctx context.Context, db *sql.DB, text string, args []any, scan func(*sql.Rows) error) (err error) {
	rows, err := db.QueryContext(ctx, text, args...) //nolint:gosec // made of words of this package and placeholders
	if err != nil {
		return err
	}
	return drain(rows, scan)
}

func drain(rows *sql.Rows, scan func(*sql.Rows) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// instant spells a moment as the API wants it. A day without a time is noon UTC.
func instant(t time.Time) string {
	if t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 {
		return t.Format(time.DateOnly) + "T12:00:00Z"
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func instantOrNil(t sql.NullTime) *string {
	if !t.Valid {
		return nil
	}
	text := instant(t.Time)
	return &text
}

func textOrNil(t sql.NullString) *string {
	if !t.Valid || t.String == "" {
		return nil
	}
	return &t.String
}

func textOr(t sql.NullString, otherwise string) string {
	if !t.Valid || t.String == "" {
		return otherwise
	}
	return t.String
}

func numberOrNil(n sql.NullString) *json.Number {
	if !n.Valid {
		return nil
	}
	number := json.Number(n.String)
	return &number
}
