package dbserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Installed is a server program found on this machine.
type Installed struct {
	Program string // mariadbd or mysqld
	Version string // its own words, one line
	MariaDB bool
	setup   string // the program that makes an empty data directory; MySQL's is the server itself
}

// Directories outside PATH where packages put the server.
var serverDirs = []string{
	"/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/libexec", "/usr/local/bin", "/usr/local/mysql/bin",
	"/opt/homebrew/opt/mariadb/bin", "/opt/homebrew/opt/mysql/bin", "/usr/bin",
}

// Find looks for a server program on PATH and in the places packages use.
// ErrNone if there is none that can also make its own data directory.
func Find() (Installed, error) {
	for _, name := range []string{"mariadbd", "mysqld"} {
		program, found := lookFor(name)
		if !found {
			continue
		}
		out, err := exec.CommandContext(context.Background(), program, "--no-defaults", "--version").Output()
		if err != nil {
			return Installed{}, fmt.Errorf("asking %s for its version: %w", program, err)
		}
		version := strings.TrimSpace(string(out))
		in := Installed{Program: program, Version: version, MariaDB: strings.Contains(version, "MariaDB"), setup: program}
		if !in.MariaDB {
			return in, nil
		}
		for _, setup := range []string{"mariadb-install-db", "mysql_install_db"} {
			if in.setup, found = lookFor(setup); found {
				return in, nil
			}
		}
	}
	return Installed{}, ErrNone
}

func lookFor(name string) (string, bool) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, true
	}
	for _, dir := range serverDirs {
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err == nil {
			return path, true
		}
	}
	return "", false
}

// sizes are shared by set-up and start: some servers refuse a data directory
// whose log has another size than they are told. "loose" lets each vendor pass
// over what it does not know.
var sizes = []string{
	"--innodb-buffer-pool-size=32M",
	"--loose-innodb-log-file-size=8M",
	"--loose-innodb-redo-log-capacity=8M",
}

// template returns a data directory that was set up once for this server and is
// only ever copied. It is kept in the user's cache directory.
func template(ctx context.Context, in Installed) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil { // no home directory
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "dealerbridge-testdb")
	final := filepath.Join(cache, "template-"+fileSafe(in.Version)+fmt.Sprintf("-%d", os.Getuid()))
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", fmt.Errorf("making the cache directory: %w", err)
	}
	work, err := os.MkdirTemp(cache, "setup-")
	if err != nil {
		return "", fmt.Errorf("making a directory for the set-up: %w", err)
	}
	data := filepath.Join(work, "data")
	args := []string{"--no-defaults", "--datadir=" + data}
	if in.MariaDB {
		args = append(args, "--skip-test-db", "--auth-root-authentication-method=normal", "--skip-name-resolve")
	} else {
		args = append(args, "--initialize-insecure")
	}
	args = append(append(args, asUser()...), sizes...)
	out, err := exec.CommandContext(ctx, in.setup, args...).CombinedOutput()
	if err != nil {
		return "", errors.Join(fmt.Errorf("setting up a data directory with %s: %w: %s", in.setup, err, lastLines(string(out))),
			os.RemoveAll(work))
	}
	// Two processes may set up at the same time: the first rename wins, the
	// other one's work is thrown away.
	if err := os.Rename(data, final); err != nil {
		if _, missing := os.Stat(final); missing != nil {
			return "", errors.Join(fmt.Errorf("keeping the template: %w", err), os.RemoveAll(work))
		}
	}
	if err := os.RemoveAll(work); err != nil {
		return "", fmt.Errorf("clearing up after the set-up: %w", err)
	}
	return final, nil
}

// asUser is needed for root only: the servers refuse to run as root unasked.
func asUser() []string {
	if os.Getuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

func fileSafe(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		}
		return '_'
	}, s)
}

func lastLines(text string) string {
	const keep = 12
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > keep {
		lines = lines[len(lines)-keep:]
	}
	return strings.Join(lines, "\n")
}
