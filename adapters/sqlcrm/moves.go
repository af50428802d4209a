package sqlcrm

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

const movesEndpoint = "moves"

// moveRow is what a row says about a move.
type moveRow struct {
	RequestID   *string `json:"requestId"`
	RemoteID    *string `json:"remoteId"`
	Status      string  `json:"status"`
	User        *string `json:"user"`
	UserName    *string `json:"userName"`
	Title       *string `json:"title"`
	Text        *string `json:"text"`
	Date        *string `json:"date"`
	Disposition *string `json:"disposition"`
	ChangedAt   string  `json:"changedAt"`
}

// movesTarget is what the section `moves` of a file is compiled against.
func movesTarget(file *crmfile.File) plan.Target {
	schema := openapi3.NewObjectSchema()
	schema.Required = []string{"status", crmfile.StampField}
	for _, name := range crmfile.MoveFields() {
		schema.Properties[name] = openapi3.NewStringSchema().NewRef()
	}
	schema.Properties["date"] = openapi3.NewDateTimeSchema().NewRef()
	schema.Properties[crmfile.StampField] = openapi3.NewDateTimeSchema().NewRef()
	return plan.Target{
		Endpoints: []plan.EndpointTarget{{Name: movesEndpoint, Type: reflect.TypeFor[moveRow](), Schema: schema}},
		NotYet:    crmfile.NotYet,
		State: &plan.StateSection{Changed: []*plan.ChangedRows{{Own: true, Source: &mapfile.ChangeSource{
			Pos: file.Moves.Pos, Source: file.Moves.Section.Source, Join: file.Moves.Section.Join, Stamp: []*mapfile.Value{file.Moves.Stamp},
		}}}},
	}
}

// partOf is what one section of a file is made of.
func partOf(file *mapfile.File, section *mapfile.Endpoint) *mapfile.File {
	part := file
	if len(file.Endpoints) > 1 {
		part = file.Part(section.Name.Value)
	}
	own := *part
	own.Endpoints = []*mapfile.Endpoint{section}
	own.Changes = &mapfile.Changes{Pos: section.Name.Pos}
	return &own
}

// compileMoves compiles the section `moves`.
func compileMoves(file *crmfile.File) (*plan.Plan, mapfile.Faults) {
	section := file.Moves.Section
	stamp := *file.Moves.Stamp
	if stamp.Kind == mapfile.ColumnValue { // a moment, midnight included
		column := stamp
		keep := &mapfile.DateRule{Pos: column.Pos, Midnight: &mapfile.Text{Value: "keep"}}
		stamp = mapfile.Value{
			Pos: column.Pos, Kind: mapfile.FromValue, Items: []*mapfile.Value{&column}, Convert: &mapfile.Conversions{Pos: column.Pos, Date: keep},
		}
	}
	section.Fields = append(section.Fields, &mapfile.Field{Path: mapfile.Text{Value: crmfile.StampField, Pos: stamp.Pos}, Value: &stamp})
	return plan.Compile(partOf(file.Shared, section), movesTarget(file))
}

// Outgoing implements adapters.MessageSource. Moves of the last moment told are
// told again beside the new ones, for rows may have changed twice within it.
func (c *CRM) Outgoing(ctx context.Context, mark string, limit int) ([]adapters.DealerMove, string, error) {
	const what = "fetching what the dealer's staff did"
	v, p, err := c.begin(ctx)
	switch {
	case err == nil && p.moves == nil:
		err = fmt.Errorf("%w: crm.yaml has no `moves`", adapters.ErrMapping)
	case err == nil && limit < 1:
		err = fmt.Errorf("a page of %d moves", limit)
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", what, err)
	}
	since, err := readMark(mark)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", what, err)
	}
	all, err := c.moves(ctx, v, p.moves, since.at)
	if err != nil {
		c.doubt(v, err)
		return nil, "", fmt.Errorf("%s: %w", what, err)
	}
	var out []adapters.DealerMove
	told, last := 0, since
	for _, m := range all {
		if m.place.compare(since) <= 0 {
			if m.place.at.Equal(since.at) {
				out = append(out, m.DealerMove)
			}
			continue
		}
		if told == limit {
			break
		}
		out = append(out, m.DealerMove)
		told, last = told+1, m.place
	}
	return out, last.String(), nil
}

// place is where a move stands among all: by its moment, then by its row.
type place struct {
	at  time.Time
	row string
}

// String is the place as a mark; "" for the beginning.
func (p place) String() string {
	if p.at.IsZero() {
		return ""
	}
	return p.at.UTC().Format(time.RFC3339Nano) + " " + p.row
}

func (p place) compare(other place) int {
	if by := p.at.Compare(other.at); by != 0 {
		return by
	}
	return strings.Compare(p.row, other.row)
}

func readMark(mark string) (place, error) {
	if mark == "" {
		return place{}, nil
	}
	moment, row, _ := strings.Cut(mark, " ")
	at, err := time.Parse(time.RFC3339Nano, moment)
	if err != nil {
		return place{}, adapters.ErrStaleKeys
	}
	return place{at: at, row: row}, nil
}

// placed is a move and where it stands.
type placed struct {
	adapters.DealerMove
	place place
}

// moves reads all moves since a time, in their order.
func (c *CRM) moves(ctx context.Context, v *version, p *plan.Program, since time.Time) ([]placed, error) {
	asking := c.asking(c.pool.anywhere())
	changed, err := p.ChangedKeys(ctx, asking, since)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	keys := changed.All()
	states, err := p.States(ctx, asking, keys)
	if err != nil {
		return nil, err
	}
	var all []placed
	for i, state := range states {
		if !state.Found || state.NotYet {
			continue
		}
		row, ok := state.Value.Interface().(moveRow)
		if !ok {
			continue
		}
		all = append(all, v.moveOf(row, keys[i], state))
	}
	slices.SortFunc(all, func(a, b placed) int { return a.place.compare(b.place) })
	return all, nil
}

func (v *version) moveOf(row moveRow, key []string, state plan.RowState) placed {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	name := strings.Join(key, "\x00")
	m := placed{DealerMove: adapters.DealerMove{
		ID: mark(name + "\x00" + row.Status), RequestID: text(row.RequestID), RemoteID: text(row.RemoteID), Status: row.Status,
		User: text(row.User), UserName: text(row.UserName), Title: text(row.Title), Text: text(row.Text), Disposition: text(row.Disposition),
	}}
	if at, err := time.Parse(time.RFC3339, text(row.Date)); err == nil {
		m.Date = &at
	}
	if at, err := time.Parse(time.RFC3339, row.ChangedAt); err == nil { // else it is among the faults
		m.place.at = at
	}
	m.place.row = mark(name)
	for _, f := range state.Faults {
		m.Faults = append(m.Faults, adapters.FieldFault{Field: f.Field, Reason: sentence(f.Reason, fieldMaps(v.file.Shared, v.file.Moves.Section, f.Field))})
	}
	if m.RequestID == "" && m.RemoteID == "" {
		m.Faults = append(m.Faults, adapters.FieldFault{Field: "requestId", Reason: "neither the dealer's id nor the partner's is there"})
	}
	return m
}
