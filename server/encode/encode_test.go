package encode_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/encode"
)

// same compares with encoding/json, which decides.
func same[T any](t rapid.TB, v *T) {
	t.Helper()
	want, werr := json.Marshal(v)
	got, err := encode.Append(nil, v)
	if (werr == nil) != (err == nil) {
		t.Fatalf("got error %v, encoding/json %v", err, werr)
	}
	if err == nil && string(got) != string(want) {
		t.Fatalf("encoding/json (-) and this (+) differ:\n%s", cmp.Diff(string(want), string(got)))
	}
}

// odd holds every kind of member there is, and those left to encoding/json.
type odd struct {
	Text    string             `json:"text"`
	Empty   string             `json:"empty,omitempty"`
	Pointer *string            `json:"pointer,omitempty"`
	Null    *string            `json:"null"`
	Number  json.Number        `json:"number"`
	Maybe   *json.Number       `json:"maybe,omitempty"`
	Whole   int64              `json:"whole,omitempty"`
	Flag    *bool              `json:"flag,omitempty"`
	Yes     bool               `json:"yes,omitempty"`
	List    []string           `json:"list"`
	Gone    []string           `json:"gone,omitempty"`
	Bytes   []byte             `json:"bytes"`
	Map     map[string]int     `json:"map"`
	At      time.Time          `json:"at"`
	Inner   *inner             `json:"inner,omitempty"`
	Inners  []inner            `json:"inners"`
	Plain   inner              `json:"plain"`
	Bare    string             // without a tag
	Never   string             `json:"-"`
	Float   float64            `json:"float"`
	Small   int                `json:"small"`
	Any     any                `json:"any"`
	Kind    model.ContractType `json:"kind"`
	hidden  string
}

type inner struct {
	A string  `json:"a"`
	B *inner  `json:"b,omitempty"`
	C []inner `json:"c,omitempty"`
}

func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.Just("<a href=\"x\">&amp;\u2028\u2029\x00\x1f\x7f\b\f\n\r\t\\"), rapid.Just("\xff\xc0 broken \xe2\x80"))
}

func TestAppend(t *testing.T) {
	t.Run("WritesWhatEncodingJSONWrites", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			numbers := rapid.SampledFrom([]json.Number{"", "0", "-0", "12.50", "1e5", "-1.5E-3", "01", "1.", ".5", "x", "1e", "--1", "1 "})
			o := odd{
				Text: text().Draw(t, "text"), Number: numbers.Draw(t, "number"), Whole: rapid.Int64().Draw(t, "whole"),
				List: rapid.SliceOf(text()).Draw(t, "list"), Bytes: []byte(text().Draw(t, "bytes")), At: time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "at"), 0),
				Map: map[string]int{"a": 1}, Any: "any", Bare: text().Draw(t, "bare"), hidden: "x", Kind: "Rental", Never: "never",
			}
			if rapid.Bool().Draw(t, "set") {
				s, n, f := text().Draw(t, "pointer"), numbers.Draw(t, "maybe"), true
				o.Pointer, o.Maybe, o.Flag, o.Yes = &s, &n, &f, true
				o.Inner = &inner{A: s, B: &inner{A: "deep"}, C: []inner{{A: "c"}}}
				o.Inners = []inner{{A: "one"}, {A: s}}
			}
			same(t, &o)
		})
	})
	t.Run("WritesEveryByteAtEveryPlace", func(t *testing.T) {
		for length := range 20 {
			for at := range length {
				for c := range 256 {
					text := []byte("plain text, 20 bytes"[:length])
					text[at] = byte(c)
					same(t, &inner{A: string(text)})
				}
			}
		}
	})
	t.Run("WritesThePagesOfTheAPI", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			name, total := text().Draw(t, "name"), json.Number("12.50")
			page := model.ContractPage{Items: []model.Contract{{
				ContractID: name, CustomerID: "0001007", Properties: &model.ContractProperties{Total: &total},
				AssetDetails: []model.RentedAsset{{SerialNumber: name, RentalTotal: total, RentalRate: &model.RentalRate{Daily: &model.Rate{Amount: &total}}}},
				FeeDetails:   []model.Charge{{Name: name, Total: total}}, TaxDetails: []model.Charge{},
			}, {}}, TotalElements: rapid.Int64().Draw(t, "total")}
			same(t, &page)
			same(t, &model.InvoicePage{Items: []model.Invoice{{InvoiceID: name, Total: total}}})
			same(t, &model.CategoryAnswer{Items: []model.Category{{Title: name, CategoryGroups: []model.CategoryGroup{{GroupRate: &model.GroupRate{}}}}}})
			same(t, &model.LocationPage{})
		})
	})
	t.Run("AllocatesNothingIntoRoomThatIsThere", func(t *testing.T) {
		page := model.LocationPage{Items: []model.Location{{LocationID: "B1"}, {LocationID: "B2"}}}
		room := make([]byte, 0, 4096)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := encode.Append(room, &page); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("got %v allocations, want none", n)
		}
	})
}

// holding is a writer that fails and still has to do with what it was given.
type holding struct {
	http.ResponseWriter
	text []byte
}

var errHeld = errors.New("the caller is gone")

func (h *holding) Write(p []byte) (int, error) {
	h.text = p
	return 0, errHeld
}

func TestJSON(t *testing.T) {
	t.Run("AnswersInOnePieceWithALineBreak", func(t *testing.T) {
		w := httptest.NewRecorder()
		if err := encode.JSON(w, 200, &model.Charge{Name: "Delivery", Total: "12.50"}); err != nil {
			t.Fatal(err)
		}
		if got, want := w.Body.String(), `{"name":"Delivery","total":12.50}`+"\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := w.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("got type %q", got)
		}
	})
	t.Run("LeavesATextAloneThatCouldNotBeWritten", func(t *testing.T) {
		slow := &holding{ResponseWriter: httptest.NewRecorder()}
		if err := encode.JSON(slow, 200, &model.Charge{Name: "Delivery", Total: "12.50"}); !errors.Is(err, errHeld) {
			t.Fatal(err)
		}
		for range 100 {
			if err := encode.JSON(httptest.NewRecorder(), 200, &model.Charge{Name: "Fuel for another", Total: "99.00"}); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := string(slow.text), `{"name":"Delivery","total":12.50}`+"\n"; got != want {
			t.Errorf("it became %q", got)
		}
	})
	t.Run("WritesNothingWhereThereIsAnError", func(t *testing.T) {
		w := httptest.NewRecorder()
		if err := encode.JSON(w, 200, &model.Charge{Total: "a lot"}); err == nil || w.Body.Len() > 0 {
			t.Errorf("got error %v and %q", err, w.Body)
		}
	})
}
