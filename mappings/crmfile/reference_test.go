package crmfile_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// TestReferenceIsCurrent holds mappings/CRM.md against the tables of keys;
// -update writes it.
func TestReferenceIsCurrent(t *testing.T) {
	got := string(crmfile.Reference())
	if diff := cmp.Diff(golden(t, "../CRM.md", got), got); diff != "" {
		t.Errorf("mappings/CRM.md is not what the tables say; run this test with -update (-want +got):\n%s", diff)
	}
}

// TestEditorSchemaIsCurrent holds mappings/crm.schema.json against the tables of
// keys and the interface's members; -update writes it.
func TestEditorSchemaIsCurrent(t *testing.T) {
	got := string(editorSchema(t))
	if diff := cmp.Diff(golden(t, "../crm.schema.json", got), got); diff != "" {
		t.Errorf("mappings/crm.schema.json is not what the tables say; run this test with -update (-want +got):\n%s", diff)
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	for _, c := range crmfile.Contexts() {
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

// TestExamplesAreMappings puts every example of this package's own keys into a
// mapping: it must be read without a fault of form and be what the editor schema
// allows.
func TestExamplesAreMappings(t *testing.T) {
	schema := compiled(t)
	for _, c := range crmfile.Contexts() {
		for _, key := range c.Keys {
			t.Run(c.Name+"/"+key.Name, func(t *testing.T) {
				if c.Name == "crm" && slices.Contains(sharedNames(), key.Name) || (c.Name == "update" || c.Name == "moves") && slices.Contains([]string{"from", "key", "join", "where", "use", "fields"}, key.Name) {
					return // the examples of rms.yaml, which are held there
				}
				src := framed(c, key)
				if c.Name == "stage" {
					_, faults := crmfile.ParseMap(crmfile.SalesStages, "sales-stages.yaml", []byte("N:\n  "+strings.ReplaceAll(key.Example, "\n", "\n  ")+"\n"))
					if len(faults) > 0 {
						t.Errorf("got faults\n%v", faults)
					}
					return
				}
				_, faults := crmfile.Parse("crm.yaml", []byte(src), crmfile.Names{})
				if len(faults) > 0 {
					t.Errorf("got faults\n%v\nin\n%s", faults, src)
				}
				if err := validate(schema, []byte(src)); err != nil {
					t.Errorf("the editor schema refuses it: %v\nin\n%s", err, src)
				}
			})
		}
	}
}

func sharedNames() []string {
	var all []string
	for _, key := range mapfile.SharedKeys() {
		all = append(all, key.Name)
	}
	return all
}

// framed puts an example where the frame says HERE, indented as far, and drops
// the lines of the frame that the example has as well.
func framed(c *mapfile.Context, key *mapfile.Key) string {
	var out []string
	for _, line := range strings.Split(c.Frame, "\n") {
		at := strings.Index(line, "HERE")
		if at < 0 {
			out = append(out, line)
			continue
		}
		indent := strings.Repeat(" ", at)
		shown := map[string]bool{}
		for _, one := range strings.Split(key.Example, "\n") {
			if name, _, found := strings.Cut(one, ":"); found && !strings.HasPrefix(one, " ") {
				shown[name] = true
			}
		}
		out = slices.DeleteFunc(out, func(before string) bool {
			trimmed := strings.TrimLeft(before, " ")
			name, _, _ := strings.Cut(trimmed, ":")
			return len(before)-len(trimmed) == at && shown[name]
		})
		for _, one := range strings.Split(key.Example, "\n") {
			out = append(out, indent+one)
		}
	}
	return strings.Join(out, "\n")
}

func TestEditorSchemaRefusesWhatIsMisspelt(t *testing.T) {
	schema := compiled(t)
	for name, src := range map[string]string{
		"TopLevelKey": "leads: {leadId: gateway}\n",
		"RowKey":      "lead: {leadId: gateway, rows: [{card: {table: CARD, inserts: {A: lead.name}}}]}\n",
		"Member":      "update: {from: CARD c, fields: {leadStat: c.STATUS}}\n",
		"KeyWord":     "lead: {leadId: gateway, rows: [{card: {table: CARD, key: {NO: {counter: {tabel: SEQ}}}, insert: {A: lead.name}}}]}\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := validate(schema, []byte(src)); err == nil {
				t.Errorf("the editor schema allows %s", src)
			}
		})
	}
}

func editorSchema(t *testing.T) []byte {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromFile("../../openapi/lead/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var members crmfile.Names
	for name := range spec.Components.Schemas["LeadUpdate"].Value.Properties {
		members.Update = append(members.Update, name)
	}
	slices.Sort(members.Update)
	made, err := crmfile.JSONSchema(members)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(editorSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler() // checks against the metaschema
	if err := compiler.AddResource("crm.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("crm.schema.json")
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

func TestEditorSchemaAllowsAWholeFile(t *testing.T) {
	src, err := os.ReadFile("../dealers/demo/crm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(compiled(t), src); err != nil {
		t.Error(err)
	}
}
