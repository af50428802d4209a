package baseline

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

type invoice struct {
	InvoiceID       string          `json:"invoiceId"`
	InvoiceType     *string         `json:"invoiceType,omitempty"`
	PoNumber        *string         `json:"poNumber,omitempty"`
	Total           json.Number     `json:"total"`
	Currency        string          `json:"currency"`
	InvoiceDate     string          `json:"invoiceDate"`
	BilledDateStart string          `json:"billedDateStart"`
	BilledDateEnd   string          `json:"billedDateEnd"`
	JobsiteID       string          `json:"jobsiteId"`
	ContractID      string          `json:"contractId"`
	AssetDetails    []invoicedAsset `json:"assetDetails"`
	FeeDetails      []charge        `json:"feeDetails"`
	TaxDetails      []charge        `json:"taxDetails"`

	id int64
}

type invoicedAsset struct {
	RentedAssetID    string      `json:"rentedAssetId"`
	CategoryID       *string     `json:"categoryId,omitempty"`
	AssetName        *string     `json:"assetName,omitempty"`
	Quantity         int64       `json:"quantity"`
	RentalTotal      json.Number `json:"rentalTotal"`
	LongDescription  *string     `json:"longDescription,omitempty"`
	ShortDescription string      `json:"shortDescription"`
	Model            string      `json:"model"`
	EquipmentAssetID string      `json:"equipmentAssetId"`
	Manufacturer     string      `json:"manufacturer"`
	SerialNumber     string      `json:"serialNumber"`
	RentalRate       *rates      `json:"rentalRate,omitempty"`
}

// prepared are the statements of which every word is fixed.
type prepared struct {
	countInvoices, invoices   *sql.Stmt
	countLocations, locations *sql.Stmt
}

func prepare(ctx context.Context, db *sql.DB) (p prepared, err error) {
	for _, one := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&p.countInvoices, "select count(*) from invoices where customer = ?"},
		{&p.invoices, "select r.id, r.number, r.type, r.po, r.total, r.currency, r.issued, r.billed_from, r.billed_to, r.jobsite, r.contract_number " +
			"from invoices r join customers c on c.number = r.customer where r.customer = ? order by r.issued desc, r.number desc limit ? offset ?"},
		{&p.countLocations, "select count(*) from branches"},
		{&p.locations, "select code, name, address1, city, state, zip, country, latitude, longitude from branches order by code limit ? offset ?"},
	} {
		if *one.to, err = db.PrepareContext(ctx, one.text); err != nil { //nolint:sqlclosecheck // kept; it ends with the connections
			return p, err
		}
	}
	return p, nil
}

func (s *Server) invoices(w http.ResponseWriter, r *http.Request) {
	a, err := read(r)
	if err != nil {
		refuse(w, err)
		return
	}
	p, err := s.invoicePage(r.Context(), a)
	send(w, p, err)
}

func (s *Server) invoicePage(ctx context.Context, a ask) (page[invoice], error) {
	var none page[invoice]
	var total int64
	if err := s.prep.countInvoices.QueryRowContext(ctx, a.customers...).Scan(&total); err != nil {
		return none, err
	}
	rows, err := s.prep.invoices.QueryContext(ctx, append(append([]any{}, a.customers...), a.items, a.page*a.items)...)
	if err != nil {
		return none, err
	}
	var all []invoice
	customer, _ := a.customers[0].(string)
	err = drain(rows, func(rows *sql.Rows) error {
		i := invoice{AssetDetails: []invoicedAsset{}, FeeDetails: []charge{}, TaxDetails: []charge{}}
		var kind, po, currency sql.NullString
		var jobsite string
		var issued, from, to time.Time
		if err := rows.Scan(&i.id, &i.InvoiceID, &kind, &po, &i.Total, &currency, &issued, &from, &to, &jobsite, &i.ContractID); err != nil {
			return err
		}
		i.InvoiceType, i.PoNumber, i.Currency = textOrNil(kind), textOrNil(po), textOr(currency, "USD")
		i.InvoiceDate, i.BilledDateStart, i.BilledDateEnd = instant(issued), instant(from), instant(to)
		i.JobsiteID = customer + "-" + jobsite
		all = append(all, i)
		return nil
	})
	if err != nil || len(all) == 0 {
		return answer(a, all, total), err
	}
	byID := make(map[int64]*invoice, len(all))
	ids := make([]any, len(all))
	for i := range all {
		byID[all[i].id] = &all[i]
		ids[i] = all[i].id
	}
	if err := s.invoiceLines(ctx, byID, ids); err != nil {
		return none, err
	}
	for _, list := range []struct {
		table string
		of    func(*invoice) *[]charge
	}{
		{"invoice_fees", func(i *invoice) *[]charge { return &i.FeeDetails }},
		{"invoice_taxes", func(i *invoice) *[]charge { return &i.TaxDetails }},
	} {
		err := each(ctx, s.db, "select invoice, name, amount from "+list.table+" where invoice in "+marks(len(ids))+" order by invoice, id",
			ids, func(rows *sql.Rows) error {
				var id int64
				var one charge
				if err := rows.Scan(&id, &one.Name, &one.Total); err != nil {
					return err
				}
				into := list.of(byID[id])
				*into = append(*into, one)
				return nil
			})
		if err != nil {
			return none, err
		}
	}
	return answer(a, all, total), nil
}

func (s *Server) invoiceLines(ctx context.Context, byID map[int64]*invoice, ids []any) error {
	return each(ctx, s.db, "select d.invoice, d.contract_line, k.category, k.title, d.qty, d.amount, d.description, e.model, d.unit, e.make, e.serial, "+
		"d.day_rate, d.week_rate, d.month_rate "+
		"from invoice_lines d left join equipment e on e.unit = d.unit left join classes k on k.code = d.class "+
		"where d.invoice in "+marks(len(ids))+" order by d.invoice, d.line",
		ids, func(rows *sql.Rows) error {
			var a invoicedAsset
			var id, line int64
			var category, title, description, model, maker, serial, daily, weekly, monthly sql.NullString
			if err := rows.Scan(&id, &line, &category, &title, &a.Quantity, &a.RentalTotal, &description, &model, &a.EquipmentAssetID,
				&maker, &serial, &daily, &weekly, &monthly); err != nil {
				return err
			}
			i := byID[id]
			a.RentedAssetID = i.ContractID + "-" + strconv.FormatInt(line, 10)
			a.CategoryID, a.AssetName, a.LongDescription = textOrNil(category), textOrNil(title), textOrNil(description)
			a.ShortDescription, a.Model, a.Manufacturer, a.SerialNumber = title.String, model.String, maker.String, serial.String
			a.RentalRate = ratesOf(daily, weekly, monthly)
			i.AssetDetails = append(i.AssetDetails, a)
			return nil
		})
}
