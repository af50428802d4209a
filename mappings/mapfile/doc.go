// Package mapfile owns the mapping file's format: it reads the YAML an
// integrator writes into a typed tree with positions, and reports everything
// that is wrong with its form at once, as file:line:col.
//
// It knows no SQL, no database and no API: what a field may be called and
// which type it has is for the plan to say.
package mapfile

//go:generate go test -count=1 -run "TestReferenceIsCurrent|TestEditorSchemaIsCurrent" -update .
