package dbserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// image is the server that runs where none is installed but a container engine
// answers.
const image = "mariadb:10.11"

// container runs a server in Docker or Podman.
type container struct {
	engine   string
	name     string
	port     int
	password string
	args     []string
	created  bool
}

func newContainer(engine string, port int, password string, args []string) *container {
	return &container{
		engine: engine, name: fmt.Sprintf("%s%d-%d", runPrefix, os.Getpid(), port), port: port, password: password,
		args: append([]string{
			"--skip-name-resolve", "--skip-log-bin", "--performance-schema=OFF",
			"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF", "--max-connections=200",
		}, args...),
	}
}

// findEngine returns an engine that answers; a program without its daemon does not count.
func findEngine(ctx context.Context) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, name := range []string{"docker", "podman"} {
		path, err := exec.LookPath(name)
		if err == nil && exec.CommandContext(ctx, path, "info").Run() == nil {
			return path, true
		}
	}
	return "", false
}

func (c *container) account() string { return "root" }

func (c *container) launch(ctx context.Context) error {
	if c.created {
		return c.call(ctx, "start", c.name)
	}
	args := []string{
		"run", "--detach", "--name", c.name,
		"--publish", fmt.Sprintf("127.0.0.1:%d:3306", c.port),
		"--env", "MARIADB_ROOT_PASSWORD", // the value comes from the environment, where no process list shows it
		"--env", "MARIADB_ROOT_HOST=%",
		image,
	}
	c.created = true // also after a failed run: the engine may have made it
	return c.call(ctx, append(args, c.args...)...)
}

func (c *container) failed(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, c.engine, "inspect", "--format", "{{.State.Status}}", c.name).Output()
	if err != nil {
		return fmt.Errorf("asking for the container's state: %w", err)
	}
	if state := strings.TrimSpace(string(out)); state != "exited" && state != "dead" {
		return nil
	}
	log, err := exec.CommandContext(ctx, c.engine, "logs", "--tail", "12", c.name).CombinedOutput()
	if err != nil {
		return fmt.Errorf("reading the container's log: %w", err)
	}
	return fmt.Errorf("the database container gave up: %s", lastLines(string(log)))
}

func (c *container) halt(ctx context.Context) error {
	return c.call(ctx, "stop", "-t", "20", c.name)
}

func (c *container) destroy(ctx context.Context) error {
	if !c.created {
		return nil
	}
	c.created = false
	return c.call(ctx, "rm", "--force", "--volumes", c.name)
}

func (c *container) call(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, c.engine, args...)
	cmd.Env = append(os.Environ(), "MARIADB_ROOT_PASSWORD="+c.password)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("%s %s: %w", c.engine, args[0], err), errors.New(lastLines(string(out))))
}
