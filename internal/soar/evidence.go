package soar

import "time"

// Evidence is one collected item. The bytes are stored by their digest; this is
// what is known of them (ISO/IEC 27002 5.28, NIST SP 800-61 evidence log).
type Evidence struct {
	ID          string    `json:"id"` // EVD-<10 of Crockford base 32>
	IncidentID  string    `json:"incident_id"`
	StepPath    string    `json:"step_path"`
	Name        string    `json:"name"` // as the source calls it: metadata, never a path
	MediaType   string    `json:"media_type"`
	Bytes       int64     `json:"bytes"`
	SHA256      string    `json:"sha256"`
	SHA512      string    `json:"sha512"`
	Source      string    `json:"source"`     // the system it came from
	Method      string    `json:"method"`     // connector.action and what was asked
	Volatility  int       `json:"volatility"` // order of volatility, 1 = gone first (RFC 3227)
	CollectedBy Actor     `json:"collected_by"`
	CollectedAt time.Time `json:"collected_at"`
	TLP         TLP       `json:"tlp"`
}

// CustodyEntry is one event in the chain of custody of an item.
type CustodyEntry struct {
	EvidenceID string    `json:"evidence_id"`
	Seq        int       `json:"seq"`
	What       string    `json:"what"` // collected | verified | exported | transferred | sealed | unsealed | held | hold_released
	By         Actor     `json:"by"`
	Why        string    `json:"why"`
	SHA256     string    `json:"sha256"` // what was found when re-hashed
	At         time.Time `json:"at"`
}
