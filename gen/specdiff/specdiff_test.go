package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func report(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, complaints bytes.Buffer
	err := run(t.Context(), args, &out, &complaints)
	return out.String(), err
}

// sameAs holds a report against a golden file.
func sameAs(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestReport(t *testing.T) {
	t.Run("NamesTheLinesAChangeTouches", func(t *testing.T) {
		got, err := report(t, "-old", "testdata/old.yaml", "-new", "testdata/new.yaml", "-dealers", "testdata/dealers")
		if err != nil {
			t.Fatal(err)
		}
		sameAs(t, "testdata/want.txt", got)
	})
	t.Run("NamesWhatAChangeOfTheLeadInterfaceTouches", func(t *testing.T) {
		got, err := report(t, "-old", "testdata/leads/old.yaml", "-new", "testdata/leads/new.yaml", "-dealers", "testdata/leads/dealers", "-standard", "testdata/leads/standard.txt")
		if err != nil {
			t.Fatal(err)
		}
		sameAs(t, "testdata/leads/want.txt", got)
	})
	t.Run("SaysWhenNothingOfLeadsChanged", func(t *testing.T) {
		got, err := report(t, "-old", "testdata/leads/old.yaml", "-new", "testdata/leads/old.yaml", "-dealers", "testdata/leads/dealers")
		if err != nil {
			t.Fatal(err)
		}
		if want := "testdata/leads/old.yaml: no member of a lead or an update changed since testdata/leads/old.yaml\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("ReadsTheRealLeadInterface", func(t *testing.T) {
		current := "../../openapi/lead/openapi.yaml"
		text, err := os.ReadFile(current)
		if err != nil {
			t.Fatal(err)
		}
		before := filepath.Join(t.TempDir(), "before.yaml")
		other := strings.Replace(string(text), "- Duplicate Lead Received\n", "- Came Before\n", 1)
		if other == string(text) {
			t.Fatal("the reasons are not where this test looks for them")
		}
		if err := os.WriteFile(before, []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := report(t, "-old", before, "-new", current, "-dealers", "../../mappings/dealers", "-standard", "../../mappings/standard/standard.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			current + ": update: rejectedReasonWhy: values gone: Came Before; values new: Duplicate Lead Received\n",
			"../../mappings/dealers/demo/crm.yaml:",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("got %q, want %q in it", got, want)
			}
		}
		if strings.Contains(got, "standard.go") {
			t.Errorf("the list has the value that came: %s", got)
		}
	})
	t.Run("ComparesBothSpecificationsWhereNoneIsNamed", func(t *testing.T) {
		t.Chdir("../..")
		got, err := report(t, "-old", "HEAD")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"openapi/crs/openapi.yaml: ", "openapi/lead/openapi.yaml: "} {
			if !strings.Contains(got, file) {
				t.Errorf("got %q, want %q in it", got, file)
			}
		}
	})
	t.Run("SaysWhenNothingChanged", func(t *testing.T) {
		got, err := report(t, "-old", "testdata/old.yaml", "-new", "testdata/old.yaml", "-dealers", "testdata/dealers")
		if err != nil {
			t.Fatal(err)
		}
		if want := "testdata/old.yaml: no member of an answer changed since testdata/old.yaml\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("ReadsTheRealSpecification", func(t *testing.T) {
		current := "../../openapi/crs/openapi.yaml"
		text, err := os.ReadFile(current)
		if err != nil {
			t.Fatal(err)
		}
		before := filepath.Join(t.TempDir(), "before.yaml")
		longer := strings.Replace(string(text), "maxLength: 255\n          description: Name to show.", "maxLength: 300\n          description: Name to show.", 1)
		if longer == string(text) {
			t.Fatal("the customer's name is not where this test looks for it")
		}
		if err := os.WriteFile(before, []byte(longer), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := report(t, "-old", before, "-new", current, "-dealers", t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if want := current + ": customer: customerName: greatest length 255, was 300\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestRevisions(t *testing.T) {
	old, err := os.ReadFile("testdata/old.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed, err := os.ReadFile("testdata/new.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write := func(t *testing.T, text []byte) {
		t.Helper()
		if err := os.WriteFile("spec.yaml", text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(t *testing.T) {
		t.Helper()
		for _, args := range [][]string{
			{"add", "."},
			{"-c", "user.name=Nobody", "-c", "user.email=nobody@example.test", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "step"},
		} {
			if _, err := git(t.Context(), args...); err != nil {
				t.Fatal(err)
			}
		}
	}
	repository := func(t *testing.T) {
		t.Helper()
		t.Chdir(t.TempDir())
		if _, err := git(t.Context(), "init", "-q"); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("TheCommittedFileIsTheEarlierOne", func(t *testing.T) {
		repository(t)
		write(t, old)
		commit(t)
		write(t, changed)
		got, err := report(t, "-new", "spec.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if want := "spec.yaml: contract: contractId: greatest length 40, was 100\n"; !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	})
	t.Run("ARepositoryWithoutCommitsHasNothingEarlier", func(t *testing.T) {
		repository(t)
		write(t, changed)
		got, err := report(t, "-new", "spec.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if want := "spec.yaml: nothing earlier to compare with at HEAD\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("ARevisionThatDoesNotExistIsAnError", func(t *testing.T) {
		repository(t)
		write(t, changed)
		commit(t)
		if got, err := report(t, "-old", "no-such-branch", "-new", "spec.yaml"); err == nil {
			t.Errorf("reported %q", got)
		}
	})
	t.Run("ARevisionThatLooksLikeAFlagIsWrongUsage", func(t *testing.T) {
		repository(t)
		write(t, changed)
		if _, err := report(t, "-old=--exec=touch x", "-new", "spec.yaml"); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("got %v", err)
		}
	})
}

func TestUnreadableInput(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "north", "rms.yaml")
	if err := os.MkdirAll(filepath.Dir(broken), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, []byte("contract: [\n  from: {"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string][]string{
		"AMissingSpecificationIsAnError": {"-old", "testdata/old.yaml", "-new", "testdata/absent.yaml"},
		"ABrokenSpecificationIsAnError":  {"-old", broken, "-new", "testdata/new.yaml"},
		"ABrokenMappingIsAnError": {
			"-old", "testdata/old.yaml", "-new", "testdata/new.yaml", "-dealers", filepath.Dir(filepath.Dir(broken)),
		},
	}
	for name, args := range cases {
		t.Run(name, func(t *testing.T) {
			if got, err := report(t, args...); err == nil {
				t.Errorf("reported %q", got)
			} else if got != "" {
				t.Errorf("reported %q beside the error %v", got, err)
			}
		})
	}
	t.Run("AWordTooManyIsWrongUsage", func(t *testing.T) {
		if _, err := report(t, "surplus"); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("got %v", err)
		}
	})
}
