package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the kernel's unit of processor time, the same on every Linux that Go
// runs on.
const tick = 10 * time.Millisecond

// Process is a running process whose use of the machine is looked at; 0 is one
// that cannot be looked at.
type Process int

// CPU is the processor time a process has used so far; 0 where that is not known.
func (p Process) CPU() time.Duration {
	text, err := p.read("stat")
	if err != nil {
		return 0
	}
	// The name stands in parentheses and may hold anything.
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * tick
}

// Memory is what a process holds in memory now, in bytes, and the most it ever
// did.
func (p Process) Memory() (now, most int64) {
	status := p.status()
	return status["VmRSS"], status["VmHWM"]
}

// Kinds tells what it holds now apart: what is its own, and what are pages of
// files, which the system can take back.
func (p Process) Kinds() (own, files int64) {
	status := p.status()
	return status["RssAnon"], status["RssFile"] + status["RssShmem"]
}

// status are the sizes the system tells of a process, in bytes.
func (p Process) status() map[string]int64 {
	sizes := map[string]int64{}
	text, err := p.read("status")
	if err != nil {
		return sizes
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		kib, isSize := strings.CutSuffix(strings.TrimSpace(value), " kB")
		if n, err := strconv.ParseInt(kib, 10, 64); isSize && err == nil {
			sizes[name] = n << 10
		}
	}
	return sizes
}

func (p Process) read(what string) (string, error) {
	if p == 0 {
		return "", os.ErrNotExist
	}
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(int(p)), what))
	if err != nil {
		return "", fmt.Errorf("looking at process %d: %w", p, err)
	}
	return string(text), nil
}
