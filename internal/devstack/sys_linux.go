package devstack

import (
	"os"
	"syscall"
)

// dieWithParent has the kernel signal the process when we are gone, however we
// went.
func dieWithParent(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }

// enterNamespace shows our own user to the process under another number, so that
// a program that refuses root runs with root's own files.
func enterNamespace(attr *syscall.SysProcAttr, id identity) error {
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: id.uid, HostID: os.Geteuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: id.gid, HostID: os.Getegid(), Size: 1}}
	return nil
}
