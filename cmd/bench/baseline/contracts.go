package baseline

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"strconv"
)

type contract struct {
	ContractID        string      `json:"contractId"`
	IsReservation     bool        `json:"isReservation"`
	PoNumber          *string     `json:"poNumber,omitempty"`
	PaymentType       *string     `json:"paymentType,omitempty"`
	PickupPerson      *string     `json:"pickupPerson,omitempty"`
	PickupPhone       *string     `json:"pickupPhone,omitempty"`
	SalesRep          *string     `json:"salesRep,omitempty"`
	Properties        *properties `json:"properties,omitempty"`
	JobsiteID         string      `json:"jobsiteId"`
	DivisionID        *string     `json:"divisionId,omitempty"`
	LocationID        string      `json:"locationId"`
	CustomerID        string      `json:"customerId"`
	ContractType      string      `json:"contractType,omitempty"`
	ContractStartDate string      `json:"contractStartDate"`
	ContractEndDate   string      `json:"contractEndDate"`
	InvoicedThruDate  *string     `json:"invoicedThruDate,omitempty"`
	InvoiceFrequency  string      `json:"invoiceFrequency,omitempty"`
	BillControl       *int64      `json:"billControl,omitempty"`
	Currency          string      `json:"currency"`
	AssetDetails      []asset     `json:"assetDetails"`
	FeeDetails        []charge    `json:"feeDetails"`
	TaxDetails        []charge    `json:"taxDetails"`

	id int64
}

type properties struct {
	Total    json.Number `json:"total"`
	SignedBy *string     `json:"signedBy,omitempty"`
}

type asset struct {
	RentedAssetID             string      `json:"rentedAssetId"`
	ItemType                  string      `json:"itemType"`
	AttachedTo                *string     `json:"attachedTo,omitempty"`
	Status                    string      `json:"status"`
	AssetID                   *string     `json:"assetId,omitempty"`
	AssetName                 *string     `json:"assetName,omitempty"`
	AssetPurchasePrice        *string     `json:"assetPurchasePrice,omitempty"`
	AssetStartDate            *string     `json:"assetStartDate,omitempty"`
	AssetCallOffDate          *string     `json:"assetCallOffDate,omitempty"`
	CallOffConfirmationNumber *string     `json:"callOffConfirmationNumber,omitempty"`
	AssetReturnedDate         *string     `json:"assetReturnedDate,omitempty"`
	StartingOdometer          *string     `json:"startingOdometer,omitempty"`
	Quantity                  int64       `json:"quantity"`
	RentalTotal               json.Number `json:"rentalTotal"`
	LongDescription           *string     `json:"longDescription,omitempty"`
	ShortDescription          string      `json:"shortDescription"`
	Model                     *string     `json:"model,omitempty"`
	EquipmentAssetID          string      `json:"equipmentAssetId"`
	Manufacturer              string      `json:"manufacturer"`
	SerialNumber              string      `json:"serialNumber"`
	RentalRate                *rates      `json:"rentalRate,omitempty"`
}

type rates struct {
	Daily   *rate `json:"daily,omitempty"`
	Weekly  *rate `json:"weekly,omitempty"`
	Monthly *rate `json:"monthly,omitempty"`
}

type rate struct {
	Amount   *json.Number `json:"amount,omitempty"`
	Currency string       `json:"currency"`
	Display  string       `json:"display"`
}

type charge struct {
	Name  string      `json:"name"`
	Total json.Number `json:"total"`
}

// codes are the dealer's codes and the API's words for them.
type codes struct{ kind, cycle map[string]string }

var yardCodes = codes{
	kind:  map[string]string{"R": "Rental", "L": "Lease", "P": "RPO", "T": "RTO"},
	cycle: map[string]string{"D": "Day", "W": "Week", "M": "Month", "F": "FourWeek"},
}

func (s *Server) contracts(w http.ResponseWriter, r *http.Request) {
	a, err := read(r)
	if err != nil {
		refuse(w, err)
		return
	}
	p, err := s.contractPage(r.Context(), a)
	send(w, p, err)
}

func (s *Server) contractPage(ctx context.Context, a ask) (page[contract], error) {
	var none page[contract]
	var total int64
	err := s.db.QueryRowContext(ctx, "select count(*) from contracts where customer in "+marks(len(a.customers))+
		" and status in ('A', 'R')", a.customers...).Scan(&total)
	if err != nil {
		return none, err
	}
	var all []contract
	err = each(ctx, s.db, "select r.id, r.number, r.status, r.po, r.payment, r.pickup_by, r.pickup_phone, p.name, r.total, r.signed_by, "+
		"r.jobsite, r.division, r.branch, c.number, r.kind, r.starts, r.ends, r.invoiced_thru, r.cycle, r.bill_control, r.currency "+
		"from contracts r join customers c on c.number = r.customer left join reps p on p.code = r.rep "+
		"where r.customer in "+marks(len(a.customers))+" and r.status in ('A', 'R') order by r.number limit ? offset ?",
		append(append([]any{}, a.customers...), a.items, a.page*a.items), func(rows *sql.Rows) error {
			c := contract{AssetDetails: []asset{}, FeeDetails: []charge{}, TaxDetails: []charge{}}
			var status, jobsite, kind, cycle string
			var po, payment, by, phone, rep, signed, division, currency sql.NullString
			var total string
			var starts, ends, thru sql.NullTime
			var control sql.NullInt64
			if err := rows.Scan(&c.id, &c.ContractID, &status, &po, &payment, &by, &phone, &rep, &total, &signed, &jobsite, &division,
				&c.LocationID, &c.CustomerID, &kind, &starts, &ends, &thru, &cycle, &control, &currency); err != nil {
				return err
			}
			c.IsReservation = status == "R"
			c.PoNumber, c.PaymentType, c.PickupPerson, c.PickupPhone = textOrNil(po), textOrNil(payment), textOrNil(by), textOrNil(phone)
			c.SalesRep, c.DivisionID = textOrNil(rep), textOrNil(division)
			c.Properties = &properties{Total: json.Number(total), SignedBy: textOrNil(signed)}
			c.JobsiteID = c.CustomerID + "-" + jobsite
			c.ContractType, c.InvoiceFrequency = s.codes.kind[kind], s.codes.cycle[cycle]
			c.ContractStartDate, c.ContractEndDate = instant(starts.Time), "2099-12-31T12:00:00Z"
			if ends.Valid {
				c.ContractEndDate = instant(ends.Time)
			}
			c.InvoicedThruDate = instantOrNil(thru)
			if control.Valid {
				c.BillControl = &control.Int64
			}
			c.Currency = textOr(currency, "USD")
			all = append(all, c)
			return nil
		})
	if err != nil || len(all) == 0 {
		return answer(a, all, total), err
	}
	byID := make(map[int64]*contract, len(all))
	ids := make([]any, len(all))
	for i := range all {
		byID[all[i].id] = &all[i]
		ids[i] = all[i].id
	}
	if err := s.contractLines(ctx, byID, ids); err != nil {
		return none, err
	}
	for _, list := range []struct {
		table string
		of    func(*contract) *[]charge
	}{
		{"contract_fees", func(c *contract) *[]charge { return &c.FeeDetails }},
		{"contract_taxes", func(c *contract) *[]charge { return &c.TaxDetails }},
	} {
		err := each(ctx, s.db, "select contract, name, amount from "+list.table+" where contract in "+marks(len(ids))+" order by contract, id",
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

func (s *Server) contractLines(ctx context.Context, byID map[int64]*contract, ids []any) error {
	return each(ctx, s.db, "select d.contract, d.line, d.attached, d.returned, d.called_off, d.class, k.title, e.price, d.out_at, d.calloff_no, "+
		"d.meter_out, d.qty, d.amount, d.description, e.model, d.unit, e.make, e.serial, d.day_rate, d.week_rate, d.month_rate "+
		"from contract_lines d left join equipment e on e.unit = d.unit left join classes k on k.code = d.class "+
		"where d.contract in "+marks(len(ids))+" order by d.contract, d.line",
		ids, func(rows *sql.Rows) error {
			var a asset
			var id, line int64
			var attached sql.NullInt64
			var returned, off, out sql.NullTime
			var class, title, price, offNumber, meter, description, model, maker, serial, daily, weekly, monthly sql.NullString
			if err := rows.Scan(&id, &line, &attached, &returned, &off, &class, &title, &price, &out, &offNumber, &meter, &a.Quantity,
				&a.RentalTotal, &description, &model, &a.EquipmentAssetID, &maker, &serial, &daily, &weekly, &monthly); err != nil {
				return err
			}
			c := byID[id]
			a.RentedAssetID = c.ContractID + "-" + strconv.FormatInt(line, 10)
			a.ItemType = "prime"
			if attached.Valid {
				a.ItemType = "attachment"
				to := c.ContractID + "-" + strconv.FormatInt(attached.Int64, 10)
				a.AttachedTo = &to
			}
			switch {
			case returned.Valid:
				a.Status = "RETURNED"
			case off.Valid:
				a.Status = "CALLED OFF"
			default:
				a.Status = "RENT"
			}
			a.AssetID, a.AssetName, a.AssetPurchasePrice = textOrNil(class), textOrNil(title), textOrNil(price)
			a.AssetStartDate, a.AssetCallOffDate, a.AssetReturnedDate = instantOrNil(out), instantOrNil(off), instantOrNil(returned)
			a.CallOffConfirmationNumber, a.StartingOdometer = textOrNil(offNumber), textOrNil(meter)
			a.LongDescription, a.ShortDescription, a.Model = textOrNil(description), title.String, textOrNil(model)
			a.Manufacturer, a.SerialNumber = maker.String, serial.String
			a.RentalRate = ratesOf(daily, weekly, monthly)
			c.AssetDetails = append(c.AssetDetails, a)
			return nil
		})
}

func ratesOf(daily, weekly, monthly sql.NullString) *rates {
	if !daily.Valid && !weekly.Valid && !monthly.Valid {
		return nil
	}
	return &rates{Daily: rateOf(daily), Weekly: rateOf(weekly), Monthly: rateOf(monthly)}
}

func rateOf(amount sql.NullString) *rate {
	if !amount.Valid {
		return nil
	}
	return &rate{Amount: numberOrNil(amount), Currency: "USD", Display: amount.String}
}
