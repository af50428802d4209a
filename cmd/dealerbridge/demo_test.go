package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

var servedAt = regexp.MustCompile(`is served at (http://127\.0\.0\.1:[0-9]+)`)

// demonstration runs the demo in this process and returns what it printed.
func demonstration(t *testing.T, args ...string) (out *journal, base string, stop func() int) {
	t.Helper()
	out = newJournal()
	errs := newJournal()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, "test", append([]string{"demo", "--listen", "127.0.0.1:0"}, args...), out, errs)
	}()
	code, over := 0, false
	stop = func() int {
		if !over {
			cancel()
			code, over = <-ended, true
		}
		return code
	}
	t.Cleanup(func() {
		if code := stop(); code != 0 {
			t.Errorf("the demo ended with %d: %s", code, errs)
		}
	})
	out.wait(t, demoEnds)
	found := servedAt.FindStringSubmatch(out.String())
	if found == nil {
		t.Fatalf("no address in %s", out)
	}
	return out, found[1], stop
}

// pasted runs commands in a shell, as somebody who copies them from the demo, and
// returns what each of them printed.
func pasted(t *testing.T, dir string, script []string) []string {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-e", "-u", "-c", strings.Join(script, "\nprintf '\\036'\n"))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	raw, err := cmd.Output()
	if err != nil {
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			t.Logf("%s", ended.Stderr)
		}
		t.Fatalf("the commands failed: %v\n%s", err, raw)
	}
	parts := strings.Split(string(raw), "\x1e")
	if len(parts) != len(script) {
		t.Fatalf("%d answers to %d commands", len(parts), len(script))
	}
	return parts
}

// commandsOf gives the lines of a text that are to be pasted.
func commandsOf(text string) []string {
	var script []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, begin := range []string{"curl ", "TOKEN=", "PDF=", "DESK=", "dealerbridge ", "echo "} {
			if strings.HasPrefix(line, begin) {
				script = append(script, line)
			}
		}
	}
	return script
}

const demoEnds = "Ctrl-C ends the demo."

// TestDemo pastes what the demo prints into a shell.
func TestDemo(t *testing.T) {
	began := time.Now()
	out, _, stop := demonstration(t, "--pace", "20ms")
	t.Logf("the demo was ready after %s", time.Since(began).Round(time.Millisecond))
	out.wait(t, "waits for you:", "it is held") // whose answers are asked for below
	dir := t.TempDir()
	banner, _, _ := strings.Cut(out.String(), demoEnds)
	t.Run("EveryCommandHasSomethingToShow", func(t *testing.T) {
		script := commandsOf(banner)
		if len(script) < 21 {
			t.Fatalf("%d commands were printed", len(script))
		}
		for i, got := range pasted(t, dir, script) {
			line := script[i]
			switch {
			case strings.Contains(line, "-o contract.pdf"):
			case strings.HasPrefix(line, "dealerbridge "):
				if got == "" || strings.HasPrefix(got, "no ") {
					t.Errorf("%s\nhas nothing to show: %s", line, got)
				}
			case strings.HasPrefix(line, "curl "):
				var answer struct {
					Items    []json.RawMessage `json:"items"`
					Customer *model.Customer   `json:"customer"`
					Status   any               `json:"status"`
					Leads    []string          `json:"leadIds"`
					Requests []string          `json:"ids"`
				}
				if err := json.Unmarshal([]byte(got), &answer); err != nil {
					t.Errorf("%s\nanswers %.300s", line, got)
					continue
				}
				if len(answer.Items)+len(answer.Leads)+len(answer.Requests) == 0 && answer.Customer == nil && answer.Status != "ready" {
					t.Errorf("%s\nhas nothing to show: %.300s", line, got)
				}
			}
		}
		pdf, err := os.ReadFile(filepath.Join(dir, "contract.pdf"))
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Errorf("contract.pdf holds %.60q: %v", pdf, err)
		}
	})
	t.Run("WhatItTellsCanBeDone", func(t *testing.T) {
		out.wait(t, "Accepted, with a probability of 60 %", "Accepted, with a probability of 100 %")
		_, told, _ := strings.Cut(out.String(), demoEnds)
		script := commandsOf(told)
		if len(script) < 7 {
			t.Fatalf("%d commands were told: %s", len(script), told)
		}
		pasted(t, dir, script)
		out.wait(t, "-2: Rejected") // the reason that was missing is there
		for _, state := range []string{"received", "scheduled", "closed"} {
			out.wait(t, " is "+state)
		}
		if strings.Contains(out.String(), "refused") {
			t.Errorf("the Cat Rental Store refused something: %s", out)
		}
	})
	t.Run("TheMachineBehindTheCodeStandsSomewhere", func(t *testing.T) {
		for _, line := range commandsOf(banner) {
			if strings.HasPrefix(line, "dealerbridge qr ") {
				got := pasted(t, dir, []string{line + " --json"})[0]
				if !strings.Contains(got, `"customer": "0000031"`) || !strings.Contains(got, `"contract": "K`) {
					t.Errorf("got %s", got)
				}
			}
		}
	})
	mapping := regexp.MustCompile(`\n  (/.*/rms\.yaml)\n`).FindStringSubmatch(out.String())
	if mapping == nil {
		t.Fatal("the mapping's place is not printed")
	}
	if _, err := os.Stat(mapping[1]); err != nil {
		t.Error(err)
	}
	if stop() != 0 {
		t.Error("it did not end well")
	}
	if _, err := os.Stat(mapping[1]); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
}

func TestDemoKeepsItsState(t *testing.T) {
	t.Chdir(t.TempDir())
	const dir = "kept" // from where the demo is started
	run := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := cli.Run(t.Context(), "test", args, &out, &errs)
		return code, out.String(), errs.String()
	}
	_, base, stop := demonstration(t, "--state", dir)
	code, out, errs := run("client", "add", "mine", "--dealer", "D100", "--state", dir, "--json")
	var made struct {
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal([]byte(out), &made); code != 0 || err != nil {
		t.Fatalf("%d, %v: %s", code, err, errs)
	}
	ask := func() string {
		t.Helper()
		raw, err := exec.CommandContext(t.Context(), "curl", "-s", "-u", "mine:"+made.Secret, "-d", "grant_type=client_credentials", base+"/oauth2/token").Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if got := ask(); !strings.Contains(got, "access_token") {
		t.Errorf("a client added beside the running gateway is answered %s", got)
	}
	stop()
	said, base, _ := demonstration(t, "--state", dir)
	if got := ask(); !strings.Contains(got, "access_token") {
		t.Errorf("after a restart the client is answered %s", got)
	}
	if code, out, _ := run("client", "list", "--state", dir); code != 0 || !strings.Contains(out, "mine") || !strings.Contains(out, "demo") {
		t.Errorf("%d, %s", code, out)
	}
	said.wait(t, "stands in the CRM as PL-")
	if code, out, errs := run("leads", "list", "--config", filepath.Join(dir, "dealerbridge.yaml")); code != 0 || !strings.Contains(out, "LD-") {
		t.Errorf("%d, %s%s", code, out, errs)
	}
	if code, _, errs := run("client", "revoke", "mine", "--state", dir); code != 0 {
		t.Errorf("%d, %s", code, errs)
	}
	if got := ask(); !strings.Contains(got, "invalid_client") {
		t.Errorf("a revoked client is answered %s", got)
	}
}

func TestDemoSaysWhenItsMappingIsNotInForce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	_, _, stop := demonstration(t, "--state", dir)
	stop()
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the state's folder is open to others: %v, %v", info, err)
	}
	file := filepath.Join(dir, "mapping", "rms.yaml")
	replaceIn(t, file, "contractId: r.CONNO", "contractIdd: r.CONNO")
	ctx, cancel := context.WithCancel(t.Context())
	errs := newJournal()
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, "test", []string{"demo", "--listen", "127.0.0.1:0", "--state", dir}, new(bytes.Buffer), errs)
	}()
	errs.wait(t, "The demo's mapping is not in force", file+":", `did you mean "contractId"?`)
	replaceIn(t, file, "contractIdd: r.CONNO", "contractId: r.CONNO") // what somebody edited stays, so it is mended by hand
	errs.wait(t, "the changed mapping is in force")
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d: %s", code, errs)
	}
}

func TestDemoRefuses(t *testing.T) {
	t.Run("AddressesOthersCanReach", func(t *testing.T) {
		var out, errs bytes.Buffer
		for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:8080"} {
			if code := cli.Run(t.Context(), "test", []string{"demo", "--listen", address}, &out, &errs); code != 2 {
				t.Errorf("%s ends with %d", address, code)
			}
		}
		if !strings.Contains(errs.String(), "this machine only") {
			t.Errorf("got %s", &errs)
		}
	})
	t.Run("AnAddressThatIsTaken", func(t *testing.T) {
		taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = taken.Close() })
		var out, errs bytes.Buffer
		code := cli.Run(t.Context(), "test", []string{"demo", "--listen", taken.Addr().String()}, &out, &errs)
		if code != 1 || !strings.Contains(errs.String(), "another program listens on") || out.Len() > 0 {
			t.Errorf("got %d, %s%s", code, &out, &errs)
		}
	})
}

// TestBinary builds the program, runs it and stops it as a service manager does.
func TestBinary(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "dealerbridge")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.version=v1.2.3-test", "-o", binary, ".")
	if raw, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, raw)
	}
	started := func(t *testing.T, args ...string) (run *exec.Cmd, out, errs *journal) {
		t.Helper()
		out, errs = newJournal(), newJournal()
		run = exec.CommandContext(t.Context(), binary, args...)
		run.Env = append(os.Environ(), "DEALERBRIDGE_LISTEN=127.0.0.1:0", "DEALERBRIDGE_LOG_FORMAT=json") // flags have a variable each
		run.Stdout, run.Stderr = out, errs
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		return run, out, errs
	}
	send := func(t *testing.T, run *exec.Cmd, s os.Signal) {
		t.Helper()
		if err := run.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("TellsItsVersion", func(t *testing.T) {
		raw, err := exec.CommandContext(t.Context(), binary, "version").Output()
		if err != nil || string(raw) != "dealerbridge v1.2.3-test\n" {
			t.Errorf("got %q, %v", raw, err)
		}
	})
	t.Run("StopsGracefully", func(t *testing.T) {
		for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
			began := time.Now()
			run, out, errs := started(t, "demo")
			out.wait(t, demoEnds)
			t.Logf("the program was ready after %s", time.Since(began).Round(time.Millisecond))
			send(t, run, s)
			if err := run.Wait(); err != nil {
				t.Errorf("after %s it ended with %v: %s", s, err, errs)
			}
			for line := range strings.Lines(errs.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
			errs.wait(t, `"msg":"stopped"`)
		}
	})
	t.Run("ASecondSignalEndsItAtOnce", func(t *testing.T) {
		d := prairie(t, "D100")
		file := filepath.Join(t.TempDir(), "dealerbridge.yaml")
		text := fmt.Sprintf("stopDelay: 10m\npublicURL: http://127.0.0.1:8080\ndealers: [{code: D100, mapping: %s, documents: %s, database: {driver: sqlite, path: %s}}]\n",
			d.Mapping, d.Documents, d.Database.Path)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		run, _, errs := started(t, "serve", "--config", file)
		errs.wait(t, `"msg":"serving"`)
		send(t, run, syscall.SIGTERM)
		errs.wait(t, "stopping")
		send(t, run, syscall.SIGTERM)
		var ended *exec.ExitError
		if err := run.Wait(); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			t.Errorf("it ended with %v", err)
		}
	})
}
