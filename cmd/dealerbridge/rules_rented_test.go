package main_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// rentedRules are those of section H about the assets of a contract.
var rentedRules = []rule{
	{146, "AnAssetWithoutAModelHasItsShortDescription", func(t *testing.T, b *book) {
		if _, _, a := plainContract(t, bare); has(a, "model") || a["shortDescription"] != "Trench plate" {
			t.Errorf("got %v", a)
		}
		if _, _, a := plainContract(t, full); a["model"] != "DP-3" {
			t.Errorf("got %v", a)
		}
		for _, a := range b.assets("412", "207") {
			if text(a.sent["shortDescription"]) == "" {
				t.Errorf("%v has no short description", a.sent["rentedAssetId"])
			}
		}
	}},
	{147, "AnAssetWithoutAStartOfItsOwnSaysNone", func(t *testing.T, _ *book) {
		own := fresh(t)
		own.write("update RENTLN set OUTDT = null where CO = '01' and CUST = '1007' and SEQ = 1")
		seen := map[bool]int{}
		for _, a := range own.assets("1007") {
			started := a.row["OUTDT"] != ""
			seen[started]++
			if has(a.sent, "assetStartDate") != started || started && text(a.sent["assetStartDate"]) != own.instant(a.row["OUTDT"]) {
				t.Errorf("%v: got %v for %q", a.sent["rentedAssetId"], a.sent["assetStartDate"], a.row["OUTDT"])
			}
		}
		for _, c := range own.contracts("1007") {
			if !has(c.sent, "contractStartDate") {
				t.Errorf("%s has no start either", c.row["CONNO"])
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("seen %v", seen)
		}
	}},
	{148, "CallOffsHaveValuesOnceSomebodyCalled", func(t *testing.T, b *book) {
		seen := map[bool]int{}
		for _, a := range b.assets("412", "88", "204") {
			called := a.row["COFFD"] != "" && a.row["COFFD"] != "0"
			seen[called]++
			if has(a.sent, "assetCallOffDate") != called || text(a.sent["callOffConfirmationNumber"]) != a.row["COFF#"] {
				t.Errorf("%v: %v, %v for %q, %q", a.sent["rentedAssetId"], a.sent["assetCallOffDate"], a.sent["callOffConfirmationNumber"], a.row["COFFD"], a.row["COFF#"])
				continue
			}
			if !called {
				if has(a.sent, "callOffConfirmationNumber") {
					t.Errorf("%v was not called off, but has %v", a.sent["rentedAssetId"], a.sent["callOffConfirmationNumber"])
				}
				continue
			}
			clock := strings.Repeat("0", 6-len(a.row["COFFT"])) + a.row["COFFT"]
			stored := day(a.row["COFFD"]) + " " + clock[:2] + ":" + clock[2:4] + ":" + clock[4:]
			if got, want := text(a.sent["assetCallOffDate"]), b.instant(stored); got != want {
				t.Errorf("%v: got %s for %s, want %s", a.sent["rentedAssetId"], got, stored, want)
			}
		}
		if seen[true] < 5 || seen[false] < 5 {
			t.Errorf("seen %v", seen)
		}
	}},
	{148, "ADayAheadIsPossible", func(t *testing.T, b *book) {
		books := time.Date(2026, 6, 15, 23, 59, 59, 0, time.UTC)
		for _, a := range b.assets("204") {
			at, err := time.Parse(time.RFC3339, text(a.sent["assetCallOffDate"]))
			if err == nil && at.After(books) {
				return
			}
		}
		t.Error("no call-off lies ahead of the day of the books")
	}},
	{149, "AReturnedAssetStaysInItsContractWithItsDay", func(t *testing.T, b *book) {
		back := 0
		for _, a := range b.assets("412", "1007", "88") {
			returned := !noDay(a.row["RETDT"])
			if returned {
				back++
			}
			want := ""
			if returned {
				want = noonOf(a.row["RETDT"][:10])
			}
			if text(a.sent["assetReturnedDate"]) != want || has(a.sent, "assetReturnedDate") != returned {
				t.Errorf("%v: got %v for %q", a.sent["rentedAssetId"], a.sent["assetReturnedDate"], a.row["RETDT"])
			}
		}
		if back == 0 {
			t.Error("no active contract has an asset that is back")
		}
	}},
	{150, "AnAssetWithoutRatesIsSentWithoutRates", func(t *testing.T, b *book) {
		check := func(what string, row record, asset object, seen map[bool]int) {
			priced := row["DAYRT"] != "" || row["WEEKRT"] != "" || row["MONRT"] != ""
			if seen[priced]++; has(asset, "rentalRate") != priced {
				t.Errorf("%s %v: rentalRate %v", what, asset["rentedAssetId"], asset["rentalRate"])
			}
		}
		rented, invoiced := map[bool]int{}, map[bool]int{}
		for _, a := range b.assets("412", "1007", "207", "88") {
			check("asset", a.row, a.sent, rented)
		}
		for _, a := range b.invoiced("412", "88") {
			check("invoiced asset", a.row, a.sent, invoiced)
		}
		if rented[false] == 0 || rented[true] == 0 || invoiced[false] == 0 || invoiced[true] == 0 {
			t.Errorf("seen %v, %v", rented, invoiced)
		}
	}},
	{151, "ThePurchasePriceIsATextThatIsADecimal", func(t *testing.T, b *book) {
		decimal := regexp.MustCompile(`^\d+(\.\d+)?$`)
		seen := map[bool]int{}
		for _, a := range b.assets("412", "1007") {
			prices := b.column("select PRICE from EQPMAS where CO = '01' and UNIT = ? order by UPDATED desc limit 1", a.row["UNIT"])
			known := len(prices) > 0 && prices[0] != ""
			got, isText := a.sent["assetPurchasePrice"].(string)
			if seen[known]++; isText != known {
				t.Errorf("%v: price %#v for %v", a.sent["rentedAssetId"], a.sent["assetPurchasePrice"], prices)
				continue
			}
			if known && (!decimal.MatchString(got) || amount(json.Number(got), prices[0]) != nil) {
				t.Errorf("%v: price %q for %v", a.sent["rentedAssetId"], got, prices)
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("seen %v", seen)
		}
	}},
	{152, "TheMeterAtTheOutsetIsTextAsItStands", func(t *testing.T, b *book) {
		seen := map[bool]int{}
		for _, a := range b.assets("412", "1007") {
			meter := a.row["METER OUT"]
			got, isText := a.sent["startingOdometer"].(string)
			if seen[meter != ""]++; got != meter || isText != (meter != "") {
				t.Errorf("%v: got %#v for %q", a.sent["rentedAssetId"], a.sent["startingOdometer"], meter)
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("seen %v", seen)
		}
		if _, _, a := plainContract(t, full); a["startingOdometer"] != "12.5 h" {
			t.Errorf("got %v", a["startingOdometer"])
		}
	}},
	{153, "NoAssetLacksItsEquipmentID", func(t *testing.T, b *book) {
		seen := map[bool]int{}
		for _, a := range b.assets("412", "1007", "88", "207") {
			unit := a.row["UNIT"]
			got := text(a.sent["equipmentAssetId"])
			if seen[unit != ""]++; got == "" || unit != "" && got != unit {
				t.Errorf("%v: got %q for %q", a.sent["rentedAssetId"], got, unit)
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("seen %v", seen)
		}
	}},
	{162, "RatesStandDirectlyUnderRentalRate", func(t *testing.T, b *book) {
		for _, a := range slices.Concat(b.assets("412", "1007"), b.invoiced("412")) {
			rate, ok := a.sent["rentalRate"].(object)
			if !ok {
				continue
			}
			for member, column := range map[string]string{"daily": "DAYRT", "weekly": "WEEKRT", "monthly": "MONRT"} {
				one, _ := rate[member].(object)
				if err := amount(one["amount"], a.row[column]); err != nil {
					t.Errorf("%v, %s: %v", a.sent["rentedAssetId"], member, err)
				}
			}
			for member := range maps.Keys(rate) {
				if !slices.Contains([]string{"daily", "weekly", "monthly", "rentalRateId", "rateType"}, member) {
					t.Errorf("%v has rentalRate.%s", a.sent["rentedAssetId"], member)
				}
			}
		}
	}},
}

// invoiced are the assets of invoices beside their rows in INVLN.
func (b *book) invoiced(raw ...string) []pair {
	b.t.Helper()
	var all []pair
	for _, i := range b.invoices(raw...) {
		lines := b.rows("select * from INVLN where CO = '01' and INVNO = ? and SEQ = ? and TYPE = 'RI' order by LINE", i.row["INVNO"], i.row["SEQ"])
		sent := list(i.sent["assetDetails"])
		if len(lines) != len(sent) {
			b.t.Fatalf("invoice %v has %d lines and %d assets", i.sent["invoiceId"], len(lines), len(sent))
		}
		for n, l := range lines {
			all = append(all, pair{l, sent[n]})
		}
	}
	return all
}

// number is a number as it is spelled.
func number(v any) string { n, _ := v.(json.Number); return n.String() }
