package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

// run runs one command line.
func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Run(t.Context(), "v1-test", args, &o, &e)
	return code, o.String(), e.String()
}

// write writes a file of the test's and returns its name.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUsage(t *testing.T) {
	t.Run("WithoutArgumentsItHelps", func(t *testing.T) {
		code, out, errs := run(t)
		if code != 0 || errs != "" {
			t.Errorf("got %d, %s", code, errs)
		}
		for _, command := range []string{"serve", "demo", "mapping check", "client add", "client list", "client rotate", "client revoke", "qr", "version"} {
			if !strings.Contains(out, command) {
				t.Errorf("%s is not in the help:\n%s", command, out)
			}
		}
	})
	t.Run("EveryCommandHelps", func(t *testing.T) {
		for _, command := range []string{"serve", "demo", "mapping check", "client add", "client list", "client rotate", "client revoke", "qr", "version"} {
			code, out, _ := run(t, append(strings.Fields(command), "--help")...)
			if code != 0 || !strings.Contains(out, "Usage: dealerbridge "+command) {
				t.Errorf("%s: %d\n%s", command, code, out)
			}
		}
	})
	t.Run("WrongUsageEndsWith2AndSaysWhereHelpIs", func(t *testing.T) {
		for _, args := range [][]string{
			{"serv"},
			{"serve", "--lisen", "x"},
			{"client"},
			{"client", "add"},
			{"client", "add", "x"},
			{"serve", "extra"},
			{"serve", "--log-format", "xml"},
			{"client", "add", "x", "--dealer", "D100", "--scope", "all"},
			{"mapping", "check", "/nowhere/at/all"},
			{"demo", "--listen", "nonsense"},
		} {
			code, out, errs := run(t, args...)
			if code != 2 || out != "" || !strings.Contains(errs, "--help") {
				t.Errorf("%v: %d, %q, %q", args, code, out, errs)
			}
		}
	})
	t.Run("WhatIsNoNumberIsSaidInPlainWords", func(t *testing.T) {
		for _, args := range [][]string{{"queue", "show", "nix"}, {"queue", "show", "9223372036854775808"}, {"requests", "list", "--limit", "nix"}, {"sandbox", "--seed=-1"}} {
			code, _, errs := run(t, args...)
			if code != 2 || !strings.Contains(errs, "is no whole number") || strings.Contains(errs, "bit") {
				t.Errorf("%v: %d, %q", args, code, errs)
			}
		}
	})
	t.Run("Version", func(t *testing.T) {
		if code, out, _ := run(t, "version"); code != 0 || out != "dealerbridge v1-test\n" {
			t.Errorf("got %d, %q", code, out)
		}
	})
}

func TestServe(t *testing.T) {
	dir := t.TempDir()
	t.Run("WithoutAConfigurationItSaysSo", func(t *testing.T) {
		code, _, errs := run(t, "serve", "--config", filepath.Join(dir, "none.yaml"))
		if code != 1 || !strings.Contains(errs, "no configuration at") || !strings.Contains(errs, "dealerbridge demo") {
			t.Errorf("got %d, %s", code, errs)
		}
	})
	t.Run("FaultsAreLinesAnEditorCanFollow", func(t *testing.T) {
		file := write(t, dir, "faulty.yaml", "lisen: x\ndealers: [{code: D100, mapping: m, database: {driver: oracle}}]\n")
		code, out, errs := run(t, "serve", "--config", file)
		if code != 1 || out != "" {
			t.Errorf("got %d, %q", code, out)
		}
		lines := strings.Split(strings.TrimSpace(errs), "\n")
		if len(lines) < 2 || !strings.HasPrefix(lines[0], file+":1:1: ") || !strings.HasPrefix(lines[1], file+":2:") {
			t.Errorf("got %s", errs)
		}
	})
	t.Run("TheEnvironmentNamesTheConfiguration", func(t *testing.T) {
		t.Setenv("DEALERBRIDGE_CONFIG", write(t, dir, "env.yaml", "nonsense: 1\n"))
		if code, _, errs := run(t, "serve"); code != 1 || !strings.Contains(errs, "env.yaml:1:1") {
			t.Errorf("got %d, %s", code, errs)
		}
	})
}

func TestClient(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "dealerbridge.yaml", "state: {path: gw}\ndealers:\n  - code: D100\n    database: {dsn: '${NOT_IN_THIS_SHELL}'}\n  - {code: D200}\n")
	at := func(args ...string) []string { return append(args, "--config", file) }

	t.Run("AddPrintsTheSecretOnce", func(t *testing.T) {
		code, out, errs := run(t, at("client", "add", "crs", "--dealer", "D100", "--dealer", "D200", "--scope", "crs.read", "--note", "production")...)
		if code != 0 || errs != "" || !strings.Contains(out, "client_id      crs\nclient_secret  ") {
			t.Fatalf("got %d, %q, %q", code, out, errs)
		}
		secret := strings.Fields(out)[3]
		if code, out, _ := run(t, at("client", "list", "--json")...); code != 0 || strings.Contains(out, secret) || strings.Contains(strings.ToLower(out), "hash") {
			t.Errorf("the list holds more than it should: %s", out)
		}
	})
	t.Run("ListShowsWhatThereIs", func(t *testing.T) {
		_, out, _ := run(t, at("client", "list", "--json")...)
		var list []map[string]any
		if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 {
			t.Fatalf("got %s, %v", out, err)
		}
		if c := list[0]; c["id"] != "crs" || c["note"] != "production" || len(c["dealers"].([]any)) != 2 || c["revoked"] != nil || c["rotated"] != nil {
			t.Errorf("got %v", c)
		}
		if _, out, _ := run(t, at("client", "list")...); !strings.Contains(out, "ID   DEALERS    SCOPES    CREATED") || !strings.Contains(out, "crs  D100,D200  crs.read  ") {
			t.Errorf("got %s", out)
		}
	})
	t.Run("RotateAndRevoke", func(t *testing.T) {
		code, out, _ := run(t, at("client", "rotate", "crs", "--json")...)
		var made map[string]string
		if err := json.Unmarshal([]byte(out), &made); code != 0 || err != nil || len(made["client_secret"]) < 40 {
			t.Errorf("got %d, %s", code, out)
		}
		if code, out, errs := run(t, at("client", "revoke", "crs")...); code != 0 || out != "" || !strings.Contains(errs, "is revoked") {
			t.Errorf("got %d, %q, %q", code, out, errs)
		}
		if code, _, errs := run(t, at("client", "rotate", "crs")...); code != 1 || !strings.Contains(errs, "revoked") {
			t.Errorf("got %d, %q", code, errs)
		}
		if _, out, _ := run(t, at("client", "list", "--json")...); !strings.Contains(out, `"revoked": "2`) || !strings.Contains(out, `"rotated": "2`) {
			t.Errorf("got %s", out)
		}
	})
	t.Run("Refusals", func(t *testing.T) {
		for want, args := range map[string][]string{
			`no dealer "D10" stands in`:             at("client", "add", "x", "--dealer", "D10"),
			`did you mean "D100"?`:                  at("client", "add", "x", "--dealer", "D10"),
			"client rotate crs":                     at("client", "add", "crs", "--dealer", "D100"),
			`use 1 to 80 letters`:                   at("client", "add", "a b", "--dealer", "D100"),
			`no client "crz" (did you mean "crs"?)`: at("client", "revoke", "crz"),
			"no configuration at":                   {"client", "list", "--config", filepath.Join(dir, "none.yaml")},
			"no state can be at":                    {"client", "list", "--state", filepath.Join(dir, "a", "b", "c")},
		} {
			if code, out, errs := run(t, args...); code != 1 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%v: %d, %q, %q", args, code, out, errs)
			}
		}
	})
	t.Run("AnEmptyListSaysHowToBegin", func(t *testing.T) {
		code, out, errs := run(t, "client", "list", "--state", filepath.Join(dir, "fresh"))
		if code != 0 || out != "" || !strings.Contains(errs, "client add") {
			t.Errorf("got %d, %q, %q", code, out, errs)
		}
		if code, out, _ := run(t, "client", "list", "--state", filepath.Join(dir, "fresh"), "--json"); code != 0 || strings.TrimSpace(out) != "[]" {
			t.Errorf("got %d, %q", code, out)
		}
	})
}

func TestMappingCheck(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d100")
	if err := os.CopyFS(dir, demo.Mapping()); err != nil {
		t.Fatal(err)
	}
	t.Run("AGoodMappingEndsWith0", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "check", dir)
		if code != 0 || !strings.Contains(errs, "no faults") {
			t.Errorf("got %d, %q, %q", code, out, errs)
		}
	})
	t.Run("FaultsEndWith1AndAreAllPrinted", func(t *testing.T) {
		raw, err := os.ReadFile(filepath.Join(dir, "rms.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		broken := strings.Replace(string(raw), "poNumber: r.ORDER", "poNumbr: r.ORDER", 1)
		broken = strings.Replace(broken, "customerName: ", "customerNane: ", 1)
		write(t, dir, "rms.yaml", broken)
		code, out, _ := run(t, "mapping", "check", dir)
		if code != 1 || !strings.Contains(out, filepath.Join(dir, "rms.yaml")+":") ||
			!strings.Contains(out, `did you mean "poNumber"?`) || !strings.Contains(out, `did you mean "customerName"?`) {
			t.Errorf("got %d, %s", code, out)
		}
	})
	t.Run("WithoutTheDealersDatabaseItSaysWhatIsMissing", func(t *testing.T) {
		write(t, dir, "rms.yaml", mustRead(t))
		file := write(t, filepath.Dir(dir), "dealerbridge.yaml", "dealers: [{code: D200, mapping: other, database: {driver: sqlite, path: r.db}}]\n")
		if code, _, errs := run(t, "mapping", "check", dir, "--db", "--config", file); code != 1 || !strings.Contains(errs, "--dealer CODE") {
			t.Errorf("got %d, %s", code, errs)
		}
		if code, _, errs := run(t, "mapping", "check", dir, "--db", "--config", file, "--dealer", "D300"); code != 1 || !strings.Contains(errs, `no dealer "D300"`) {
			t.Errorf("got %d, %s", code, errs)
		}
		if code, _, _ := run(t, "mapping", "check", dir, "--dealer", "D300"); code != 2 {
			t.Errorf("got %d", code)
		}
	})
	t.Run("WithoutAFolderTheDatabasesOfTheConfigurationAreLookedAt", func(t *testing.T) {
		write(t, dir, "rms.yaml", mustRead(t))
		if code, _, errs := run(t, "mapping", "check"); code != 2 || !strings.Contains(errs, `expected "<dir>"`) {
			t.Errorf("got %d, %s", code, errs)
		}
		path := filepath.Join(filepath.Dir(dir), "empty.db")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		file := write(t, filepath.Dir(dir), "two.yaml", "dealers: [{code: D100, mapping: d100, documents: ., database: {driver: sqlite, path: empty.db}}, {code: D200, mapping: d100, documents: ., database: {driver: sqlite, path: empty.db}}, {code: D400, mapping: d100, database: {driver: sqlite, path: empty.db}}]\n")
		const fault = `: contract: unknown table "RENTAL"`
		code, out, errs := run(t, "mapping", "check", "--db", "--config", file)
		if code != 1 || strings.Count(out, fault) != 2 || !strings.Contains(errs, "no documents folder is configured") {
			t.Errorf("all: got %d, %s, %s", code, out, errs)
		}
		code, out, _ = run(t, "mapping", "check", "--db", "--config", file, "--dealer", "D200")
		if code != 1 || strings.Count(out, fault) != 1 {
			t.Errorf("one: got %d, %s", code, out)
		}
		if code, _, errs := run(t, "mapping", "check", "--db", "--config", file, "--dealer", "D300"); code != 1 || !strings.Contains(errs, `no dealer "D300"`) {
			t.Errorf("none: got %d, %s", code, errs)
		}
	})
}

func mustRead(t *testing.T) string {
	t.Helper()
	f, err := demo.Mapping().Open("rms.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
