//go:build !linux

package dbserver

import "syscall"

// DiesWithParent says that a server outlives the process that started it unless
// it is stopped.
const DiesWithParent = false

func procAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
