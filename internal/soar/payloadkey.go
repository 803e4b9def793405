package soar

import "time"

// PayloadKey is what the database knows of a key that encrypted payloads in Temporal:
// never the key.
type PayloadKey struct {
	ID        string     `json:"id"`
	Canary    []byte     `json:"-"` // a text sealed under the key
	FirstUsed time.Time  `json:"first_used"`
	RetiredAt *time.Time `json:"retired_at,omitempty"`
}
