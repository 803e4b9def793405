//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package devstack

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Elsewhere the package compiles, so that the command line does, and refuses.
var errUnsupported = errors.New("a private stack cannot be run on this system: use external Postgres and Temporal servers")

const (
	immediateStop = syscall.SIGKILL
	fastStop      = syscall.SIGKILL
)

func lockFile(*os.File) (bool, error) { return false, errUnsupported }

func alive(int) bool { return false }

func killGroup(int) error { return errUnsupported }

func owner(fs.FileInfo) (uid, gid int) { return os.Geteuid(), os.Getegid() }

func attributes(identity, syscall.Signal) (*syscall.SysProcAttr, error) { return nil, errUnsupported }
