package main_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
)

// TestServe runs the command on a configuration file, beside the other commands.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	d := prairie(t, "D100")
	file := filepath.Join(dir, "dealerbridge.yaml")
	t.Setenv("RENTAL_FILE", d.Database.Path)
	text := fmt.Sprintf(`publicURL: http://127.0.0.1:8080
log: {format: json}
dealers:
  - code: D100
    mapping: %s
    documents: %s
    database: {driver: sqlite, path: '${RENTAL_FILE}'}
`, d.Mapping, d.Documents)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := cli.Run(t.Context(), "test", append(args, "--config", file), &out, &errs)
		return code, out.String(), errs.String()
	}

	t.Run("TheMappingFitsTheDatabase", func(t *testing.T) {
		if code, out, errs := command("mapping", "check", d.Mapping, "--db"); code != 0 || !strings.Contains(errs, "no faults") {
			t.Errorf("got %d, %s%s", code, out, errs)
		}
		rms := filepath.Join(d.Mapping, "rms.yaml")
		replaceIn(t, rms, "poNumber: r.ORDER", "poNumber: r.ORDR")
		if code, _, errs := command("mapping", "check", d.Mapping); code != 2 && code != 0 {
			t.Errorf("without the database got %d, %s", code, errs)
		}
		if code, out, _ := command("mapping", "check", d.Mapping, "--db"); code != 1 || !strings.Contains(out, "rms.yaml:") || !strings.Contains(out, `did you mean "ORDER"?`) {
			t.Errorf("got %d, %s", code, out)
		}
		replaceIn(t, rms, "poNumber: r.ORDR", "poNumber: r.ORDER")
	})

	ctx, cancel := context.WithCancel(context.Background())
	errs := newJournal()
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, "test", []string{"serve", "--config", file, "--listen", "127.0.0.1:0"}, new(bytes.Buffer), errs)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d:\n%s", code, errs)
		}
	})
	errs.wait(t, `"msg":"serving"`)
	found := regexp.MustCompile(`"address":"([^"]+)"`).FindStringSubmatch(errs.String())
	if found == nil {
		t.Fatalf("no address in %s", errs)
	}
	g := &gateway{t: t, base: "http://" + found[1], http: &http.Client{Transport: &http.Transport{}, Timeout: patience}}
	t.Cleanup(g.http.CloseIdleConnections)

	code, out, problem := command("client", "add", "crs", "--dealer", "D100")
	if code != 0 {
		t.Fatal(problem)
	}
	if a := g.with(g.token("crs", strings.Fields(out)[3])).Get("/api/v1/contract?customer=0000412"); a.Status != http.StatusOK {
		t.Errorf("a client added beside it is answered %d: %s", a.Status, a.Body)
	}
	if _, err := os.Stat(filepath.Join(dir, "state", "dealerbridge.db")); err != nil {
		t.Errorf("the state is not beside the file: %v", err)
	}
}
