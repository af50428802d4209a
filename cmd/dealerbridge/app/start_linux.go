package app

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
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
	for lines := bufio.NewScanner(bytes.NewReader(smaps)); lines.Scan(); {
		line := lines.Text()
		if value, ok := strings.CutPrefix(line, "Anonymous:"); ok {
			if ours && strings.TrimSpace(value) == "0 kB" {
				found = append(found, p)
			}
			continue
		}
		var rights, offset, device, file string
		var inode uint64
		var next span
		if n, _ := fmt.Sscanf(line, "%x-%x %s %s %s %d %s", &next.from, &next.to, &rights, &offset, &device, &inode, &file); n >= 6 {
			p, ours = next, file == program && (rights == "r-xp" || rights == "r--p")
		}
	}
	return found
}
