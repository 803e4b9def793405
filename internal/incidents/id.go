package incidents

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"time"
)

// The lengths that the last part of an incident's id may have. Six characters are
// for people to say on the telephone; where they are taken, two more follow.
const (
	idShortest = 6
	idLongest  = 16
)

// incidentID gives INC-<year>-<length characters of Crockford base 32>. It follows
// from the seed, so that a request sent again means the same incident.
func incidentID(at time.Time, seed string, length int) string {
	const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	sum := sha256.Sum256([]byte("tocsin/incident/v1\x00request\x00" + seed))
	return fmt.Sprintf("INC-%04d-%s", at.UTC().Year(), base32.NewEncoding(crockford).EncodeToString(sum[:])[:length])
}
