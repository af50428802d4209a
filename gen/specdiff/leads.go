package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// leads writes what changes of the lead interface mean: for each dealer's crm.yaml and the files of reasons and stages
// beside it, and for Caterpillar's own lists.
func (c comparison) leads(out *bytes.Buffer, changes []change, specs ...spec) error {
	err := c.mappings(out, "crm.yaml", func(file, dealer string, text []byte) ([]string, error) {
		found, err := readCRM(text, specs...)
		if err != nil {
			return nil, err
		}
		lines := found.touched(file, dealer, expected(changes))
		for _, name := range slices.Sorted(maps.Keys(reasonFiles)) {
			more, err := reasonLines(filepath.Join(filepath.Dir(file), name), reasonFiles[name], changes)
			if err != nil {
				return nil, err
			}
			lines = append(lines, more...)
		}
		return lines, nil
	})
	if err != nil {
		return err
	}
	lists, err := os.ReadFile(c.lists)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // they stand elsewhere, and nothing is said of them
	}
	if err != nil {
		return fmt.Errorf("reading Caterpillar's lists: %w", err)
	}
	for _, one := range changes {
		if one.endpoint != updateSection || !slices.Contains(slices.Collect(maps.Values(reasonFiles)), one.path) {
			continue
		}
		for _, value := range one.gone {
			if at := lineOf(lists, value); at > 0 {
				fmt.Fprintf(out, "%s:%d: %s.%s: value gone: %s\n", c.lists, at, one.endpoint, one.path, value)
			}
		}
		for _, value := range one.came {
			if lineOf(lists, value) == 0 {
				fmt.Fprintf(out, "%s: %s.%s: value not there: %s\n", c.lists, one.endpoint, one.path, value)
			}
		}
	}
	return nil
}

// reasonFiles are the files of words beside a crm.yaml, with the member each of them fills.
var reasonFiles = map[string]string{
	"rejected-reasons.yaml":     "rejectedReasonWhy",
	"disqualified-reasons.yaml": "disqualifiedReasonWhy",
	"closed-reasons.yaml":       "primaryClosedReason",
}

// expected are the changes with what no mapping file has to say taken out: members of a lead need not be used, and some
// of an update the gateway fills by itself.
func expected(changes []change) []change {
	all := slices.Clone(changes)
	for i, c := range all {
		byItself := slices.Contains([]string{"leadId", "dealerLeadId", "currencyIsoCode"}, c.path)
		if c.endpoint == leadSection || byItself {
			all[i].nowRequired = false
		}
	}
	return all
}

// lineOf is the line on which a text stands as a string of a Go file, from 1; 0 where it does not.
func lineOf(file []byte, text string) int {
	at := bytes.Index(file, []byte(strconv.Quote(text)))
	if at < 0 {
		return 0
	}
	return 1 + bytes.Count(file[:at], []byte("\n"))
}

// reasonLines lists the lines of a file of reasons whose word is gone. Such a file may be missing.
func reasonLines(file, member string, changes []change) ([]string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a file of reasons: %w", err)
	}
	parsed, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", filepath.Base(file), err)
	}
	var lines []string
	for _, c := range changes {
		if c.endpoint != updateSection || c.path != member {
			continue
		}
		for _, document := range parsed.Docs {
			for _, entry := range entries(document.Body) {
				if word := scalar(entry.Value); slices.Contains(c.gone, word) {
					lines = append(lines, fmt.Sprintf("%s:%d: %s.%s: value gone: %s", file, entry.Key.GetToken().Position.Line, c.endpoint, c.path, word))
				}
			}
		}
	}
	return lines, nil
}

// ofLead finds the members of a lead in a value, a template or a condition.
var ofLead = regexp.MustCompile(`\blead\.([A-Za-z0-9]+)`)

// readCRM finds in a crm.yaml which lines take a member of a lead and which fill a member of an update.
func readCRM(text []byte, specs ...spec) (mapping, error) {
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, fmt.Errorf("reading the mapping: %w", err)
	}
	found := mapping{}
	for _, document := range file.Docs {
		for _, entry := range entries(document.Body) {
			section := key(entry)
			if section != leadSection && section != updateSection {
				continue
			}
			known := endpoint{}
			for _, s := range specs {
				maps.Copy(known, s[section])
			}
			r := reader{known: known, lines: map[string][]int{}}
			r.note(allMembers, entry)
			for _, part := range entries(entry.Value) {
				switch {
				case section == leadSection:
					r.taken(part)
				case key(part) == "fields":
					r.fields(part.Value, "")
				case key(part) == "gone":
					for _, sent := range entries(part.Value) {
						if key(sent) == "send" {
							r.fields(sent.Value, "")
						}
					}
				}
			}
			found[section] = r.lines
		}
	}
	return found, nil
}

// taken notes the members of a lead that stand anywhere below a pair.
func (r reader) taken(entry *ast.MappingValueNode) {
	r.names(key(entry), entry.Key.GetToken().Position.Line)
	r.takenIn(entry.Value)
}

func (r reader) takenIn(node ast.Node) {
	for _, entry := range entries(node) {
		r.taken(entry)
	}
	for _, element := range elements(node) {
		r.takenIn(element)
	}
	if text := scalar(node); text != "" {
		r.names(text, node.GetToken().Position.Line)
	}
}

func (r reader) names(text string, line int) {
	for _, match := range ofLead.FindAllStringSubmatch(text, -1) {
		if _, ok := r.known[match[1]]; ok && !slices.Contains(r.lines[match[1]], line) {
			r.lines[match[1]] = append(r.lines[match[1]], line)
		}
	}
}
