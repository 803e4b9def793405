package health

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
)

// WriteProbe writes a small file into the folder, through to the disk, and takes
// it away again. It tells of a full disk, a read-only one, and missing rights.
func WriteProbe(dir string) error {
	path := filepath.Join(dir, ".probe-"+rand.Text())
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write a probe: %w", err)
	}
	defer os.Remove(path)
	// More than a few bytes: a full disk may still have room for those.
	if _, err := file.Write(make([]byte, 64<<10)); err != nil {
		file.Close()
		return fmt.Errorf("write a probe: %w", err)
	}
	if err := file.Sync(); err != nil {
		file.Close()
		return fmt.Errorf("write a probe: %w", err)
	}
	return file.Close()
}
