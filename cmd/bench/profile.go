package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// watchCPU has perf sample the gateway until stop is called. The gateway needs no
// door of its own for that; its functions have names where it was built with
// them.
func (b *bench) watchCPU(ctx context.Context) (stop func() error, err error) {
	if b.profile == "" {
		return func() error { return nil }, nil
	}
	cmd := exec.CommandContext(ctx, "perf", "record", "-q", "-e", "cpu-clock", "-F", "999", "-g", //nolint:gosec // what the caller named
		"-p", strconv.Itoa(int(b.gateway.Process)), "-o", b.profile)
	cmd.Stdout, cmd.Stderr = b.log, b.log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting perf: %w", err)
	}
	return func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("ending perf: %w", err)
		}
		var exit *exec.ExitError // it ends by the signal it was sent
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
			return fmt.Errorf("waiting for perf: %w", err)
		}
		if _, err := os.Stat(b.profile); err != nil {
			return b.withLog(fmt.Errorf("looking for the profile: %w", err))
		}
		b.say("perf report -i %s shows what the gateway's processor time went into", b.profile)
		return nil
	}, nil
}
