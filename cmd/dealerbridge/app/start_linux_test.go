package app

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
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

func TestPlainParts(t *testing.T) {
	const smaps = `00400000-00500000 r-xp 00000000 fe:00 11 /opt/gateway
Rss:                 512 kB
Anonymous:             0 kB
00500000-00600000 r--p 00100000 fe:00 11 /opt/gateway
Anonymous:             4 kB
00600000-00700000 r--p 00200000 fe:00 11 /opt/gateway
Anonymous:             0 kB
00700000-00800000 rw-p 00300000 fe:00 11 /opt/gateway
Anonymous:             0 kB
00800000-00900000 rw-p 00000000 00:00 0 
Anonymous:             0 kB
00900000-00a00000 r--p 00000000 fe:00 12 /lib/other.so
Anonymous:             0 kB
`
	want := []span{{0x400000, 0x500000}, {0x600000, 0x700000}} // the second was written when it was loaded
	if diff := cmp.Diff(want, plainParts([]byte(smaps), "/opt/gateway"), cmp.AllowUnexported(span{})); diff != "" {
		t.Error(diff)
	}
}
