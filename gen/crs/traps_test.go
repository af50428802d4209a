// Package crs_test shows, through the generated code itself, where a generator or a library does something a caller
// does not expect. Each test either holds what the configuration was chosen for, or shows a trap as it is, so that the
// code above (mapper, server, middleware) knows what it has to prevent and an upgrade that changes it is noticed.
package crs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/gen/crs/api"
	"github.com/dealerbridge/dealerbridge/gen/crs/client"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func ptr[T any](v T) *T { return &v }

func TestOptionalMembers(t *testing.T) {
	t.Run("WhatIsNotSetIsLeftOutAndNeverNull", func(t *testing.T) {
		got := encode(t, model.Jobsite{JobsiteID: "0001007-MAIN", Name: "Quillford bypass"})
		if want := `{"jobsiteId":"0001007-MAIN","name":"Quillford bypass"}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("FalseZeroAndEmptyTextAreSentWhenSet", func(t *testing.T) {
		got := encode(t, model.Jobsite{AssetCount: ptr(int64(0)), Address2: ptr("")})
		if want := `{"address2":"","assetCount":0,"jobsiteId":"","name":""}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := encode(t, model.Contract{IsReservation: ptr(false)}); !strings.Contains(got, `"isReservation":false`) {
			t.Errorf("a false that was set is missing in %s", got)
		}
	})
	t.Run("NullIsReadAsNotSet", func(t *testing.T) {
		var m model.Message
		if err := json.Unmarshal([]byte(`{"customerNumber":null,"payload":null,"submittedPriority":null}`), &m); err != nil {
			t.Fatal(err)
		}
		if m.CustomerNumber != nil || m.Payload != nil || m.SubmittedPriority != nil {
			t.Errorf("null became a value: %+v", m)
		}
	})
}

func TestRequiredLists(t *testing.T) {
	t.Run("AListThatWasMadeIsAnEmptyList", func(t *testing.T) {
		got := encode(t, model.ChangeAnswer{Items: []model.CustomerChanges{}})
		if want := `{"items":[]}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("AListThatWasNotMadeIsNull", func(t *testing.T) { // the trap: whoever fills a model makes every list
		if got, want := encode(t, model.ChangeAnswer{}), `{"items":null}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestAmounts(t *testing.T) {
	t.Run("KeepEveryDigitAndThePoint", func(t *testing.T) {
		for _, amount := range []string{"100.0", "12345678901234567.89", "-0.10", "0.00000001"} {
			got := encode(t, model.Charge{Name: "Delivery", Total: json.Number(amount)})
			if want := `{"name":"Delivery","total":` + amount + `}`; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			var back model.Charge
			if err := json.Unmarshal([]byte(got), &back); err != nil {
				t.Fatal(err)
			}
			if back.Total.String() != amount {
				t.Errorf("read back %s, want %s", back.Total, amount)
			}
		}
	})
	t.Run("AnEmptyAmountIsZero", func(t *testing.T) { // the trap: no amount is a nil pointer or a fault, never ""
		if got, want := encode(t, model.Charge{Name: "Delivery"}), `{"name":"Delivery","total":0}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("TextThatIsNoNumberFailsTheWholeAnswer", func(t *testing.T) { // the trap: check when the row is read
		for _, amount := range []string{"1,200.00", "007", "12.-", "NaN"} {
			if text, err := json.Marshal(model.Charge{Total: json.Number(amount)}); err == nil {
				t.Errorf("%q was sent as %s", amount, text)
			}
		}
	})
	t.Run("NothingGeneratedIsABinaryFloat", func(t *testing.T) {
		files, err := filepath.Glob("*/*.gen.go")
		if err != nil || len(files) != 3 {
			t.Fatalf("generated files %v: %v", files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if found := regexp.MustCompile(`\bfloat(32|64)\b`).Find(text); found != nil {
				t.Errorf("%s holds a %s", file, found)
			}
		}
	})
}

func TestEnumConstants(t *testing.T) {
	t.Run("CarryTheNameOfTheirType", func(t *testing.T) {
		if model.ContractTypeRental != "Rental" || model.ChangeKindInvoice != "invoice" || model.DocumentKindInvoice != "invoice" {
			t.Error("a constant does not hold the value it is named after")
		}
	})
	t.Run("AnUnknownValueIsOnlyFoundByAsking", func(t *testing.T) { // the trap: encoding does not call Valid
		unknown := model.ContractType("Barter")
		if got := encode(t, model.Contract{ContractType: &unknown}); !strings.Contains(got, `"contractType":"Barter"`) {
			t.Errorf("the value was refused: %s", got)
		}
		if unknown.Valid() {
			t.Error("Valid accepts a value outside the list")
		}
	})
}

func TestMoments(t *testing.T) {
	t.Run("ImpossibleDaysPassUnseen", func(t *testing.T) { // the trap: whoever reads a date from a row checks it
		got := encode(t, model.Contract{ContractStartDate: "2024-02-30T12:00:00Z"})
		if !strings.Contains(got, `"contractStartDate":"2024-02-30T12:00:00Z"`) {
			t.Errorf("got %s", got)
		}
	})
	t.Run("AreTextInEveryModel", func(t *testing.T) {
		for _, v := range []any{model.Contract{}, model.RentedAsset{}, model.Invoice{}, model.Message{}} {
			typ := reflect.TypeOf(v)
			for i := range typ.NumField() {
				if f := typ.Field(i); strings.Contains(f.Type.String(), "time.Time") {
					t.Errorf("%s.%s is a %s", typ.Name(), f.Name, f.Type)
				}
			}
		}
	})
}

// One body, two spellings of a member: a validator sees one, the decoder takes the other. The middleware has to refuse
// members that differ only in case.
func TestAMemberTwiceInDifferentCaseIsTakenFromTheLast(t *testing.T) {
	var m model.Message
	if err := json.Unmarshal([]byte(`{"dealerCode":"D100","DEALERCODE":"D200"}`), &m); err != nil {
		t.Fatal(err)
	}
	if m.DealerCode != "D200" {
		t.Errorf("got %q; encoding/json has changed, the middleware's check can be looked at again", m.DealerCode)
	}
}

func TestScalar(t *testing.T) {
	t.Run("KeepsTheFormItCameIn", func(t *testing.T) {
		for _, text := range []string{`"5512"`, `5512`, `12345678901234567890`, `true`, `false`, `""`, `-1.50`, `"ä\"b"`} {
			var s model.Scalar
			if err := json.Unmarshal([]byte(text), &s); err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if got := encode(t, s); got != text {
				t.Errorf("got %s, want %s", got, text)
			}
		}
	})
	t.Run("TextAndNumberCompareAsText", func(t *testing.T) {
		var asText, asNumber model.Scalar
		if err := json.Unmarshal([]byte(`"5512"`), &asText); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(`5512`), &asNumber); err != nil {
			t.Fatal(err)
		}
		if asText.Text != asNumber.Text {
			t.Errorf("%q and %q differ", asText.Text, asNumber.Text)
		}
	})
	t.Run("RefusesObjectsListsAndNullWithoutShowingThem", func(t *testing.T) {
		for _, text := range []string{`{"secret":1}`, `["secret"]`, `null`, ``, `01`, `tru`} {
			var s model.Scalar
			err := s.UnmarshalJSON([]byte(text))
			if err == nil {
				t.Errorf("%s was accepted as %+v", text, s)
			} else if strings.Contains(err.Error(), "secret") {
				t.Errorf("the value stands in the error: %v", err)
			}
		}
	})
	t.Run("RefusesToWriteALiteralThatIsNone", func(t *testing.T) {
		for _, text := range []string{"abc", "", `"x"`, "1,2", "null"} {
			if out, err := json.Marshal(model.Scalar{Text: text, Literal: true}); err == nil {
				t.Errorf("%q was written as %s", text, out)
			}
		}
	})
}

func FuzzScalar(f *testing.F) {
	for _, seed := range []string{`"a"`, `1`, `true`, `null`, `{}`, `[1]`, `1e999`, "\"\xff\"", `01`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var s model.Scalar
		if err := json.Unmarshal(text, &s); err != nil {
			return
		}
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("read %q but cannot write it: %v", text, err)
		}
		var again model.Scalar
		if err := json.Unmarshal(out, &again); err != nil || again != s {
			t.Fatalf("%q became %+v, then %+v (%v)", text, s, again, err)
		}
	})
}

// The sample messages of the specification go through the generated type without loss of what the type knows.
func TestMessagesDecode(t *testing.T) {
	files, err := filepath.Glob("../../openapi/testdata/messages/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("sample messages %v: %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var m model.Message
			if err := json.Unmarshal(text, &m); err != nil {
				t.Fatal(err)
			}
			if !m.MessageType.Valid() || m.DealerCode != "D100" {
				t.Errorf("the envelope was not read: %+v", m)
			}
			if m.Payload != nil && m.Payload.Request != nil && !m.Payload.Request.RequestType.Valid() {
				t.Errorf("the request type was not read: %v", m.Payload.Request.RequestType)
			}
		})
	}
	t.Run("UnknownMembersAreNotInTheType", func(t *testing.T) { // the trap: who must keep them keeps the body (R210)
		var m model.Message
		if err := json.Unmarshal([]byte(`{"dealerCode":"D100","colour":"yellow"}`), &m); err != nil {
			t.Fatal(err)
		}
		if got := encode(t, m); strings.Contains(got, "colour") {
			t.Errorf("got %s", got)
		}
	})
}

func TestShapeOfTheGeneratedCode(t *testing.T) {
	t.Run("TheServerHasNoRouteForMessagesAndToken", func(t *testing.T) {
		typ := reflect.TypeFor[api.ServerInterface]()
		var names []string
		for i := range typ.NumMethod() {
			names = append(names, typ.Method(i).Name)
		}
		want := "GetCustomer GetDocument ListCategories ListChanges ListContracts ListInvoices ListJobsites ListLocations"
		if got := strings.Join(names, " "); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("TheClientKnowsEveryOperation", func(t *testing.T) {
		typ := reflect.TypeFor[client.ClientInterface]()
		for _, name := range []string{"ListContracts", "GetDocument", "PostMessage", "IssueTokenWithFormdataBody"} {
			if _, ok := typ.MethodByName(name); !ok {
				t.Errorf("no method %s", name)
			}
		}
	})
}
