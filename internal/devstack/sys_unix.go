//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package devstack

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// lockFile takes an exclusive lock and reports whether it was free.
func lockFile(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// alive reports whether a process with this number exists.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// killGroup ends a process that leads its own group, with its children.
func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }

// owner returns the user and the group of a file.
func owner(info fs.FileInfo) (uid, gid int) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return os.Geteuid(), os.Getegid()
	}
	return int(stat.Uid), int(stat.Gid)
}

// Signals that Postgres understands: end now and recover at the next start, or
// end in good order without waiting for clients.
const (
	immediateStop = syscall.SIGQUIT
	fastStop      = syscall.SIGINT
)

// attributes puts a process into a group of its own, because the terminal sends
// Ctrl-C to its whole group and would race our orderly stop, and under the given
// identity.
func attributes(id identity, deathSignal syscall.Signal) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(attr, deathSignal)
	switch id.mode {
	case modeDrop:
		attr.Credential = &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid)}
	case modeNamespace:
		return attr, enterNamespace(attr, id)
	}
	return attr, nil
}
