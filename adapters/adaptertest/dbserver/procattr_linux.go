package dbserver

import "syscall"

// DiesWithParent says that a server ends when the process that started it ends,
// however that happened.
const DiesWithParent = true

func procAttr() *syscall.SysProcAttr {
	// A group of its own keeps an interrupt at the terminal from reaching the
	// server before the tests have ended.
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
