package devstack

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// logLimit is the size at which a log is put aside at a start.
const logLimit = 4 << 20

// makeDir makes a folder and returns its path without links, because programs
// that run as another user are judged by the real path.
func makeDir(dir string, mode fs.FileMode) (string, error) {
	if dir == "" {
		return "", fmt.Errorf("no data folder was named")
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return "", fmt.Errorf("making the data folder: %w", err)
	}
	absolute, err := filepath.Abs(dir)
	if err == nil {
		absolute, err = filepath.EvalSymlinks(absolute)
	}
	if err != nil {
		return "", fmt.Errorf("resolving the data folder: %w", err)
	}
	return absolute, nil
}

// throwawayPrefix begins the names of throwaway folders.
const throwawayPrefix = "tocsin-throwaway-"

// throwawayDir makes a temporary folder and sweeps up those whose owners were
// killed: their locks are free. Very young ones may not be locked yet.
func throwawayDir() (string, error) {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), throwawayPrefix+"*")) // the pattern is well-formed
	for _, dir := range old {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if lock, err := tryLock(filepath.Join(dir, "lock")); err == nil {
			_ = os.RemoveAll(dir)
			lock.release()
		}
	}
	dir, err := os.MkdirTemp("", throwawayPrefix)
	if err != nil {
		return "", fmt.Errorf("making a temporary folder: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { // Postgres may run as another user
		return "", fmt.Errorf("opening the temporary folder: %w", err)
	}
	return makeDir(dir, 0o711)
}

// openLog opens a log to be written on. One that has grown large becomes NAME.old.
func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > logLimit {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("putting the old log aside: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	return file, nil
}

// readFrom returns the end of a file, but nothing before offset.
func readFrom(path string, offset int64) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return ""
	}
	var tail tailBuffer
	_, _ = io.Copy(&tail, file)
	return tail.String()
}

// sleep waits, unless the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
