package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/blob"
)

func newDir(t *testing.T) (*blob.Dir, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "evidence")
	dir, err := blob.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return dir, root
}

// files lists what lies in the folder, without the folders.
func files(t *testing.T, root string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPutAndOpen(t *testing.T) {
	t.Parallel()
	dir, root := newDir(t)
	body := bytes.Repeat([]byte("evidence "), 100_000)
	short, long := sha256.Sum256(body), sha512.Sum512(body)
	info, err := dir.Put(t.Context(), bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	if want := (blob.Info{SHA256: hex.EncodeToString(short[:]), SHA512: hex.EncodeToString(long[:]), Bytes: int64(len(body))}); info != want {
		t.Errorf("got %+v, want %+v", info, want)
	}
	path := filepath.Join(root, info.SHA256[:2], info.SHA256[2:4], info.SHA256)
	if got := files(t, root); len(got) != 1 || got[0] != path {
		t.Errorf("files: %v", got)
	}
	if stat, err := os.Stat(path); err != nil || stat.Mode().Perm() != 0o400 {
		t.Errorf("mode: %v, %v", stat.Mode(), err)
	}
	in, err := dir.Open(t.Context(), info.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if got, err := io.ReadAll(in); err != nil || !bytes.Equal(got, body) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestPutAgainLeavesTheFirst(t *testing.T) {
	t.Parallel()
	dir, root := newDir(t)
	info, err := dir.Put(t.Context(), strings.NewReader("same"), 10)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(files(t, root)[0])
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			if again, err := dir.Put(t.Context(), strings.NewReader("same"), 10); err != nil || again != info {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
	wait.Wait()
	all := files(t, root)
	after, err := os.Stat(all[0])
	if err != nil || len(all) != 1 || !os.SameFile(before, after) {
		t.Errorf("files %v, %v", all, err)
	}
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	rows := []struct {
		name  string
		ctx   context.Context
		in    io.Reader
		limit int64
		want  soar.Code
	}{
		{"too long", t.Context(), strings.NewReader("12345"), 4, soar.CodeInvalid},
		{"no limit given", t.Context(), strings.NewReader(""), -1, soar.CodeInvalid},
		{"source fails", t.Context(), io.MultiReader(strings.NewReader("12"), iotest.ErrReader(errors.New("cut"))), 10, soar.CodeUnavailable},
		{"cancelled", cancelled, strings.NewReader("12"), 10, soar.CodeUnavailable},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir, root := newDir(t)
			if _, err := dir.Put(row.ctx, row.in, row.limit); soar.CodeOf(err) != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
			if left := files(t, root); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestPutExactlyTheLimit(t *testing.T) {
	t.Parallel()
	dir, _ := newDir(t)
	for _, body := range []string{"", "1234"} {
		if _, err := dir.Put(t.Context(), strings.NewReader(body), int64(len(body))); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestOpenFindsChanges(t *testing.T) {
	t.Parallel()
	const body = "what was collected"
	rows := map[string]string{"changed": "what was c0llected", "cut": "what was", "longer": body + " ", "empty": ""}
	for name, changed := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, root := newDir(t)
			info, err := dir.Put(t.Context(), strings.NewReader(body), 100)
			if err != nil {
				t.Fatal(err)
			}
			path := files(t, root)[0]
			if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte(changed), 0o600)); err != nil {
				t.Fatal(err)
			}
			in, err := dir.Open(t.Context(), info.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			if _, err := io.ReadAll(in); soar.CodeOf(err) != soar.CodeConflict {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestPutMendsACutFile: a file of the wrong length under the digest is a damaged
// one, and the right bytes are at hand.
func TestPutMendsACutFile(t *testing.T) {
	t.Parallel()
	dir, root := newDir(t)
	for range 2 {
		info, err := dir.Put(t.Context(), strings.NewReader("whole"), 100)
		if err != nil {
			t.Fatal(err)
		}
		in, err := dir.Open(t.Context(), info.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(in); string(got) != "whole" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		in.Close()
		path := files(t, root)[0]
		if err := errors.Join(os.Chmod(path, 0o600), os.Truncate(path, 2)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir, root := newDir(t)
	secret := filepath.Join(root, "..", "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := strings.Repeat("ab", 32)
	for _, digest := range []string{"", "../secret", good[:62], good + "ab", strings.ToUpper(good), good[:60] + "/../", strings.Repeat("zz", 32)} {
		if _, err := dir.Open(t.Context(), digest); soar.CodeOf(err) != soar.CodeInvalid {
			t.Errorf("%q: got %v", digest, err)
		}
	}
	if _, err := dir.Open(t.Context(), good); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("unknown digest: got %v", err)
	}
	if _, err := blob.Open(filepath.Join(secret, "below")); err == nil {
		t.Error("opened a folder below a file")
	}
}

func TestReadStopsWithItsContext(t *testing.T) {
	t.Parallel()
	dir, _ := newDir(t)
	info, err := dir.Put(t.Context(), strings.NewReader("x"), 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	in, err := dir.Open(ctx, info.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	cancel()
	if _, err := io.ReadAll(in); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkPut(b *testing.B) {
	dir, err := blob.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	body := bytes.Repeat([]byte("x"), 1<<20)
	b.SetBytes(int64(len(body)))
	n := 0
	for b.Loop() {
		n++
		copy(body, fmt.Sprintf("%020d", n))
		if _, err := dir.Put(b.Context(), bytes.NewReader(body), 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}
