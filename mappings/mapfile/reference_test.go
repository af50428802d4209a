package mapfile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// TestReferenceIsCurrent holds mappings/REFERENCE.md against the tables of
// keys; -update writes it.
func TestReferenceIsCurrent(t *testing.T) {
	got := string(mapfile.Reference())
	if diff := cmp.Diff(golden(t, "../REFERENCE.md", got), got); diff != "" {
		t.Errorf("mappings/REFERENCE.md is not what the tables say; run this test with -update (-want +got):\n%s", diff)
	}
}

// TestEditorSchemaIsCurrent holds mappings/mapping.schema.json against the
// tables of keys and the API's own fields; -update writes it.
func TestEditorSchemaIsCurrent(t *testing.T) {
	got := string(editorSchema(t))
	if diff := cmp.Diff(golden(t, "../mapping.schema.json", got), got); diff != "" {
		t.Errorf("mappings/mapping.schema.json is not what the tables say; run this test with -update (-want +got):\n%s", diff)
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	for _, c := range mapfile.Contexts() {
		if c.Doc == "" || c.Title == "" || !strings.Contains(c.Frame, "HERE") {
			t.Errorf("context %s: a title, a sentence and a frame for its examples are wanted", c.Name)
		}
		for _, key := range c.Keys {
			if key.Doc == "" || !strings.HasSuffix(key.Doc, ".") {
				t.Errorf("%s.%s: got doc %q, want a sentence", c.Name, key.Name, key.Doc)
			}
			if !strings.Contains(key.Example, key.Name+":") {
				t.Errorf("%s.%s: got example %q, want one that shows the key", c.Name, key.Name, key.Example)
			}
		}
	}
}

// TestExamplesAreMappings puts every example of the reference into a mapping:
// it must be read without a fault and be what the editor schema allows.
func TestExamplesAreMappings(t *testing.T) {
	schema := compiled(t)
	for _, c := range mapfile.Contexts() {
		for _, key := range c.Keys {
			t.Run(c.Name+"/"+key.Name, func(t *testing.T) {
				src := framed(c, key)
				_, faults := mapfile.Parse("rms.yaml", []byte(src))
				if len(faults) > 0 {
					t.Errorf("got faults:\n%v\nin\n%s", faults, src)
				}
				if err := validate(schema, []byte(src)); err != nil {
					t.Errorf("the editor schema refuses it: %v\nin\n%s", err, src)
				}
			})
		}
	}
}

func TestEditorSchemaAllowsTheWholeLanguage(t *testing.T) {
	schema := compiled(t)
	for _, path := range []string{"testdata/whole/rms.yaml", "../dealers/demo/rms.yaml"} {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(schema, src); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if _, faults := mapfile.Load(filepath.Dir(path)); len(faults) > 0 {
			t.Errorf("%s: got faults\n%v", path, faults)
		}
	}
}

func TestEditorSchemaRefusesWhatIsMisspelt(t *testing.T) {
	schema := compiled(t)
	for name, src := range map[string]string{
		"TopLevelKey":  "contracts: none\n",
		"FieldOfAPI":   "contract: {from: HIRE h, fields: {contractNo: h.no}}\n",
		"FieldOfList":  "contract: {from: HIRE h, fields: {contractId: h.no}, assetDetails: {from: L d, parent: {a: h.b}, fields: {qty: d.qty}}}\n",
		"Conversion":   "customerNumber: {from: c.no, padd: 7}\n",
		"BadRowPolicy": "onBadRow: leaveout\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := validate(schema, []byte(src)); err == nil {
				t.Errorf("the editor schema allows %s", src)
			}
		})
	}
}

// instead names the keys that another one stands in for.
var instead = map[string][]string{
	"list":     {"from", "fields"},
	"sources":  {"from", "fields", "parent"},
	"columns":  {"from", "parent"},
	"elements": {"from", "parent"},
	"select":   {"table"},
	"file":     {"R"},
}

// framed puts an example where the frame says HERE, indented as far, and drops
// the frame's own line for a key that the example shows.
func framed(c *mapfile.Context, shownKey *mapfile.Key) string {
	frame, example := c.Frame, shownKey.Example
	if shownKey.Frame != "" {
		frame = shownKey.Frame
	}
	var out []string
	lines := strings.Split(frame, "\n")
	for i, line := range lines {
		at := strings.Index(line, "HERE")
		if at < 0 {
			out = append(out, line)
			continue
		}
		indent := strings.Repeat(" ", at)
		shown := map[string]bool{}
		for _, line := range strings.Split(example, "\n") {
			if key, _, found := strings.Cut(line, ":"); found && !strings.HasPrefix(line, " ") {
				shown[key] = true
				for _, other := range instead[key] {
					shown[other] = shown[other] || c.Name != "rates"
				}
			}
		}
		kept := out[:0]
		for _, line := range out {
			trimmed := strings.TrimLeft(line, " -")
			key, _, _ := strings.Cut(trimmed, ":")
			if len(line)-len(trimmed) == at && shown[key] && !strings.HasSuffix(line, ":") && lines[i] != line {
				if strings.Contains(line, "- ") {
					kept = append(kept, strings.Repeat(" ", at-2)+"-")
				}
				continue
			}
			kept = append(kept, line)
		}
		out = kept
		for _, line := range strings.Split(example, "\n") {
			out = append(out, indent+line)
		}
	}
	return strings.Join(out, "\n")
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(editorSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler() // checks against the metaschema
	if err := compiler.AddResource("mapping.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("mapping.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(schema *jsonschema.Schema, src []byte) error {
	asJSON, err := yaml.YAMLToJSON(src)
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

func editorSchema(t *testing.T) []byte {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromFile("../../openapi/crs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	made, err := mapfile.JSONSchema(func(endpoint string) []mapfile.APIField {
		return fieldsOf(elementOf(t, spec, endpoint), "")
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// elementOf gives the schema of one element of an endpoint's answer: of its
// items, or of the only object in it.
func elementOf(t *testing.T, spec *openapi3.T, endpoint string) *openapi3.Schema {
	t.Helper()
	path := spec.Paths.Find("/api/v1/" + endpoint)
	if path == nil || path.Get == nil {
		t.Fatalf("the specification has no %s", endpoint)
	}
	answer := path.Get.Responses.Status(200).Value.Content.Get("application/json").Schema.Value
	if items := answer.Properties["items"]; items != nil {
		return items.Value.Items.Value
	}
	return answer.Properties[endpoint].Value
}

func fieldsOf(s *openapi3.Schema, prefix string) []mapfile.APIField {
	var all []mapfile.APIField
	for _, name := range sortedNames(s.Properties) {
		property := s.Properties[name].Value
		path := prefix + name
		switch {
		case property.Type.Is("array") && property.Items.Value.Type.Is("object"):
			all = append(all, mapfile.APIField{Path: path, Doc: oneLine(property.Description), List: true, Fields: fieldsOf(property.Items.Value, "")})
		case property.Type.Is("object"):
			all = append(all, fieldsOf(property, path+".")...)
		default:
			all = append(all, mapfile.APIField{Path: path, Doc: oneLine(property.Description)})
		}
	}
	return all
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func sortedNames(properties openapi3.Schemas) []string {
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
