package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
)

// SaltBytes is the length of a salt. It is fixed so that salt || payload can be
// read in one way only. The salt keeps a short payload from being guessed from
// its commitment once the payload is redacted.
const SaltBytes = 32

const (
	hashLabel     = "tocsin/record/v1"
	maxChainBytes = 128
)

// Entry is one link of a chain. Payload holds the exact bytes; nil means that it
// was redacted, and then the commitment still holds its place.
type Entry struct {
	Chain      string
	Seq        int64  // from 1, without gaps
	Prev       []byte // hash of the entry before; empty for the first
	Salt       []byte
	Commitment []byte // SHA-256(Salt || Payload)
	Hash       []byte
	Payload    []byte
}

// Head is the last entry of a chain.
type Head struct {
	Chain string
	Seq   int64
	Hash  []byte
}

// New links a payload to the entry before it: prev is that entry's hash, empty
// for seq 1. The salt must be SaltBytes of fresh randomness.
func New(chain string, seq int64, prev []byte, payload Payload, salt []byte) (Entry, error) {
	if err := checkChain(chain); err != nil {
		return Entry{}, err
	}
	if err := checkPrev(seq, prev); err != nil {
		return Entry{}, err
	}
	if len(salt) != SaltBytes {
		return Entry{}, fmt.Errorf("record: salt has %d bytes, want %d", len(salt), SaltBytes)
	}
	body, err := payload.Canonical()
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Chain: chain, Seq: seq, Prev: bytes.Clone(prev), Salt: bytes.Clone(salt), Payload: body}
	e.Commitment = commitment(e.Salt, e.Payload)
	e.Hash = link(e.Chain, e.Seq, e.Prev, e.Commitment)
	return e, nil
}

// checkChain keeps chain names to characters that need no quoting in a
// checkpoint line, a file name or a URL.
func checkChain(chain string) error {
	if chain == "" || len(chain) > maxChainBytes {
		return fmt.Errorf("record: chain name has %d bytes, want 1 to %d", len(chain), maxChainBytes)
	}
	for i := range len(chain) {
		c := chain[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' {
			return fmt.Errorf("record: chain name %q: byte %d is not a letter, digit, dash, underscore or dot", chain, i)
		}
	}
	return nil
}

func checkPrev(seq int64, prev []byte) error {
	switch {
	case seq < 1:
		return fmt.Errorf("record: seq is %d, the first is 1", seq)
	case seq == 1 && len(prev) != 0:
		return fmt.Errorf("record: the first entry has nothing before it, got a hash")
	case seq > 1 && len(prev) != sha256.Size:
		return fmt.Errorf("record: hash before seq %d has %d bytes, want %d", seq, len(prev), sha256.Size)
	}
	return nil
}

func commitment(salt, payload []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(payload)
	return h.Sum(nil)
}

func link(chain string, seq int64, prev, commitment []byte) []byte {
	h := sha256.New()
	h.Write([]byte(hashLabel))
	h.Write([]byte{0})
	field(h, []byte(chain))
	field(h, binary.BigEndian.AppendUint64(nil, uint64(seq)))
	field(h, prev)
	field(h, commitment)
	return h.Sum(nil)
}

func field(h hash.Hash, value []byte) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(value))))
	h.Write(value)
}
