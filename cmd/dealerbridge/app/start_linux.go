package app

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// forgetStart gives back what only the start needed: the garbage it left, and
// the pages of the program's own file it touched. A page of the file that is
// needed again is found where it was, in the system's cache. Reading a mapping
// and building tables touches half the program, serving little of it.
func forgetStart() error {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("looking at the process's memory: %w", err)
	}
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("looking for the program's file: %w", err)
	}
	for _, p := range plainParts(text, program) {
		if _, _, failed := syscall.Syscall(syscall.SYS_MADVISE, p.from, p.to-p.from, syscall.MADV_DONTNEED); failed != 0 {
			return fmt.Errorf("giving pages of the program back: %w", failed)
		}
	}
	return nil
}

// span is a piece of the process's memory.
type span struct{ from, to uintptr }

// plainParts finds the pieces of memory, as smaps describes them, that are a
// file's content and nothing else. What was ever written, by the loader too, is
// not in the file, and would be lost.
func plainParts(smaps []byte, program string) []span {
	var found []span
	var p span
	ours := false
	for line := range strings.Lines(string(smaps)) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if from, to, ok := strings.Cut(words[0], "-"); ok { // where the next piece begins
			begin, errBegin := strconv.ParseUint(from, 16, 64)
			end, errEnd := strconv.ParseUint(to, 16, 64)
			p = span{uintptr(begin), uintptr(end)}
			ours = errBegin == nil && errEnd == nil && len(words) == 6 && words[5] == program && (words[1] == "r-xp" || words[1] == "r--p")
		}
		if ours && len(words) == 3 && words[0] == "Anonymous:" && words[1] == "0" {
			found = append(found, p)
		}
	}
	return found
}
