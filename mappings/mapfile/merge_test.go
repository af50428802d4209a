package mapfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

func TestWithMeaning(t *testing.T) {
	at := func(line int, path, message string) mapfile.Fault {
		return mapfile.Fault{File: "rms.yaml", Pos: mapfile.Pos{Line: line, Col: 1}, Path: path, Message: message}
	}
	missing := func(line int, path, about string) mapfile.Fault {
		f := at(line, path, "missing "+about)
		f.About = about
		return f
	}
	meant := func(f mapfile.Fault, name string) mapfile.Fault {
		f.Suggestion = name
		return f
	}
	for _, c := range []struct {
		name          string
		form, meaning mapfile.Faults
		want          string
	}{
		{"BothInFileOrder", mapfile.Faults{at(9, "contract.fields.a", "f")}, mapfile.Faults{at(3, "jobsite.fields.b", "m")}, "m, f"},
		{"OnePlaceOneFault", mapfile.Faults{at(9, "contract.fields.a.map", "f")}, mapfile.Faults{at(9, "contract.fields.a", "m")}, "f"},
		{"WhatLiesBelow", mapfile.Faults{at(9, "contract.assetDetails[1]", "f")}, mapfile.Faults{at(11, "contract.assetDetails.fields.a", "m")}, "f"},
		{"WhatOnlyBeginsAlike", mapfile.Faults{at(9, "contract.fields.a", "f")}, mapfile.Faults{at(11, "contract.fields.ab", "m")}, "f, m"},
		{"AFieldThatCouldNotBeRead", mapfile.Faults{at(9, "define.group.a", "f")}, mapfile.Faults{missing(2, "contract.assetDetails", "a")}, "f"},
		{"AFieldThatWasMisspelt", nil, mapfile.Faults{missing(2, "contract", "abc"), meant(at(5, "contract.fields.abd", "m"), "abc")}, "m"},
		{"MisspeltElsewhere", nil, mapfile.Faults{missing(2, "contract", "abc"), meant(at(5, "invoice.fields.abd", "m"), "abc")}, "missing abc, m"},
		{"ASectionThatWasMisspelt", mapfile.Faults{meant(missing(4, "", "jobsit"), "jobsite")}, mapfile.Faults{missing(1, "", "jobsite")}, "missing jobsit"},
		{"AStrayKeyHidesNothingElse", mapfile.Faults{missing(4, "contract", "wher")}, mapfile.Faults{at(7, "contract.fields.a", "m")}, "missing wher, m"},
		{"AJoinWhereItIsUsed", mapfile.Faults{missing(4, "joins.c", "mach")}, mapfile.Faults{at(7, "contract.join.c", "m")}, "missing mach"},
		{"AFilterOfATableThatIsLost", mapfile.Faults{at(4, "contract.from", "f")}, mapfile.Faults{at(2, "owner", "m")}, "f"},
		{"AFilterThatGuardsNothing", mapfile.Faults{at(4, "contract.fields.a", "f")}, mapfile.Faults{at(2, "owner", "m")}, "m, f"},
		{"WithoutAPlace", mapfile.Faults{at(4, "contract.fields.a", "f")}, mapfile.Faults{{File: "rms.yaml", Path: "jobsite", Message: "m"}}, "f"},
		{"Twice", nil, mapfile.Faults{at(4, "a", "m"), at(4, "a", "m")}, "m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range c.form.WithMeaning(c.meaning) {
				got = append(got, f.Message)
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}
