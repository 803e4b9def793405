package soar

import "time"

// Alert is one message of a detection tool in the product's own shape. What the
// tool sent is kept as it came, by digest, in RawSHA256. All text in it may have
// been written by an attacker: it is data, never code, markup or a format.
type Alert struct {
	ID          string         `json:"id"`
	Source      string         `json:"source"`                // who sent it: "wazuh", "generic"; from the token, not the body
	ExternalID  string         `json:"external_id,omitempty"` // the tool's own id
	Fingerprint string         `json:"fingerprint"`           // SHA-256 hex over length-prefixed identity fields; equal means the same event
	Parsed      bool           `json:"parsed"`                // false: stored as it came because no mapping fitted
	ParseError  string         `json:"parse_error,omitempty"` // why not, for people
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	Severity    Severity       `json:"severity,omitempty"` // empty: the tool did not say
	Category    Category       `json:"category,omitempty"` // what the mapping suggests
	Rule        Rule           `json:"rule"`
	Host        Host           `json:"host"`
	User        User           `json:"user"`
	SourceIP    string         `json:"source_ip,omitempty"`
	DestIP      string         `json:"destination_ip,omitempty"`
	URLs        []string       `json:"urls,omitempty"`
	Hashes      []string       `json:"hashes,omitempty"`
	Domains     []string       `json:"domains,omitempty"`
	Techniques  []string       `json:"techniques,omitempty"` // ATT&CK ids such as T1110.001
	Tags        []string       `json:"tags,omitempty"`
	Fields      map[string]any `json:"fields,omitempty"`    // what else the mapping kept
	Guessed     []string       `json:"guessed,omitempty"`   // field names that were guessed, not mapped
	Truncated   []string       `json:"truncated,omitempty"` // field names cut to the 8 KiB bound
	OccurredAt  time.Time      `json:"occurred_at"`
	ReceivedAt  time.Time      `json:"received_at"`
	RawSHA256   string         `json:"raw_sha256"`
	RawBytes    int            `json:"raw_bytes"`
	Count       int            `json:"count"` // how often it was sent
	IncidentID  string         `json:"incident_id,omitempty"`
}

// Rule is the detection rule that fired.
type Rule struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Host is a machine named in an alert.
type Host struct {
	Name string `json:"name,omitempty"`
	ID   string `json:"id,omitempty"` // the tool's id of the machine
	IP   string `json:"ip,omitempty"`
	OS   string `json:"os,omitempty"`
}

// User is an account named in an alert.
type User struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	ID    string `json:"id,omitempty"`
}
