// Package dealers_test holds the sample dealers' mappings to what they are
// meant to show: that most of a mapping is plain columns, and that it needs no
// SQL, so that one file runs on every server.
package dealers_test

import (
	"io/fs"
	"reflect"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/hostline"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/nordbau"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

var samples = map[string]fs.FS{"demo": demo.Mapping(), "hostline": hostline.Mapping(), "nordbau": nordbau.Mapping()}

// least is the share of plain columns in hundredths. The demo shows more of the
// language than a dealer would need.
var least = map[string]int{"demo": 45, "hostline": 50, "nordbau": 50}

func TestSampleMappings(t *testing.T) {
	for name, folder := range samples {
		set, faults := mapfile.LoadFS(folder, ".")
		for _, f := range faults {
			t.Errorf("%s: %v", name, f)
		}
		if set.RMS == nil {
			t.Fatalf("%s: got no mapping", name)
		}
		var s shape
		s.walk(reflect.ValueOf(set.RMS))
		t.Run(name+"/ServesEveryEndpoint", func(t *testing.T) {
			if len(set.RMS.Endpoints) != 6 || set.RMS.Changes == nil {
				t.Errorf("got %d endpoints and changes %v, want 6 and some", len(set.RMS.Endpoints), set.RMS.Changes)
			}
		})
		t.Run(name+"/HoldsNoSQL", func(t *testing.T) {
			if s.sql != 0 {
				t.Errorf("got %d pieces of SQL, want none", s.sql)
			}
		})
		t.Run(name+"/IsHalfPlainColumns", func(t *testing.T) {
			t.Logf("%d of %d fields are plain columns", s.plain, s.fields)
			if 100*s.plain < least[name]*s.fields {
				t.Errorf("%d of %d fields are plain columns, want %d in a hundred", s.plain, s.fields, least[name])
			}
		})
	}
}

// shape counts what a mapping is made of. A fixed text counts as no field: there
// is no column to be plain.
type shape struct{ fields, plain, sql int }

func (s *shape) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if f, ok := v.Interface().(*mapfile.Field); ok {
			s.field(f)
		}
		s.walk(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			s.walk(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			part := v.Type().Field(i)
			if !part.IsExported() {
				continue
			}
			if text, ok := v.Field(i).Interface().(*mapfile.Text); ok && text != nil && (part.Name == "SQL" || part.Name == "On" || part.Name == "Select") {
				s.sql++
			}
			s.walk(v.Field(i))
		}
	}
}

func (s *shape) field(f *mapfile.Field) {
	if f.Value.Kind == mapfile.LiteralValue {
		return
	}
	s.fields++
	if f.Value.Kind == mapfile.ColumnValue && f.Value.Convert == nil {
		s.plain++
	}
}
