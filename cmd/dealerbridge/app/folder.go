package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"strings"
)

// folder notices that the content of a dealer's mapping folder changed. It
// reads the files each time: they are small, a file that was merely touched is
// no change, and two versions saved within one tick of the file system's clock
// are told apart.
type folder struct {
	dir     string
	content string
}

// maxFolder bounds what is read of one folder; mapping folders are far smaller.
const maxFolder = 64 << 20

// look gives whether the content differs from what the last look found. The
// first look finds a change in any case.
func (f *folder) look() (changed bool, err error) {
	content, err := contentOf(os.DirFS(f.dir))
	if err != nil {
		return false, fmt.Errorf("reading the mapping folder %s: %w", f.dir, err)
	}
	changed = content != f.content
	f.content = content
	return changed, nil
}

// contentOf gives a digest of all files. Those whose names begin with a dot are
// left out: editors and version control keep their own there.
func contentOf(root fs.FS) (string, error) {
	sum := sha256.New()
	var total int64
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		info, err := fs.Stat(root, path) // follows links, as the reader of the mapping does
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		if total += info.Size(); total > maxFolder {
			return fmt.Errorf("it holds more than %d MiB; keep only mapping files in it", maxFolder>>20)
		}
		return addFile(sum, root, path)
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func addFile(sum hash.Hash, root fs.FS, path string) error {
	file, err := root.Open(path)
	if err != nil {
		return err
	}
	n, err := io.Copy(sum, io.LimitReader(file, maxFolder))
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	fmt.Fprintf(sum, "\x00%q %d\n", path, n)
	return err
}
