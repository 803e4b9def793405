package checkpoint

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-soar/tocsin/internal/record"
)

// headReader gives the heads of all chains of the record.
type headReader interface {
	RecordHeads(ctx context.Context) ([]record.Head, error)
}

// Signer signs the heads of the record and appends them to a file outside the
// database, because a hash chain alone does not see that its tail was cut.
type Signer struct {
	heads headReader
	key   ed25519.PrivateKey
	path  string
	now   func() time.Time
	seen  map[string]int64 // what was signed last, by chain
}

// File is the name of the checkpoints in the data folder.
const File = "checkpoints.txt"

// Names of the other files there.
const (
	signingKeyFile = "record-signing-key.pem"
	publicKeyFile  = "record-public-key.pem"
)

// New opens the files in dir, and makes the folder and the key once.
func New(heads headReader, dir string, now func() time.Time) (*Signer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	key, err := signingKey(dir)
	if err != nil {
		return nil, err
	}
	return &Signer{heads: heads, key: key, path: filepath.Join(dir, File), now: now, seen: map[string]int64{}}, nil
}

// Write signs every head that moved since the last time.
func (c *Signer) Write(ctx context.Context) error {
	heads, err := c.heads.RecordHeads(ctx)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, head := range heads {
		if c.seen[head.Chain] == head.Seq {
			continue
		}
		line, err := record.Sign(c.key, record.Checkpoint{Chain: head.Chain, Seq: head.Seq, Hash: head.Hash, At: c.now().UTC()})
		if err != nil {
			return fmt.Errorf("sign the head of %s: %w", head.Chain, err)
		}
		lines.WriteString(line + "\n")
	}
	if err := appendSynced(c.path, lines.Bytes()); err != nil {
		return err
	}
	for _, head := range heads {
		c.seen[head.Chain] = head.Seq
	}
	return nil
}

func appendSynced(path string, lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the checkpoints: %w", err)
	}
	_, err = file.Write(lines)
	return errors.Join(err, file.Sync(), file.Close())
}

// signingKey reads the key of this installation, or makes it once. The public
// half lies beside it, for those who verify.
func signingKey(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, signingKeyFile)
	body, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return makeSigningKey(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read the record's signing key: %w", err)
	}
	block, _ := pem.Decode(body)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s holds no Ed25519 key", path)
	}
	return key, nil
}

func makeSigningKey(dir string) (ed25519.PrivateKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the record's signing key: %w", err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, publicKeyFile), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER}), 0o644),
		os.WriteFile(filepath.Join(dir, signingKeyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER}), 0o600),
	)
	return private, err
}
