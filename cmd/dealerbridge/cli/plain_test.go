package cli_test

import (
	"regexp"
	"testing"
)

// What differs from run to run, and what stands in the expected outputs instead,
// of the same length, so that columns stay columns.
var passing = []struct {
	what *regexp.Regexp
	mark string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "YYYY-MM-DDThh:mm:ssZ"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`), "YYYY-MM-DD hh:mm:ss"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d`), "YYYY-MM-DD"},
	{regexp.MustCompile(`\b\d{13}/`), "MILLISECONDS/"},
	{regexp.MustCompile(`PL-\d{6}-`), "PL-YYYYMM-"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`\b[a-z2-7]{26}\b`), "abcdefghijklmnopqrstuvwxyz"},
	{regexp.MustCompile(`\b[A-Z2-7]{26}\b`), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
}

// plain takes out of an output what differs from run to run: moments, ids, and
// the test's own folders.
func plain(text string, folders ...string) string {
	for _, f := range folders {
		text = regexp.MustCompile(regexp.QuoteMeta(f)).ReplaceAllString(text, "DIR")
	}
	for _, p := range passing {
		text = p.what.ReplaceAllString(text, p.mark)
	}
	return text
}

// prints runs a command that works and compares what it prints with a file.
func prints(t *testing.T, file string, folders []string, args ...string) string {
	t.Helper()
	code, out, errs := run(t, args...)
	if code != 0 || errs != "" {
		t.Fatalf("%v: %d, %s%s", args, code, out, errs)
	}
	golden(t, file, plain(out, folders...))
	return out
}
