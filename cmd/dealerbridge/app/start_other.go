//go:build !linux

package app

import "runtime/debug"

// forgetStart gives back the garbage the start left.
func forgetStart() error {
	debug.FreeOSMemory()
	return nil
}
