//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package devstack

import (
	"errors"
	"syscall"
)

// dieWithParent does nothing: these systems have no portable parent-death signal.
// An orphaned Postgres is stopped by the next start, which holds the lock.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

func enterNamespace(*syscall.SysProcAttr, identity) error {
	return errors.New("this system has no user namespaces: run as an ordinary user")
}
