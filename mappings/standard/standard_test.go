package standard_test

import (
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/standard"
)

// TestListsAreThoseOfTheSpecification holds the lists against the document that
// decides what may be sent.
func TestListsAreThoseOfTheSpecification(t *testing.T) {
	spec, err := openapi3.NewLoader().LoadFromFile("../../openapi/lead/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]string{
		"RejectedReason":      standard.RejectedReasons(),
		"DisqualifiedReason":  standard.DisqualifiedReasons(),
		"PrimaryClosedReason": standard.ClosedReasons(),
	} {
		var want []string
		for _, word := range spec.Components.Schemas[name].Value.Enum {
			text, ok := word.(string)
			if !ok {
				t.Fatalf("%s: %v is no text", name, word)
			}
			want = append(want, text)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s is another list (-specification +here):\n%s", name, diff)
		}
	}
}

func TestStages(t *testing.T) {
	t.Run("EveryPercentageHasAStage", func(t *testing.T) {
		for percent := 0; percent <= 100; percent++ {
			var names []string
			for _, s := range standard.Stages() {
				if s.Least <= percent && percent <= s.Most {
					names = append(names, s.Name)
				}
			}
			if want := 1; percent == 0 && len(names) != 2 || percent > 0 && len(names) != want {
				t.Errorf("%d %%: got the stages %v", percent, names)
			}
		}
	})
	t.Run("EveryNameIsFound", func(t *testing.T) {
		for _, name := range standard.StageNames() {
			if s, ok := standard.StageNamed(name); !ok || s.Name != name {
				t.Errorf("StageNamed(%q): got %v, %v", name, s, ok)
			}
		}
	})
	t.Run("AnUnknownNameIsNotFound", func(t *testing.T) {
		if s, ok := standard.StageNamed("closed won"); ok {
			t.Errorf("got %v", s)
		}
	})
}
