package app

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
)

// forgetStart gives back what only the start needed: the garbage it left, and
// the pages of the program's own file it touched. A page of the file that is
// needed again is found where it was, in the system's cache. Reading a mapping
// and building tables touches half the program, serving little of it.
func forgetStart() error {
	debug.FreeOSMemory()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("looking at the process's memory: %w", err)
	}
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("looking for the program's file: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(maps))
	for lines.Scan() {
		var from, to uintptr
		var rights, offset, device, file string
		var inode uint64
		n, err := fmt.Sscanf(lines.Text(), "%x-%x %s %s %s %d %s", &from, &to, &rights, &offset, &device, &inode, &file)
		// What can be written is no copy of the file any more.
		if err != nil || n < 7 || file != program || rights != "r-xp" && rights != "r--p" {
			continue
		}
		if _, _, failed := syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED); failed != 0 {
			return fmt.Errorf("giving pages of the program back: %w", failed)
		}
	}
	return nil
}
