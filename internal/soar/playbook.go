package soar

import (
	"encoding/json"
	"time"
)

// PlaybookVersion is one published version of a playbook. A version never
// changes: another text needs another version. At most one version of a
// playbook is active, and only that one starts by itself.
type PlaybookVersion struct {
	Playbook    string          `json:"playbook"`
	Version     string          `json:"version"`
	Digest      string          `json:"digest"` // SHA-256 hex of the compiled plan, what incidents pin
	Source      string          `json:"source"` // the text as published
	Plan        json.RawMessage `json:"plan"`   // exact bytes of the compiled plan
	Active      bool            `json:"active"`
	PublishedBy Actor           `json:"published_by"`
	PublishedAt time.Time       `json:"published_at"`
}
