package access

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tocsin-soar/tocsin/internal/secret"
)

func seeded(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	key[0] = byte(seed)
	return rand.NewChaCha8(key)
}

func TestTokenRoundTrip(t *testing.T) {
	t.Parallel()
	random := seeded(1)
	seen := map[string]bool{}
	for range 500 {
		fresh, err := NewToken(random)
		if err != nil {
			t.Fatal(err)
		}
		id, key, err := ParseToken(fresh.Text.Reveal())
		if err != nil || id != fresh.ID || !Matches(key, fresh.Hash) {
			t.Fatalf("token %s does not come back: id %s, %v", fresh.Text.Reveal(), id, err)
		}
		if seen[id] {
			t.Fatalf("id %s came twice", id)
		}
		seen[id] = true
		if got := len(fresh.Text.Reveal()); got != len("tocsin")+1+10+1+43+1+6 {
			t.Fatalf("the token has %d bytes", got)
		}
	}
}

func TestExtremesKeepTheirWidth(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]byte{"all zero": 0, "all ones": 0xff} {
		fresh, err := NewToken(bytes.NewReader(bytes.Repeat([]byte{fill}, idBytes+secretBytes)))
		if err != nil {
			t.Fatal(err)
		}
		if _, key, err := ParseToken(fresh.Text.Reveal()); err != nil || !Matches(key, fresh.Hash) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewTokenNeedsRandomness(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	if _, err := NewToken(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := NewToken(strings.NewReader("short")); err == nil {
		t.Error("a short read made a token")
	}
}

func TestEverySlipIsSeen(t *testing.T) {
	t.Parallel()
	fresh, err := NewToken(seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	text := fresh.Text.Reveal()
	for at := range text {
		slipped := []byte(text)
		slipped[at] = base62[(strings.IndexByte(base62, text[at])+1+62)%62]
		if string(slipped) == text {
			continue
		}
		if _, _, err := ParseToken(string(slipped)); !errors.Is(err, ErrMistyped) {
			t.Fatalf("a slip at %d passed: %s", at, slipped)
		}
	}
	swapped := []byte(text)
	at := strings.LastIndex(text, "_") - 5
	swapped[at], swapped[at+1] = swapped[at+1], swapped[at]
	if _, _, err := ParseToken(string(swapped)); err == nil && string(swapped) != text {
		t.Error("two swapped characters passed")
	}
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	fresh, _ := NewToken(seeded(3))
	text := fresh.Text.Reveal()
	for name, bad := range map[string]string{
		"empty": "", "prefix only": "tocsin_", "other prefix": "x" + text, "a part more": text + "_x", "a byte more": text + "x",
		"a space": " " + text, "cut": text[:len(text)-1], "underscores": "tocsin___", "upper case": strings.ToUpper(text), "not latin": strings.Replace(text, "tocsin_", "tocsin_ä", 1),
	} {
		if id, key, err := ParseToken(bad); !errors.Is(err, ErrMistyped) || id != "" || !key.Empty() {
			t.Errorf("%s: id %q, error %v", name, id, err)
		}
	}
}

func TestHashMatches(t *testing.T) {
	t.Parallel()
	key := secret.New("one")
	rows := map[string]struct {
		hash []byte
		want bool
	}{
		"its own":         {Hash(key), true},
		"of another":      {Hash(secret.New("two")), false},
		"none":            {nil, false},
		"empty":           {[]byte{}, false},
		"its first half":  {Hash(key)[:16], false},
		"one byte longer": {append(Hash(key), 0), false},
	}
	for name, row := range rows {
		if got := Matches(key, row.hash); got != row.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	fresh, err := NewToken(seeded(4))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(fresh.Text.Reveal())
	f.Add("tocsin_a_b_c")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		id, key, err := ParseToken(text)
		if err != nil {
			return
		}
		body := "tocsin_" + id + "_" + key.Reveal()
		if body+"_"+check(body) != text {
			t.Errorf("%q was read as %q", text, body)
		}
	})
}
