package intake

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// The lengths that the last part of an incident's id may have. Six characters are
// for people to say on the telephone; two incidents of one year that would get the
// same get two more.
const (
	idShortest = 6
	idLongest  = 16
)

// incidentID gives INC-<year>-<length characters of Crockford base 32>. It follows
// from the seed, so that the same alert dispatched again means the same incident.
func incidentID(at time.Time, seed string, length int) string {
	sum := sha256.Sum256([]byte("tocsin/incident/v1\x00" + seed))
	return fmt.Sprintf("INC-%04d-%s", at.UTC().Year(), crockford(sum[:10])[:length])
}

// crockford writes bytes in base 32 without I, L, O and U, five bits a character.
func crockford(raw []byte) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	text := make([]byte, 0, len(raw)*8/5)
	bits, count := uint(0), 0
	for _, b := range raw {
		bits, count = bits<<8|uint(b), count+8
		for count >= 5 {
			count -= 5
			text = append(text, alphabet[bits>>count&31])
		}
		bits &= 1<<count - 1
	}
	return string(text)
}
