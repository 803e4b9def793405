package record

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const checkpointLabel = "tocsin/checkpoint/v1"

// Checkpoint says that at a moment a chain had this head.
type Checkpoint struct {
	Chain string    `json:"chain"`
	Seq   int64     `json:"seq"`
	Hash  []byte    `json:"hash"`
	At    time.Time `json:"at"` // to the second
}

// KeyID names a public key in a checkpoint: the first 8 bytes of its SHA-256 in
// hex. It helps to find the key; the signature alone proves.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// Sign gives the checkpoint as one line without its line end:
//
//	tocsin/checkpoint/v1 <key id> <chain> <seq> <hash, hex> <time, RFC 3339> <signature, base64>
//
// The Ed25519 signature is over the line up to and without the last space.
func Sign(key ed25519.PrivateKey, c Checkpoint) (string, error) {
	if len(key) != ed25519.PrivateKeySize {
		return "", fmt.Errorf("record: signing key has %d bytes, want %d", len(key), ed25519.PrivateKeySize)
	}
	if err := checkChain(c.Chain); err != nil {
		return "", err
	}
	if c.Seq < 1 || len(c.Hash) != sha256.Size {
		return "", fmt.Errorf("record: checkpoint of %q needs a seq from 1 and a hash of %d bytes", c.Chain, sha256.Size)
	}
	public, _ := key.Public().(ed25519.PublicKey)
	body := fmt.Sprintf("%s %s %s %d %x %s", checkpointLabel, KeyID(public), c.Chain, c.Seq, c.Hash, formatTime(c.At))
	return body + " " + base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(body))), nil
}

// VerifyCheckpoint reads one line that Sign made and checks it against the keys
// that the reader trusts. A line of another version, in another form, by an
// unknown key or with a wrong signature is an error.
func VerifyCheckpoint(line string, keys ...ed25519.PublicKey) (Checkpoint, error) {
	cut := strings.LastIndexByte(line, ' ')
	if cut < 0 {
		return Checkpoint{}, fmt.Errorf("record: checkpoint has no signature")
	}
	body := line[:cut]
	signature, err := base64.StdEncoding.Strict().DecodeString(line[cut+1:])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("record: checkpoint: signature is not base64")
	}
	c, id, err := parseCheckpoint(body)
	if err != nil {
		return Checkpoint{}, err
	}
	for _, key := range keys {
		if len(key) == ed25519.PublicKeySize && KeyID(key) == id {
			if !ed25519.Verify(key, []byte(body), signature) {
				return Checkpoint{}, fmt.Errorf("record: checkpoint of %s at %d: wrong signature", c.Chain, c.Seq)
			}
			return c, nil
		}
	}
	return Checkpoint{}, fmt.Errorf("record: checkpoint of %s at %d: key %s is not among the trusted ones", c.Chain, c.Seq, id)
}

func parseCheckpoint(body string) (Checkpoint, string, error) {
	parts := strings.Split(body, " ")
	if parts[0] != checkpointLabel {
		return Checkpoint{}, "", fmt.Errorf("record: checkpoint starts with %.40q, expected %q", parts[0], checkpointLabel)
	}
	if len(parts) != 6 {
		return Checkpoint{}, "", fmt.Errorf("record: checkpoint has %d parts, expected 7 with the signature", len(parts)+1)
	}
	c := Checkpoint{Chain: parts[2]}
	if err := checkChain(c.Chain); err != nil {
		return Checkpoint{}, "", err
	}
	var err error
	if c.Seq, err = strconv.ParseInt(parts[3], 10, 64); err != nil || c.Seq < 1 || strconv.FormatInt(c.Seq, 10) != parts[3] {
		return Checkpoint{}, "", fmt.Errorf("record: checkpoint: seq %.40q is not a number from 1", parts[3])
	}
	if c.Hash, err = hex.DecodeString(parts[4]); err != nil || len(c.Hash) != sha256.Size || hex.EncodeToString(c.Hash) != parts[4] {
		return Checkpoint{}, "", fmt.Errorf("record: checkpoint: hash is not %d bytes of lower-case hex", sha256.Size)
	}
	if c.At, err = time.Parse(time.RFC3339, parts[5]); err != nil || formatTime(c.At) != parts[5] {
		return Checkpoint{}, "", fmt.Errorf("record: checkpoint: time %.40q is not RFC 3339 in UTC to the second", parts[5])
	}
	return c, parts[1], nil
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
