package soar

import "time"

// Token is one API token as the store keeps it: never the secret, only its hash.
// internal/access makes and checks tokens.
type Token struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"` // for people: "wazuh manager"
	Hash       []byte     `json:"-"`    // SHA-256 of the secret part
	Actor      Actor      `json:"actor"`
	Roles      []Role     `json:"roles"`
	Source     string     `json:"source,omitempty"` // the one source a tool's token may speak for
	Scopes     []string   `json:"scopes,omitempty"` // empty: all that the roles permit
	CIDRs      []string   `json:"cidrs,omitempty"`  // networks it may be used from; empty: any
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"` // within a minute
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
}
