package access

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/secret"
)

// The parts of a token: tocsin_<id>_<secret>_<check>. The fixed prefix is what
// secret scanners look for.
const (
	tokenPrefix  = "tocsin"
	idBytes      = 7
	idLength     = 10 // 7 bytes in base 62
	secretBytes  = 32
	secretLength = 43 // 32 bytes in base 62
	checkLength  = 6  // CRC-32 in base 62
	base62       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// ErrMistyped says that a text is no token: a part is missing or was mistyped.
// Nothing was looked up.
var ErrMistyped = errors.New("this is not a complete Tocsin token: a character is missing or wrong")

// Fresh is a token just made. Text is shown once; Hash is what is kept.
type Fresh struct {
	ID   string
	Text secret.String
	Hash []byte
}

// NewToken makes a token from 39 random bytes. It fails only when random does.
func NewToken(random io.Reader) (Fresh, error) {
	raw := make([]byte, idBytes+secretBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return Fresh{}, fmt.Errorf("read randomness for a token: %w", err)
	}
	id := encode62(raw[:idBytes], idLength)
	key := encode62(raw[idBytes:], secretLength)
	body := tokenPrefix + "_" + id + "_" + key
	return Fresh{ID: id, Text: secret.New(body + "_" + check(body)), Hash: Hash(secret.New(key))}, nil
}

// ParseToken takes a token apart into its id and secret part. It checks form and
// check sum only: a slip in typing is told without a look-up.
func ParseToken(text string) (id string, key secret.String, err error) {
	parts := strings.Split(text, "_")
	if len(parts) != 4 || parts[0] != tokenPrefix ||
		!is62(parts[1], idLength) || !is62(parts[2], secretLength) || !is62(parts[3], checkLength) {
		return "", secret.String{}, ErrMistyped
	}
	body := strings.Join(parts[:3], "_")
	if subtle.ConstantTimeCompare([]byte(check(body)), []byte(parts[3])) != 1 {
		return "", secret.String{}, ErrMistyped
	}
	return parts[1], secret.New(parts[2]), nil
}

// Hash gives the SHA-256 of the secret part. The secret has 256 random bits, so
// a slow hash would add nothing.
func Hash(key secret.String) []byte {
	sum := sha256.Sum256([]byte(key.Reveal()))
	return sum[:]
}

// Matches compares a secret with a stored hash in constant time. An empty hash
// matches nothing.
func Matches(key secret.String, hash []byte) bool {
	return len(hash) == sha256.Size && subtle.ConstantTimeCompare(Hash(key), hash) == 1
}

func check(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	return encode62([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}, checkLength)
}

// encode62 writes raw as one number in base 62, padded to width digits.
func encode62(raw []byte, width int) string {
	number, base, digit := new(big.Int).SetBytes(raw), big.NewInt(int64(len(base62))), new(big.Int)
	text := bytes.Repeat([]byte{base62[0]}, width)
	for at := width - 1; at >= 0 && number.Sign() > 0; at-- {
		number.DivMod(number, base, digit)
		text[at] = base62[digit.Int64()]
	}
	return string(text)
}

func is62(text string, length int) bool {
	if len(text) != length {
		return false
	}
	for _, r := range []byte(text) {
		if strings.IndexByte(base62, r) < 0 {
			return false
		}
	}
	return true
}
