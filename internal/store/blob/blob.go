package blob

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

const tempFolder = "tmp"

// Dir is one blob folder. It is safe for many goroutines and processes.
type Dir struct {
	root string
}

// Info says what was stored.
type Info struct {
	SHA256 string // lower-case hex
	SHA512 string // lower-case hex
	Bytes  int64
}

// Open makes the folder when it is not there. Only its owner can read it.
func Open(root string) (*Dir, error) {
	if err := os.MkdirAll(filepath.Join(root, tempFolder), 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Dir{root: root}, nil
}

// ValidDigest tells whether text is a SHA-256 in lower-case hex.
func ValidDigest(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == sha256.Size && hex.EncodeToString(raw) == text
}

func (d *Dir) folder(digest string) string { return filepath.Join(d.root, digest[:2], digest[2:4]) }

func (d *Dir) path(digest string) string { return filepath.Join(d.folder(digest), digest) }

// Put stores what it reads, up to limit bytes; more is invalid. It returns when
// file and folder are synced to disk. Whatever goes wrong, no file stays under a
// digest that is not its own; bytes that are there already are left alone.
func (d *Dir) Put(ctx context.Context, in io.Reader, limit int64) (Info, error) {
	temp, err := os.CreateTemp(filepath.Join(d.root, tempFolder), "put-*")
	if err != nil {
		return Info{}, full(err)
	}
	defer os.Remove(temp.Name()) // after the rename there is nothing to remove
	defer temp.Close()
	info, err := write(ctx, temp, in, limit)
	if err != nil {
		return Info{}, err
	}
	if err := errors.Join(temp.Chmod(0o400), temp.Sync(), temp.Close()); err != nil {
		return Info{}, full(err)
	}
	if err := d.settle(temp.Name(), info); err != nil {
		return Info{}, full(err)
	}
	return info, nil
}

func write(ctx context.Context, temp io.Writer, in io.Reader, limit int64) (Info, error) {
	const op = "blob.Put"
	short, long := sha256.New(), sha512.New()
	source := &reader{ctx: ctx, in: io.LimitReader(in, limit+1)}
	size, err := io.Copy(io.MultiWriter(temp, short, long), source)
	switch {
	case source.err != nil:
		return Info{}, soar.Wrap(soar.CodeUnavailable, op, source.err, "the bytes to store could not be read to their end")
	case err != nil:
		return Info{}, full(err)
	case size > limit:
		return Info{}, soar.Errorf(soar.CodeInvalid, op, "the item has more than %d bytes", limit)
	}
	return Info{SHA256: hexOf(short), SHA512: hexOf(long), Bytes: size}, nil
}

// settle gives the file its name. A file of the right size that is there keeps
// its place: its name says what is in it, and reading checks that.
func (d *Dir) settle(temp string, info Info) error {
	path, folder := d.path(info.SHA256), d.folder(info.SHA256)
	if there, err := os.Stat(path); err == nil && there.Size() == info.Bytes {
		return syncFolder(folder)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	// The new names of file and folders must survive a power cut too.
	for _, dir := range []string{folder, filepath.Dir(folder), d.root} {
		if err := syncFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Open reads the bytes under a digest. The read that reaches the end fails with a
// conflict when they are not the bytes of that digest.
func (d *Dir) Open(ctx context.Context, digest string) (io.ReadCloser, error) {
	const op = "blob.Open"
	if !ValidDigest(digest) {
		return nil, soar.Errorf(soar.CodeInvalid, op, "this is not a SHA-256 in lower-case hex")
	}
	file, err := os.Open(d.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, soar.Wrap(soar.CodeNotFound, op, err, "there are no bytes with the digest %s", digest)
	}
	if err != nil {
		return nil, soar.Wrap(soar.CodeUnavailable, op, err, "the bytes cannot be read")
	}
	return &verified{reader: reader{ctx: ctx, in: file}, file: file, digest: digest, sum: sha256.New()}, nil
}

// reader stops when the context ends and remembers the error of its source.
type reader struct {
	ctx context.Context // of the one call or stream that the reader belongs to
	in  io.Reader
	err error
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		r.err = err
		return 0, err
	}
	n, err := r.in.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

type verified struct {
	reader
	file   *os.File
	digest string
	sum    hash.Hash
}

// Read hashes what it gives and compares at the end.
func (v *verified) Read(p []byte) (int, error) {
	n, err := v.reader.Read(p)
	v.sum.Write(p[:n])
	if errors.Is(err, io.EOF) && hexOf(v.sum) != v.digest {
		return n, soar.Errorf(soar.CodeConflict, "blob.Read", "the bytes under digest %s were changed", v.digest)
	}
	return n, err
}

// Close closes the file.
func (v *verified) Close() error { return v.file.Close() }

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

func full(err error) error {
	return soar.Wrap(soar.CodeUnavailable, "blob.Put", err, "the bytes cannot be written to disk")
}
