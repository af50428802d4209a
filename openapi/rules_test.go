package openapi_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lastRule is the highest number in RULES.md. Numbers are never reused or
// moved, so it only grows.
const lastRule = 296

var (
	// ruleHead is the beginning of a rule's entry: number, slug, first word.
	ruleHead = regexp.MustCompile("(?m)^- \\*\\*R([0-9]+)\\*\\* `([a-z0-9-]+)` \\S")
	// ruleSource is the place an entry ends with: document, then section.
	ruleSource = regexp.MustCompile(`\((QR|Lead|CRS),\s[^()]+\)\s*$`)
	// ruleCited is a rule number anywhere in a file of the repository. Longer
	// numbers, such as a serial number R1007, are no citations.
	ruleCited = regexp.MustCompile(`\bR[1-9][0-9]{0,2}\b`)
	// ruleSpan is a row of the table of contents with its range of rules.
	ruleSpan = regexp.MustCompile(`(?m)^- \[([^]]+)\]\((#[^)]+)\) \(R([0-9]+) to R([0-9]+)\)$`)
)

// rule is one entry of RULES.md.
type rule struct {
	number  int
	slug    string
	section string // heading it stands below, without the marks
	text    string
}

// rulesFile reads RULES.md and its entries in file order.
func rulesFile(t *testing.T) (page string, rules []rule) {
	t.Helper()
	raw, err := os.ReadFile("RULES.md")
	if err != nil {
		t.Fatalf("reading the rules: %v", err)
	}
	page = string(raw)
	for part := range strings.SplitSeq(page, "\n## ") {
		section, body, _ := strings.Cut(part, "\n")
		// Tables and notes that follow the entries are no part of them.
		body, _, _ = strings.Cut(body, "\n### ")
		heads := ruleHead.FindAllStringSubmatchIndex(body, -1)
		for i, head := range heads {
			end := len(body)
			if i+1 < len(heads) {
				end = heads[i+1][0]
			}
			number, err := strconv.Atoi(body[head[2]:head[3]])
			if err != nil {
				t.Fatalf("rule number %q: %v", body[head[2]:head[3]], err)
			}
			rules = append(rules, rule{
				number:  number,
				slug:    body[head[4]:head[5]],
				section: section,
				text:    body[head[0]:end],
			})
		}
	}
	return page, rules
}

func TestRules(t *testing.T) {
	page, rules := rulesFile(t)

	t.Run("EachNumberHasOneEntryInOrder", func(t *testing.T) {
		var want, got []int
		for n := 1; n <= lastRule; n++ {
			want = append(want, n)
		}
		for _, r := range rules {
			got = append(got, r.number)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rule numbers (-want +got):\n%s", diff)
		}
	})

	t.Run("NoSlugNamesTwoRules", func(t *testing.T) {
		seen := map[string]int{}
		for _, r := range rules {
			if first, ok := seen[r.slug]; ok {
				t.Errorf("R%d and R%d are both called %q", first, r.number, r.slug)
			}
			seen[r.slug] = r.number
		}
	})

	t.Run("EachEntryEndsWithItsSource", func(t *testing.T) {
		for _, r := range rules {
			if !ruleSource.MatchString(r.text) {
				t.Errorf("R%d does not end with (QR|Lead|CRS, section):\n%s", r.number, r.text)
			}
		}
	})

	t.Run("ContentsNameEachSectionWithItsRange", func(t *testing.T) {
		var want []string
		for i, r := range rules {
			if i == 0 || rules[i-1].section != r.section {
				want = append(want, contentsRow(r.section, r.number, r.number))
				continue
			}
			first := rules[i-1].number
			for j := i - 1; j >= 0 && rules[j].section == r.section; j-- {
				first = rules[j].number
			}
			want[len(want)-1] = contentsRow(r.section, first, r.number)
		}
		got := ruleSpan.FindAllString(page, -1)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("table of contents (-want +got):\n%s", diff)
		}
	})
}

// contentsRow is the row a section needs in the table of contents. The link is
// the anchor that Markdown viewers derive from a heading.
func contentsRow(section string, first, last int) string {
	anchor := strings.ToLower(section)
	anchor = strings.NewReplacer(".", "", ":", "", ",", "", " ", "-").Replace(anchor)
	return fmt.Sprintf("- [%s](#%s) (R%d to R%d)", section, anchor, first, last)
}

func TestEveryCitedRuleExists(t *testing.T) {
	_, rules := rulesFile(t)
	known := map[string]bool{}
	for _, r := range rules {
		known["R"+strconv.Itoa(r.number)] = true
	}
	citations := 0
	root := os.DirFS(moduleRoot(t))
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another package's test removed what it had made
		}
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == ".git" || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || !citesRules(name) {
			return nil
		}
		raw, err := fs.ReadFile(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // as above
		}
		if err != nil {
			return fmt.Errorf("reading a file of the repository: %w", err)
		}
		line := 0
		for text := range strings.Lines(string(raw)) {
			line++
			for _, cited := range ruleCited.FindAllString(text, -1) {
				citations++
				if !known[cited] {
					t.Errorf("%s:%d: cites %s, which RULES.md does not have", name, line, cited)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walking the repository: %v", err)
	}
	// RULES.md itself holds at least one mention of each rule; fewer means that
	// the walk did not see the repository.
	if citations < lastRule {
		t.Errorf("found %d citations, want at least %d", citations, lastRule)
	}
}

// citesRules says whether a file is of a kind in which rules are cited.
func citesRules(name string) bool {
	switch path.Ext(name) {
	case ".go", ".yaml", ".md":
		return true
	}
	return false
}

// moduleRoot is the nearest directory above this one that holds go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("working directory: %v", err)
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatalf("no go.mod above the test: %v", err)
		}
		dir = parent
	}
}
