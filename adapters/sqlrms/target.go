package sqlrms

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
	"github.com/dealerbridge/dealerbridge/openapi"
)

// The endpoints as they are called in a mapping file.
const (
	contracts = "contract"
	jobsites  = "jobsite"
	catalogue = "dealer-category"
	invoices  = "invoice"
	customers = "customer"
	locations = "location"
)

const customerField = "customerId"

// target is what a mapping is compiled against: the Go types that are sent and
// the schemas the specification has for them.
var target = sync.OnceValues(func() (plan.Target, error) {
	doc, err := openapi.CRSDocument()
	if err != nil {
		return plan.Target{}, fmt.Errorf("reading the specification: %w", err)
	}
	t := plan.Target{Endpoints: []plan.EndpointTarget{
		{Name: contracts, Type: reflect.TypeFor[model.Contract](), Customer: customerField, PerCustomer: true, Found: &plan.FoundBy{List: "assetDetails", Field: "serialNumber"}},
		{Name: jobsites, Type: reflect.TypeFor[model.Jobsite](), Customer: customerField, PerCustomer: true},
		{Name: catalogue, Type: reflect.TypeFor[model.Category]()},
		{
			Name: invoices, Type: reflect.TypeFor[model.Invoice](), Customer: customerField, PerCustomer: true,
			Order: []plan.FieldOrder{{Field: "invoiceDate", Desc: true}, {Field: "invoiceId", Desc: true}}, // R163
		},
		{Name: customers, Type: reflect.TypeFor[model.Customer](), Customer: customerField, PerCustomer: true, Lookup: true},
		{Name: locations, Type: reflect.TypeFor[model.Location]()},
	}}
	for i := range t.Endpoints {
		e := &t.Endpoints[i]
		ref := doc.Components.Schemas[e.Type.Name()]
		if ref == nil || ref.Value == nil {
			return plan.Target{}, fmt.Errorf("the specification has no schema %s", e.Type.Name())
		}
		e.Schema = ref.Value
	}
	return t, nil
})
