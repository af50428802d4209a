package plan

import (
	"reflect"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// usesSQL says whether a file holds SQL of its own anywhere.
func usesSQL(file *mapfile.File) bool {
	return holdsSQL(reflect.ValueOf(file))
}

// holdsSQL walks the parsed tree for the members that hold SQL text.
func holdsSQL(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && holdsSQL(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if holdsSQL(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			isSQL := name == "SQL" || name == "On" || name == "Select"
			if isSQL && v.Field(i).Kind() == reflect.Pointer && !v.Field(i).IsNil() {
				return true
			}
			if holdsSQL(v.Field(i)) {
				return true
			}
		}
	}
	return false
}
