package protocol

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
)

// crockford is base 32 without I, L, O and U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// DerivedID gives prefix + 10 characters of Crockford base 32 over the parts:
// the same step instance always gets the same id, on every replay.
func DerivedID(prefix, incidentID, key string, generation int) string {
	h := sha256.New()
	for _, part := range []string{"tocsin/id/v1", prefix, incidentID, key} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(generation)))
	return prefix + base32.NewEncoding(crockford).EncodeToString(h.Sum(nil))[:10]
}
