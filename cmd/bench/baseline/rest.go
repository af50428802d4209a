package baseline

import (
	"context"
	"database/sql"
	"net/http"
	"time"
)

type jobsite struct {
	JobsiteID   string  `json:"jobsiteId"`
	Name        string  `json:"name"`
	CustomerID  string  `json:"customerId"`
	Address1    *string `json:"address1,omitempty"`
	Address2    *string `json:"address2,omitempty"`
	City        *string `json:"city,omitempty"`
	State       *string `json:"state,omitempty"`
	Postalcode  *string `json:"postalcode,omitempty"`
	Country     *string `json:"country,omitempty"`
	Latitude    *string `json:"latitude,omitempty"`
	Longitude   *string `json:"longitude,omitempty"`
	FirstName   *string `json:"firstName,omitempty"`
	LastName    *string `json:"lastName,omitempty"`
	PhoneNumber *string `json:"phoneNumber,omitempty"`
}

func (s *Server) jobsites(w http.ResponseWriter, r *http.Request) {
	a, err := read(r)
	if err != nil {
		refuse(w, err)
		return
	}
	var total int64
	var all []jobsite
	in := marks(len(a.customers))
	err = s.db.QueryRowContext(r.Context(), "select count(*) from jobsites where customer in "+in+" and open = 1", a.customers...).Scan(&total)
	if err == nil {
		err = each(r.Context(), s.db, "select r.code, r.name, c.number, r.address1, r.address2, r.city, r.state, r.zip, r.country, r.latitude, "+
			"r.longitude, r.first_name, r.last_name, r.phone from jobsites r join customers c on c.number = r.customer "+
			"where r.customer in "+in+" and r.open = 1 order by r.customer, r.code limit ? offset ?",
			append(append([]any{}, a.customers...), a.items, a.page*a.items), func(rows *sql.Rows) error {
				var j jobsite
				var code string
				var address1, address2, city, state, zip, country, latitude, longitude, firstName, lastName, phone sql.NullString
				if err := rows.Scan(&code, &j.Name, &j.CustomerID, &address1, &address2, &city, &state, &zip, &country, &latitude, &longitude,
					&firstName, &lastName, &phone); err != nil {
					return err
				}
				j.JobsiteID = j.CustomerID + "-" + code
				j.Address1, j.Address2, j.City, j.State = textOrNil(address1), textOrNil(address2), textOrNil(city), textOrNil(state)
				j.Postalcode, j.Country, j.Latitude, j.Longitude = textOrNil(zip), textOrNil(country), textOrNil(latitude), textOrNil(longitude)
				j.FirstName, j.LastName, j.PhoneNumber = textOrNil(firstName), textOrNil(lastName), textOrNil(phone)
				all = append(all, j)
				return nil
			})
	}
	send(w, answer(a, all, total), err)
}

type location struct {
	LocationID string `json:"locationId"`
	Properties *place `json:"properties,omitempty"`
}

type place struct {
	Name       *string `json:"name,omitempty"`
	Address1   *string `json:"address1,omitempty"`
	City       *string `json:"city,omitempty"`
	State      *string `json:"state,omitempty"`
	Postalcode *string `json:"postalcode,omitempty"`
	Country    *string `json:"country,omitempty"`
	Latitude   *string `json:"latitude,omitempty"`
	Longitude  *string `json:"longitude,omitempty"`
}

func (s *Server) locations(w http.ResponseWriter, r *http.Request) {
	a, err := read(r)
	if err != nil {
		refuse(w, err)
		return
	}
	all, total, err := s.locationPage(r.Context(), a)
	send(w, answer(a, all, total), err)
}

func (s *Server) locationPage(ctx context.Context, a ask) (all []location, total int64, err error) {
	if err := s.prep.countLocations.QueryRowContext(ctx).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := s.prep.locations.QueryContext(ctx, a.items, a.page*a.items)
	if err != nil {
		return nil, 0, err
	}
	err = drain(rows, func(rows *sql.Rows) error {
		var l location
		var name, address, city, state, zip, country, latitude, longitude sql.NullString
		if err := rows.Scan(&l.LocationID, &name, &address, &city, &state, &zip, &country, &latitude, &longitude); err != nil {
			return err
		}
		l.Properties = &place{
			Name: textOrNil(name), Address1: textOrNil(address), City: textOrNil(city), State: textOrNil(state), Postalcode: textOrNil(zip),
			Country: textOrNil(country), Latitude: textOrNil(latitude), Longitude: textOrNil(longitude),
		}
		all = append(all, l)
		return nil
	})
	return all, total, err
}

type category struct {
	CategoryID string   `json:"categoryId"`
	Title      string   `json:"title"`
	Groups     []*group `json:"categoryGroups"`
}

type group struct {
	GroupID string     `json:"groupId"`
	Title   string     `json:"title"`
	Rate    *groupRate `json:"groupRate,omitempty"`
}

type groupRate struct {
	Properties groupRates `json:"properties"`
}

type groupRates struct {
	RateType string `json:"rateType"`
	Daily    rate   `json:"daily"`
	Weekly   rate   `json:"weekly"`
	Monthly  rate   `json:"monthly"`
}

func (s *Server) catalog(w http.ResponseWriter, r *http.Request) {
	all, err := s.categories(r.Context(), r.URL.Query().Get("customer"))
	send(w, struct {
		Items []*category `json:"items"`
	}{all}, err)
}

func (s *Server) categories(ctx context.Context, customer string) ([]*category, error) {
	all, byCode := []*category{}, map[string]*category{}
	err := each(ctx, s.db, "select code, title from categories order by code", nil, func(rows *sql.Rows) error {
		c := &category{Groups: []*group{}}
		if err := rows.Scan(&c.CategoryID, &c.Title); err != nil {
			return err
		}
		all, byCode[c.CategoryID] = append(all, c), c
		return nil
	})
	if err != nil {
		return nil, err
	}
	groups := map[string]*group{}
	err = each(ctx, s.db, "select code, category, title from classes order by category, code", nil, func(rows *sql.Rows) error {
		g := &group{}
		var of string
		if err := rows.Scan(&g.GroupID, &of, &g.Title); err != nil {
			return err
		}
		byCode[of].Groups = append(byCode[of].Groups, g)
		groups[g.GroupID] = g
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Book prices come first, so that the customer's own take their place.
	err = each(ctx, s.db, "select class, customer, days, price from prices where customer in ('', ?) order by class, customer", []any{customer},
		func(rows *sql.Rows) error {
			var class, whose string
			var days int
			var price sql.NullString
			if err := rows.Scan(&class, &whose, &days, &price); err != nil {
				return err
			}
			g, kind := groups[class], "book"
			if whose != "" {
				kind = "customer"
			}
			if g.Rate == nil || g.Rate.Properties.RateType != kind {
				g.Rate = &groupRate{Properties: groupRates{RateType: kind}}
			}
			one := rate{Amount: numberOrNil(price), Currency: "USD", Display: price.String}
			switch days {
			case 1:
				g.Rate.Properties.Daily = one
			case 7:
				g.Rate.Properties.Weekly = one
			case 28:
				g.Rate.Properties.Monthly = one
			}
			return nil
		})
	return all, err
}

type changed struct {
	CustomerID string   `json:"customerId"`
	Types      []string `json:"types"`
}

func (s *Server) changes(w http.ResponseWriter, r *http.Request) {
	since, err := time.Parse(time.RFC3339, r.URL.Query().Get("since"))
	if err != nil {
		refuse(w, err)
		return
	}
	all, err := s.changedSince(r.Context(), since)
	send(w, struct {
		Items []*changed `json:"items"`
	}{all}, err)
}

func (s *Server) changedSince(ctx context.Context, since time.Time) ([]*changed, error) {
	all, byCustomer := []*changed{}, map[string]*changed{}
	err := each(ctx, s.db, "select distinct customer, 'contract' from contracts where updated >= ? "+
		"union select distinct customer, 'invoice' from invoices where updated >= ? order by 1, 2",
		[]any{since, since}, func(rows *sql.Rows) error {
			var customer, kind string
			if err := rows.Scan(&customer, &kind); err != nil {
				return err
			}
			c := byCustomer[customer]
			if c == nil {
				c = &changed{CustomerID: customer}
				all, byCustomer[customer] = append(all, c), c
			}
			c.Types = append(c.Types, kind)
			return nil
		})
	return all, err
}
