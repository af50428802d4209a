package app

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

func TestForgetStart(t *testing.T) {
	file := regexp.MustCompile(`(?m)^RssFile:\s+(\d+) kB$`)
	resident := func() int {
		text, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		m := file.FindSubmatch(text)
		if m == nil {
			t.Fatalf("the system does not tell: %s", text)
		}
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := resident()
	if err := forgetStart(); err != nil {
		t.Fatal(err)
	}
	if after := resident(); after >= before {
		t.Errorf("%d KiB of the program's file were resident, now %d", before, after)
	}
}
