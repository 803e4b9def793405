package record_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/record"
)

func signingKey(fill byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{fill}, ed25519.SeedSize))
}

func public(key ed25519.PrivateKey) ed25519.PublicKey {
	out, _ := key.Public().(ed25519.PublicKey)
	return out
}

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	key, other := signingKey(1), signingKey(2)
	in := record.Checkpoint{Chain: "INC-2026-000001", Seq: 7, Hash: salt(7), At: start}
	line, err := record.Sign(key, in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := record.VerifyCheckpoint(line, public(other), public(key))
	if err != nil {
		t.Fatal(err)
	}
	in.At = in.At.Truncate(time.Second)
	if diff := cmp.Diff(in, got); diff != "" {
		t.Error(diff)
	}
	if _, err := record.VerifyCheckpoint(line, public(other)); err == nil || !strings.Contains(err.Error(), "trusted") {
		t.Errorf("unknown key: got %v", err)
	}
	if _, err := record.VerifyCheckpoint(line); err == nil {
		t.Error("verified with no key at all")
	}
}

// TestCheckpointEveryByte changes each byte of a line in turn.
func TestCheckpointEveryByte(t *testing.T) {
	t.Parallel()
	key := signingKey(1)
	line, err := record.Sign(key, record.Checkpoint{Chain: "a", Seq: 7, Hash: salt(7), At: start})
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(line) {
		for _, bit := range []byte{1, 2, 32, 128} {
			changed := []byte(line)
			changed[i] ^= bit
			if _, err := record.VerifyCheckpoint(string(changed), public(key)); err == nil {
				t.Errorf("byte %d, bit %d: %s verified", i, bit, changed)
			}
		}
	}
}

func TestCheckpointRefuses(t *testing.T) {
	t.Parallel()
	key := signingKey(1)
	sign := func(body string) string { return body + " " + encode(ed25519.Sign(key, []byte(body))) }
	id, hash := record.KeyID(public(key)), strings.Repeat("ab", 32)
	rows := map[string]string{
		"no signature":  "",
		"base64":        "tocsin/checkpoint/v1 !",
		"starts with":   sign("tocsin/checkpoint/v2 " + id + " a 1 " + hash + " 2026-03-01T09:00:00Z"),
		"parts":         sign("tocsin/checkpoint/v1 " + id + " a 1 " + hash),
		"chain name":    sign("tocsin/checkpoint/v1 " + id + " a/b 1 " + hash + " 2026-03-01T09:00:00Z"),
		"number from 1": sign("tocsin/checkpoint/v1 " + id + " a 01 " + hash + " 2026-03-01T09:00:00Z"),
		"hash is not":   sign("tocsin/checkpoint/v1 " + id + " a 1 " + strings.ToUpper(hash) + " 2026-03-01T09:00:00Z"),
		"time":          sign("tocsin/checkpoint/v1 " + id + " a 1 " + hash + " 2026-03-01T10:00:00+01:00"),
	}
	for want, line := range rows {
		if _, err := record.VerifyCheckpoint(line, public(key)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", line, err, want)
		}
	}
	for name, c := range map[string]record.Checkpoint{
		"no chain": {Seq: 1, Hash: salt(1)}, "seq 0": {Chain: "a", Hash: salt(1)}, "no hash": {Chain: "a", Seq: 1},
	} {
		if _, err := record.Sign(key, c); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	if _, err := record.Sign(nil, record.Checkpoint{Chain: "a", Seq: 1, Hash: salt(1)}); err == nil {
		t.Error("signed without a key")
	}
}
