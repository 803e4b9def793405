package mapping

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fingerprint gives SHA-256 hex over the source and the parts, each with its
// length before it, so that ("ab", "c") and ("a", "bc") differ. Parts are compared
// in one form: composed, lower case, without what cannot be seen.
func fingerprint(source string, parts ...string) string {
	hash := sha256.New()
	for _, part := range append([]string{"tocsin/alert/v1", source}, parts...) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		hash.Write(size[:])
		hash.Write([]byte(part))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// same gives the form in which two texts are the same to people: NFC, lower case,
// without control and format characters, outer spaces and the dot at the end of a
// host's name.
func same(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFC.String(strings.ToValidUTF8(text, "\uFFFD")))
	return strings.TrimSuffix(strings.TrimSpace(norm.NFC.String(text)), ".")
}

// canonical gives one form of a JSON value: sorted names, no white space, numbers
// as they were written.
func canonical(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return ""
	}
	return strings.TrimSuffix(out.String(), "\n")
}
