package openapi_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

// Rules every operation of ours follows; no schema and no public linter says them.
func TestHouseRules(t *testing.T) {
	for _, spec := range specifications {
		t.Run(spec.name, func(t *testing.T) { checkHouse(t, spec) })
	}
	t.Run("AMemberWithoutTextOrExampleIsFound", func(t *testing.T) {
		bare := openapi3.NewObjectSchema().WithProperty("silent", openapi3.NewStringSchema())
		bare.Description = "an object"
		got := memberFaults("Bare", openapi3.NewSchemaRef("", bare))
		want := []string{"Bare.silent: no description", "Bare.silent: no example"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("faults (-want +got):\n%s", diff)
		}
	})
}

func checkHouse(t *testing.T, spec specification) {
	doc := spec.document(t)
	t.Run("OperationIDsAreUniqueAndComplete", func(t *testing.T) {
		var ids, want []string
		for _, op := range operations(doc) {
			ids = append(ids, op.OperationID)
		}
		slices.Sort(ids)
		want = slices.Sorted(maps.Keys(spec.operations))
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("operation ids (-want +got):\n%s", diff)
		}
	})
	for _, op := range operations(doc) {
		t.Run(op.OperationID, func(t *testing.T) {
			rule := spec.operations[op.OperationID]
			checkTexts(t, op)
			checkAnswers(t, op, rule.failure)
			checkSecurity(t, doc, op, rule.security)
			checkParameters(t, op)
			checkExamplesPresent(t, op)
		})
	}
	t.Run("EverySchemaMemberIsExplained", func(t *testing.T) {
		for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
			for _, fault := range memberFaults(name, doc.Components.Schemas[name]) {
				t.Error(fault)
			}
		}
	})
	t.Run("ObjectsStayOpenForUnknownMembers", func(t *testing.T) {
		for name, schema := range doc.Components.Schemas {
			if has := schema.Value.AdditionalProperties.Has; has != nil && !*has {
				t.Errorf("%s refuses members that are not listed (R137, R210)", name)
			}
		}
	})
	t.Run("TheFileStandsAlone", func(t *testing.T) {
		for n, line := range strings.Split(string(spec.text()), "\n") {
			if _, target, ok := strings.Cut(line, "$ref: "); ok && !strings.HasPrefix(strings.Trim(target, `"`), "#/") {
				t.Errorf("line %d refers to something outside: %s", n+1, target)
			}
		}
	})
	t.Run("ObjectsHaveNames", func(t *testing.T) {
		for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
			walk(doc.Components.Schemas[name], name, func(path string, schema *openapi3.SchemaRef, _ bool) {
				if schema.Ref == "" && schema.Value.Type.Is("object") {
					t.Errorf("%s: an object without a name of its own", path)
				}
			})
		}
	})
	t.Run("NumbersSayTheirFormat", func(t *testing.T) {
		for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
			walk(doc.Components.Schemas[name], name, func(path string, schema *openapi3.SchemaRef, _ bool) {
				want := map[string]string{"number": "decimal", "integer": "int64"}
				for typ, format := range want {
					if schema.Value.Type != nil && schema.Value.Type.Is(typ) && schema.Value.Format != format {
						t.Errorf("%s: %s with format %q, want %q", path, typ, schema.Value.Format, format)
					}
				}
			})
		}
	})
}

func checkTexts(t *testing.T, op operation) {
	t.Helper()
	if op.Summary == "" || op.Description == "" {
		t.Errorf("%s %s: summary and description are needed", op.method, op.path)
	}
	if len(op.Tags) != 1 {
		t.Errorf("%s %s: tags %v, want exactly one", op.method, op.path, op.Tags)
	}
}

// checkAnswers holds that an operation declares its successes and one default answer, which is that failure.
func checkAnswers(t *testing.T, op operation, want failure) {
	t.Helper()
	fallback := op.Responses.Default()
	if fallback == nil {
		t.Fatal("no default answer")
	}
	content := fallback.Value.Content[want.media]
	if content == nil || content.Schema.Ref != "#/components/schemas/"+want.schema {
		t.Errorf("the default answer is not %s as %s", want.schema, want.media)
	}
	for _, header := range want.headers {
		if fallback.Value.Headers[header] == nil {
			t.Errorf("the default answer does not mention %s", header)
		}
	}
	for status := range op.Responses.Map() {
		if status != "default" && !strings.HasPrefix(status, "2") && status != "304" {
			t.Errorf("answer %s is declared beside the default", status)
		}
	}
}

func checkSecurity(t *testing.T, doc *openapi3.T, op operation, want openapi3.SecurityRequirements) {
	t.Helper()
	got := doc.Security
	if op.Security != nil {
		got = *op.Security
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("security (-want +got):\n%s", diff)
	}
}

func checkParameters(t *testing.T, op operation) {
	t.Helper()
	for _, parameter := range op.Parameters {
		p := parameter.Value
		if p.Description == "" {
			t.Errorf("parameter %s: no description", p.Name)
		}
		if p.Example == nil && len(p.Examples) == 0 && p.Schema.Value.Example == nil {
			t.Errorf("parameter %s: no example", p.Name)
		}
		if p.Schema.Value.Type.Is("string") && p.Schema.Value.MaxLength == nil && len(p.Schema.Value.Enum) == 0 {
			t.Errorf("parameter %s: text without a limit", p.Name)
		}
	}
}

// checkExamplesPresent holds that every body, asked or answered, comes with a whole example.
func checkExamplesPresent(t *testing.T, op operation) {
	t.Helper()
	bodies := map[string]openapi3.Content{}
	if op.RequestBody != nil {
		bodies["request"] = op.RequestBody.Value.Content
	}
	for status, answer := range op.Responses.Map() {
		bodies[status] = answer.Value.Content
	}
	for place, content := range bodies {
		for kind, media := range content {
			if media.Example == nil && len(media.Examples) == 0 {
				t.Errorf("%s %s: no example", place, kind)
			}
		}
	}
}

// memberFaults lists the members below a schema that lack a description, or an example where they hold a value.
func memberFaults(name string, ref *openapi3.SchemaRef) []string {
	var faults []string
	if ref.Value.Description == "" {
		faults = append(faults, name+": no description")
	}
	walk(ref, name, func(path string, schema *openapi3.SchemaRef, _ bool) {
		s := schema.Value
		if s.Description == "" {
			faults = append(faults, path+": no description")
		}
		holds := s.Type == nil || !s.Type.Is("object") && !s.Type.Is("array")
		if holds && s.Example == nil {
			faults = append(faults, fmt.Sprintf("%s: no example", path))
		}
	})
	return faults
}
