package mapfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
)

// RMSFile is the file of a dealer's folder that maps the rental system.
const RMSFile = "rms.yaml"

// Set is a dealer's folder, read.
type Set struct {
	RMS   *File    // rms.yaml; nil when it could not be read
	Other []string // names of the folder's other files, sorted
}

// Load reads the folder of one dealer. Faults name the files below dir.
func Load(dir string) (*Set, Faults) {
	return load(os.DirFS(dir), func(name string) string { return path.Join(dir, name) })
}

// LoadFS reads a folder that is given as a file system, an embedded one for
// instance. dir names the folder in it and stands in the faults.
func LoadFS(fsys fs.FS, dir string) (*Set, Faults) {
	sub, err := fs.Sub(fsys, dir)
	if err != nil {
		return &Set{}, Faults{{File: dir, Message: "this is no folder that can be read"}}
	}
	return load(sub, func(name string) string { return path.Join(dir, name) })
}

func load(folder fs.FS, named func(string) string) (*Set, Faults) {
	set := &Set{}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return set, Faults{{File: named("."), Message: "the folder cannot be read: " + reason(err)}}
	}
	for _, entry := range entries {
		if entry.Name() != RMSFile && !entry.IsDir() {
			set.Other = append(set.Other, entry.Name())
		}
	}
	slices.Sort(set.Other)
	src, err := readFile(folder, RMSFile, maxBytes)
	if err != nil {
		return set, Faults{{File: named(RMSFile), Message: "the mapping cannot be read: " + reason(err)}}
	}
	file, faults := Parse(named(RMSFile), src)
	set.RMS = file
	if file == nil {
		return set, faults
	}
	for _, m := range file.Maps {
		if m.File != nil {
			faults = append(faults, loadMap(folder, file, m, set.Other, named)...)
		}
	}
	return set, faults.Sorted()
}

// loadMap fills a code map from its CSV.
func loadMap(folder fs.FS, file *File, m *CodeMap, others []string, named func(string) string) Faults {
	name := m.File.Value
	at := "maps." + m.Name.Value + ".file"
	if !fs.ValidPath(name) {
		return Faults{{File: file.Path, Pos: m.File.Pos, Path: at, Message: fmt.Sprintf("%q does not lie in the dealer's folder; write a file's name without .. and without a leading /", name)}}
	}
	src, err := readFile(folder, name, maxMapBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return Faults{{File: file.Path, Pos: m.File.Pos, Path: at, Message: fmt.Sprintf("there is no file %q beside the mapping", name), Suggestion: Nearest(name, others)}}
	}
	if err != nil {
		return Faults{{File: file.Path, Pos: m.File.Pos, Path: at, Message: fmt.Sprintf("%q cannot be read: %s", name, reason(err))}}
	}
	return readCodes(named(name), src, m)
}

var errTooLarge = errors.New("it is too large")

func readFile(folder fs.FS, name string, most int64) ([]byte, error) {
	info, err := fs.Stat(folder, name)
	if err != nil {
		return nil, fmt.Errorf("looking at %s: %w", name, err)
	}
	if info.Size() > most {
		return nil, errTooLarge
	}
	src, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return src, nil
}

// reason says why a file cannot be read, without the name, which stands before it.
func reason(err error) string {
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "reading it is not permitted"
	case errors.As(err, &at):
		return at.Err.Error()
	}
	return err.Error()
}
