package openapi_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

// The tables in testdata/fields say what the documents demand of every member: whether it is required, its type, its
// greatest length and its closed list. They are facts to compare with, not made from the specification, so that a slip
// of the hand in either is found.

const fieldsHeader = "path\trequired\ttype\tmax_length\tenum"

func TestFieldsAreThoseOfTheDocuments(t *testing.T) {
	for _, spec := range specifications {
		doc := spec.document(t)
		files, err := filepath.Glob(filepath.Join("testdata/fields", spec.name, "*.tsv"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 && !spec.own {
			t.Fatalf("no tables of %s", spec.name)
		}
		for _, file := range files {
			id := strings.TrimSuffix(filepath.Base(file), ".tsv")
			t.Run(spec.name+"/"+id, func(t *testing.T) {
				want := readFields(t, file)
				got := fieldLines(t, bodySchema(find(t, doc, id)))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("members (-document +specification):\n%s", diff)
				}
			})
		}
	}
}

func TestFieldTablesFindDrift(t *testing.T) {
	want := []string{"name\tyes\tstring\t10\t", "size\tno\tinteger\t\t"}
	longer := openapi3.NewObjectSchema().
		WithProperty("name", openapi3.NewStringSchema().WithMaxLength(12)).
		WithProperty("size", openapi3.NewInt64Schema()).
		WithRequired([]string{"name"})
	got := fieldLines(t, openapi3.NewSchemaRef("", longer))
	if cmp.Equal(want, got) {
		t.Error("a changed length was not seen")
	}
	longer.Properties["name"].Value.WithMaxLength(10)
	if diff := cmp.Diff(want, fieldLines(t, openapi3.NewSchemaRef("", longer))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// readFields returns the sorted lines of a table.
func readFields(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	var lines []string
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		if line := scanner.Text(); line != fieldsHeader && line != "" {
			lines = append(lines, line)
		}
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// fieldLines writes the members below a schema as the lines of a table, sorted.
func fieldLines(t testing.TB, ref *openapi3.SchemaRef) []string {
	t.Helper()
	var lines []string
	walk(ref, "", func(path string, member *openapi3.SchemaRef, required bool) {
		schema := member.Value
		need := "no"
		switch {
		case strings.HasSuffix(path, "[]"), strings.HasSuffix(path, "{any}"):
			need = ""
		case required:
			need = "yes"
		}
		length := ""
		if schema.MaxLength != nil {
			length = strconv.FormatUint(*schema.MaxLength, 10)
		}
		var enum []string
		for _, value := range schema.Enum {
			enum = append(enum, fmt.Sprint(value))
		}
		enum = append(enum, knownValues(t, path, schema)...)
		lines = append(lines, strings.Join([]string{path, need, typeName(schema), length, strings.Join(enum, "|")}, "\t"))
	})
	slices.Sort(lines)
	return lines
}

// knownValues are the values of an open list: others may arrive as well.
func knownValues(t testing.TB, path string, schema *openapi3.Schema) []string {
	t.Helper()
	open, ok := schema.Extensions["x-known-values"]
	if !ok {
		return nil
	}
	list, ok := open.([]any)
	if !ok || len(schema.Enum) > 0 {
		t.Fatalf("%s: x-known-values must be a list, and stand without enum", path)
	}
	var values []string
	for _, value := range list {
		text, ok := value.(string)
		if !ok {
			t.Fatalf("%s: a known value that is no text: %v", path, value)
		}
		values = append(values, text)
	}
	return values
}
