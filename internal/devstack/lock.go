package devstack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// errLocked says that another process, or another part of this one, holds the
// lock.
var errLocked = errors.New("locked")

// fileLock is an advisory lock that the operating system takes back when its
// holder dies. The file stays referenced here on purpose: a collected *os.File
// is closed by its finalizer, and the lock is silently gone.
type fileLock struct{ file *os.File }

// tryLock takes the lock at path or returns an error that is errLocked.
func tryLock(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening lock file: %w", err)
	}
	free, err := lockFile(file)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	if !free {
		holder, _ := io.ReadAll(io.LimitReader(file, 20))
		_ = file.Close()
		return nil, fmt.Errorf("%w by process %s", errLocked, strings.TrimSpace(string(holder)))
	}
	// The holder's number is for a person's eyes; the lock does not depend on it.
	if err := file.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(file, "%d\n", os.Getpid())
	}
	return &fileLock{file: file}, nil
}

func (l *fileLock) release() { _ = l.file.Close() }

// lockDir makes sure that one process at a time uses dir.
func lockDir(dir string) (*fileLock, error) {
	lock, err := tryLock(filepath.Join(dir, "lock"))
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("another tocsin already uses %s (%w): stop it, or choose another data folder", dir, err)
	}
	return lock, err
}
