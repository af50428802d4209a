package adapters_test

import (
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
)

func TestCheckAddress(t *testing.T) {
	const secret = "hunter2"
	for name, c := range map[string]struct {
		address string
		asks    bool
		want    string
	}{
		"Whole":             {"https://yard.example.test/crs", false, ""},
		"OfThisMachine":     {"http://127.0.0.1:8080/crs", false, ""},
		"OfThisMachineToo":  {"http://LocalHost/crs", false, ""},
		"WithAQuery":        {"https://yard.example.test/crs?key=" + secret, true, ""},
		"QueryNotWanted":    {"https://yard.example.test/crs?key=" + secret, false, "no user, no query and no fragment"},
		"EmptyQuery":        {"https://yard.example.test/crs?", false, "no user, no query and no fragment"},
		"User":              {"https://" + secret + "@yard.example.test/", true, "no user and no fragment"},
		"Fragment":          {"https://yard.example.test/#" + secret, true, "no user and no fragment"},
		"Missing":           {"", true, "is missing"},
		"NoHost":            {"https:///" + secret, false, "such as https://desk.example.test/"},
		"OtherScheme":       {"ftp://yard.example.test/" + secret, false, "such as https://desk.example.test/"},
		"Unreadable":        {"https://[" + secret, false, "such as https://desk.example.test/"},
		"OpenToEverybody":   {"http://yard.example.test/" + secret, false, "must begin with https"},
		"NextToThisMachine": {"http://127.0.0.1.example.test/", false, "must begin with https"},
	} {
		t.Run(name, func(t *testing.T) {
			err := adapters.CheckAddress(c.address, "https://desk.example.test/", c.asks)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v, want nothing wrong", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			case err != nil && strings.Contains(err.Error(), secret):
				t.Errorf("%v shows the address", err)
			}
		})
	}
}
