package sqlcrm

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
	"github.com/dealerbridge/dealerbridge/openapi"
)

// interfaceShape is what the lead interface says about leads and updates.
type interfaceShape struct {
	names   crmfile.Names
	lengths map[string]int // longest text of a member of a lead
	update  *openapi3.Schema
	typ     reflect.Type // of an update with what a stage is made of beside it
}

// The fields of typ beside those of model.LeadUpdate.
var beside = []reflect.StructField{
	{Name: "Stage", Type: reflect.TypeFor[*string](), Tag: `json:"` + crmfile.StageField + `"`},
	{Name: "Percentage", Type: reflect.TypeFor[*int64](), Tag: `json:"` + crmfile.PercentageField + `"`},
}

var shape = sync.OnceValues(func() (*interfaceShape, error) {
	doc, err := openapi.LeadDocument()
	if err != nil {
		return nil, fmt.Errorf("reading the specification: %w", err)
	}
	lead, update := doc.Components.Schemas["Lead"], doc.Components.Schemas["LeadUpdate"]
	if lead == nil || update == nil {
		return nil, fmt.Errorf("the specification has no Lead or no LeadUpdate")
	}
	s := &interfaceShape{lengths: map[string]int{}}
	for name, property := range lead.Value.Properties {
		s.names.Lead = append(s.names.Lead, name)
		if property.Value.MaxLength != nil {
			s.lengths[name] = int(min(*property.Value.MaxLength, 1<<30))
		}
	}
	for name := range update.Value.Properties {
		s.names.Update = append(s.names.Update, name)
	}
	slices.Sort(s.names.Lead)
	slices.Sort(s.names.Update)

	// Whether a lead's id and the dealer's are there is not the row's to say.
	own := *update.Value
	own.Required = slices.DeleteFunc(slices.Clone(own.Required), func(name string) bool { return name == "leadId" || name == "dealerLeadId" })
	own.Properties = openapi3.Schemas{}
	for name, property := range update.Value.Properties {
		own.Properties[name] = property
	}
	own.Properties[crmfile.StageField] = openapi3.NewStringSchema().NewRef()
	own.Properties[crmfile.PercentageField] = openapi3.NewInt64Schema().NewRef()
	s.update = &own
	typ := reflect.TypeFor[model.LeadUpdate]()
	fields := make([]reflect.StructField, 0, typ.NumField()+len(beside))
	for i := range typ.NumField() {
		fields = append(fields, typ.Field(i))
	}
	s.typ = reflect.StructOf(append(fields, beside...))
	return s, nil
})

const updateEndpoint = "update"

// target is what the section `update` of a file is compiled against.
func (s *interfaceShape) target(file *crmfile.File) plan.Target {
	t := plan.Target{
		Endpoints: []plan.EndpointTarget{{Name: updateEndpoint, Type: s.typ, Schema: s.update}},
		NotYet:    crmfile.NotYet, Days: true,
	}
	u := file.Update
	t.State = &plan.StateSection{ID: u.LeadID, Open: u.Open}
	if u.Gone != nil {
		t.State.Gone = u.Gone.When
	}
	for _, changed := range u.Changed {
		t.State.Changed = append(t.State.Changed, &plan.ChangedRows{Source: changed.Source, Own: changed.Own, Key: changed.Lead})
	}
	return t
}

// complete adds to a section what goes without saying.
func complete(file *crmfile.File) {
	section := file.Update.Section
	has := func(name string) bool {
		return slices.ContainsFunc(section.Fields, func(f *mapfile.Field) bool { return f.Path.Value == name })
	}
	add := func(name string, v *mapfile.Value) {
		section.Fields = append(section.Fields, &mapfile.Field{Path: mapfile.Text{Value: name, Pos: v.Pos}, Value: v})
	}
	if code := file.Shared.Currency; code.Value != "" && !has("currencyIsoCode") {
		add("currencyIsoCode", &mapfile.Value{Pos: code.Pos, Kind: mapfile.LiteralValue, Literal: &code})
	}
	if file.Update.LeadID != nil && !has("leadId") {
		add("leadId", file.Update.LeadID)
	}
	if !has("dealerLeadId") && len(section.Key) == 1 {
		add("dealerLeadId", section.Key[0])
	}
}

// memberTexts are the members of a lead that are there, as texts.
func memberTexts(lead model.Lead) map[string]string {
	v := reflect.ValueOf(&lead).Elem()
	names := leadMembers()
	texts := make(map[string]string, len(names)/2)
	for i, name := range names {
		member := v.Field(i)
		if member.Kind() == reflect.Pointer {
			if member.IsNil() {
				continue
			}
			member = member.Elem()
		}
		text := ""
		if member.Kind() == reflect.String {
			text = member.String()
		} else {
			text = fmt.Sprint(member.Interface())
		}
		if text != "" {
			texts[name] = text
		}
	}
	return texts
}

// leadMembers are the names of a lead's members, by the fields of its type.
var leadMembers = sync.OnceValue(func() []string {
	of := reflect.TypeFor[model.Lead]()
	names := make([]string, of.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(of.Field(i).Tag.Get("json"), ",")
	}
	return names
})
