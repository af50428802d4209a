package crmfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/standard"
)

// FileName is the file of a dealer's folder that maps the CRM.
const FileName = "crm.yaml"

// The longest files that are read.
const (
	maxBytes    = 4 << 20
	maxCSVBytes = 16 << 20
)

// ErrNone says that a folder has no crm.yaml.
var ErrNone = errors.New("the folder has no " + FileName)

// Has says whether a folder maps a CRM.
func Has(folder fs.FS) bool {
	_, err := fs.Stat(folder, FileName)
	return err == nil
}

// Load reads crm.yaml out of a dealer's folder with all that stands beside it.
// dir is what the folder is called in faults. The file is nil when nothing could
// be read.
func Load(folder fs.FS, dir string, names Names) (*File, mapfile.Faults) {
	named := func(name string) string { return path.Join(dir, name) }
	src, err := readFile(folder, FileName, maxBytes)
	if err != nil {
		return nil, mapfile.Faults{{File: named(FileName), Message: "the mapping cannot be read: " + err.Error()}}
	}
	l := &loader{folder: folder, named: named}
	l.others()
	d, ok := parse(named(FileName), src, names, l.standardMaps())
	if !ok {
		return nil, append(d.Faults(), l.faults...).Sorted()
	}
	l.file = d.file
	for _, m := range d.file.Shared.Maps {
		if m.File != nil {
			l.codes(m)
		}
	}
	l.territories()
	return d.file, append(d.Faults(), l.faults...).Sorted()
}

type loader struct {
	folder fs.FS
	named  func(string) string
	file   *File
	names  []string
	faults mapfile.Faults
}

func (l *loader) others() {
	entries, err := fs.ReadDir(l.folder, ".")
	if err != nil {
		return // the names are only for offering one
	}
	for _, e := range entries {
		if !e.IsDir() {
			l.names = append(l.names, e.Name())
		}
	}
}

func (l *loader) fault(file string, pos mapfile.Pos, path, suggestion, format string, args ...any) {
	l.faults = append(l.faults, mapfile.Fault{File: file, Pos: pos, Path: path, Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
}

// beside reads a file that crm.yaml names.
func (l *loader) beside(name mapfile.Text, at string) []byte {
	if !fs.ValidPath(name.Value) {
		l.fault(l.file.Path, name.Pos, at, "", "%q does not lie in the dealer's folder; write a file's name without .. and without a leading /", name.Value)
		return nil
	}
	src, err := readFile(l.folder, name.Value, maxCSVBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.fault(l.file.Path, name.Pos, at, mapfile.Nearest(name.Value, l.names), "there is no file %q beside the mapping", name.Value)
		return nil
	case err != nil:
		l.fault(l.file.Path, name.Pos, at, "", "%q cannot be read: %v", name.Value, err)
		return nil
	}
	return src
}

func (l *loader) codes(m *mapfile.CodeMap) {
	if src := l.beside(*m.File, "maps."+m.Name.Value+".file"); src != nil {
		l.faults = append(l.faults, mapfile.LoadCodes(l.named(m.File.Value), src, m)...)
	}
}

// standardMaps reads the maps that stand in files of their own.
func (l *loader) standardMaps() []*mapfile.CodeMap {
	var all []*mapfile.CodeMap
	for _, name := range []string{RejectedReasons, DisqualifiedReasons, ClosedReasons, SalesStages} {
		file := name + ".yaml"
		src, err := readFile(l.folder, file, maxBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue // whoever uses the map is told that there is none
		}
		if err != nil {
			l.fault(l.named(file), mapfile.Pos{}, "", "", "the file cannot be read: %v", err)
			continue
		}
		m, faults := ParseMap(name, l.named(file), src)
		l.faults = append(l.faults, faults...)
		if m != nil {
			all = append(all, m)
		}
	}
	return all
}

// ParseMap reads one of the files of reasons or stages into a code map. Words
// that are none of Caterpillar's are faults. Of stages the words are those that
// StageOf understands.
func ParseMap(name, path string, src []byte) (*mapfile.CodeMap, mapfile.Faults) {
	r, top := mapfile.NewReader(path, src)
	if top == nil {
		return nil, r.Faults()
	}
	m := &mapfile.CodeMap{Name: mapfile.Text{Value: name, Pos: top.Pos}}
	if top.Kind != mapfile.MapNode || len(top.Pairs) == 0 {
		r.Wrong(top, "", "a map from the CRM's codes to Caterpillar's words")
		return m, r.Faults()
	}
	seen, listed := map[string]mapfile.Pos{}, false
	for _, p := range top.Pairs {
		if p.Key.Value == "ignoreCase" && !p.Key.Quoted {
			m.IgnoreCase = r.Bool(p.Value, "ignoreCase")
		}
	}
	for _, p := range top.Pairs {
		switch {
		case p.Key.Value == "ignoreCase" && !p.Key.Quoted:
			continue
		case p.Key.Value == "else" && !p.Key.Quoted:
			r.Fault(p.Key.Pos, "else", "a code that is not in the list is held until it is; `else` would guess (a code called `else` stands in quotes)")
			continue
		}
		word, ok := standardWord(r, name, p, &listed)
		if !ok {
			continue
		}
		key := strings.TrimSpace(p.Key.Value)
		if m.IgnoreCase {
			key = strings.ToLower(key)
		}
		if first, again := seen[key]; again {
			r.Fault(p.Key.Pos, p.Key.Value, "this code stands here a second time; the first is at line %d", first.Line)
			continue
		}
		seen[key] = p.Key.Pos
		m.Entries = append(m.Entries, mapfile.MapEntry{Code: p.Key, Word: word})
	}
	return m, r.Faults()
}

// standardWord holds a word against Caterpillar's list, which is told once.
func standardWord(r *mapfile.Reader, name string, p mapfile.Pair, listed *bool) (mapfile.Text, bool) {
	if p.Value.Kind == mapfile.ScalarNode && p.Value.Text.Value == NotYet {
		return p.Value.Text, true
	}
	if name == SalesStages {
		return stageWord(r, p)
	}
	words := map[string][]string{
		RejectedReasons: standard.RejectedReasons(), DisqualifiedReasons: standard.DisqualifiedReasons(), ClosedReasons: standard.ClosedReasons(),
	}[name]
	if p.Value.Kind == mapfile.NullNode {
		r.Fault(p.Key.Pos, p.Key.Value, "nothing stands behind this code; write one of Caterpillar's reasons, or %s where nothing is to be sent", NotYet)
		return mapfile.Text{}, false
	}
	t := r.Word(p.Value, p.Key.Value)
	switch {
	case t == nil:
		return mapfile.Text{}, false
	case slices.Contains(words, t.Value):
		return *t, true
	}
	for _, word := range words {
		if strings.EqualFold(word, t.Value) {
			t.Value = word
			return *t, true
		}
	}
	if mapfile.Nearest(t.Value, words) == "" && !*listed {
		*listed = true
		r.Fault(t.Pos, p.Key.Value, "unknown reason of Caterpillar's %q; there are: %s", t.Value, strings.Join(words, "; "))
		return mapfile.Text{}, false
	}
	r.Unknown(*t, p.Key.Value, "reason of Caterpillar's", words)
	return mapfile.Text{}, false
}

// stageWord makes a word of a stage: `60`, or `Name`, or `Name 60`.
func stageWord(r *mapfile.Reader, p mapfile.Pair) (mapfile.Text, bool) {
	path := p.Key.Value
	names := standard.StageNames()
	named := func(t mapfile.Text) (standard.Stage, bool) {
		s, ok := standard.StageNamed(t.Value)
		if !ok {
			r.Unknown(t, path, "stage of Caterpillar's", names)
		}
		return s, ok
	}
	switch p.Value.Kind {
	case mapfile.NullNode, mapfile.ListNode:
		r.Wrong(p.Value, path, "a percentage, a stage such as Qualification, a map of both, or "+NotYet)
		return mapfile.Text{}, false
	case mapfile.ScalarNode:
		t := p.Value.Text
		if percent, err := strconv.Atoi(t.Value); err == nil {
			if percent < 0 || percent > 100 {
				r.Fault(t.Pos, path, "a percentage is a whole number from 0 to 100, not %q", t.Value)
				return t, false
			}
			if percent == 0 {
				r.Fault(t.Pos, path, "0 does not say whether anybody made a deal; write `Closed Lost` or `Closed No Deal`")
				return t, false
			}
			return t, true
		}
		_, ok := named(t)
		return t, ok
	case mapfile.MapNode:
	}
	k := r.Keys(p.Value, path, stageContext)
	if k == nil {
		return mapfile.Text{}, false
	}
	n := k.Get("stage")
	if n == nil {
		if k.Missing("stage") {
			r.Fault(p.Value.Pos, path, "`stage` is missing")
		}
		return mapfile.Text{}, false
	}
	t := r.Text(n, k.At("stage"))
	if t.Value == "" {
		return t, false
	}
	stage, ok := named(t)
	v := k.Get("percentage")
	if !ok || v == nil {
		return t, ok
	}
	percent := r.Whole(v, k.At("percentage"), 0)
	if percent == nil {
		return t, false
	}
	if got, err := strconv.Atoi(percent.Value); err != nil || got < stage.Least || got > stage.Most {
		r.Fault(percent.Pos, k.At("percentage"), "%s is from %d to %d percent", stage.Name, stage.Least, stage.Most)
		return t, false
	}
	t.Value += " " + percent.Value
	return t, true
}

// StageMeaning is what a code of sales-stages.yaml means.
type StageMeaning struct {
	Stage standard.Stage
	Fixed bool // the percentage stands whatever the row says
	// Percent is the fixed percentage, or the one for rows without their own; -1
	// where there is none.
	Percent int
}

// StageOf understands a word of the map of stages.
func StageOf(word string) (StageMeaning, bool) {
	if percent, err := strconv.Atoi(word); err == nil {
		for _, s := range standard.Stages() {
			if s.Least <= percent && percent <= s.Most {
				return StageMeaning{Stage: s, Fixed: true, Percent: percent}, true
			}
		}
		return StageMeaning{}, false
	}
	if s, ok := standard.StageNamed(word); ok {
		if s.OnePercentage {
			return StageMeaning{Stage: s, Fixed: true, Percent: s.Least}, true
		}
		return StageMeaning{Stage: s, Percent: -1}, true
	}
	at := strings.LastIndexByte(word, ' ')
	if at < 0 {
		return StageMeaning{}, false
	}
	s, ok := standard.StageNamed(word[:at])
	percent, err := strconv.Atoi(word[at+1:])
	return StageMeaning{Stage: s, Fixed: s.OnePercentage, Percent: percent}, ok && err == nil
}

// Of is the percentage of a row; own is -1 where the row has none. ok is false
// where nothing says a percentage.
func (m StageMeaning) Of(own int) (percent int, ok bool) {
	switch {
	case m.Fixed:
		return m.Percent, true
	case own >= 0:
		return min(max(own, m.Stage.Least), m.Stage.Most), true
	}
	return m.Percent, m.Percent >= 0
}

func readFile(folder fs.FS, name string, most int64) ([]byte, error) {
	info, err := fs.Stat(folder, name)
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fs.ErrNotExist
	case errors.As(err, &at):
		return nil, at.Err // whoever tells it names the file
	case err != nil:
		return nil, err
	}
	if info.Size() > most {
		return nil, errors.New("it is too large")
	}
	src, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	return src, nil
}
