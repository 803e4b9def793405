package postgres

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Digest is the SHA-256 of a command's payload as JSON with sorted keys and
// without the moment it was sent.
func Digest(op string, payload any) ([]byte, error) {
	doc, err := Document(op, payload)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(doc, &fields); err != nil {
		return nil, soar.Wrap(soar.CodeInvalid, op, err, "a command's payload must be a JSON object")
	}
	delete(fields, "at")
	if doc, err = json.Marshal(fields); err != nil {
		return nil, soar.Wrap(soar.CodeInvalid, op, err, "a command's payload must be a JSON object")
	}
	sum := sha256.Sum256(doc)
	return sum[:], nil
}
