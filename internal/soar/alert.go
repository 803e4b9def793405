package soar

import (
	"slices"
	"time"
)

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
	Severity    Severity       `json:"severity,omitempty"`          // empty: the tool did not say
	Reported    string         `json:"reported_severity,omitempty"` // the rating in the tool's own words: "E_MEDIUM", "3"
	State       AlertState     `json:"state,omitempty"`             // empty: it reports something that goes on, or did not say
	Category    Category       `json:"category,omitempty"`          // what the mapping suggests
	Rule        Rule           `json:"rule"`
	Host        Host           `json:"host"`
	User        User           `json:"user"`
	SourceIP    string         `json:"source_ip,omitempty"`
	DestIP      string         `json:"destination_ip,omitempty"`
	URLs        []string       `json:"urls,omitempty"`
	Hashes      []string       `json:"hashes,omitempty"`
	Domains     []string       `json:"domains,omitempty"`
	Techniques  []string       `json:"techniques,omitempty"` // ATT&CK ids such as T1110.001
	Indicators  []string       `json:"indicators,omitempty"` // what else can be looked for: files and their paths, senders, addresses
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

// AlertState is what a tool says of the standing of its own alert. It is data from
// outside: whether such an alert opens an incident is said by the criteria.
type AlertState string

// States of an alert that reports nothing to act on.
const (
	StateResolved AlertState = "resolved" // it is over: closed, recovered, passed, archived
	StateBenign   AlertState = "benign"   // somebody or something judged it harmless or false
	StateTest     AlertState = "test"     // a sample or a drill
	StateSchema   AlertState = "schema"   // it describes what alerts look like, and is none
)

// AlertStates lists all states.
func AlertStates() []AlertState {
	return []AlertState{StateResolved, StateBenign, StateTest, StateSchema}
}

// Valid tells whether s is one of AlertStates.
func (s AlertState) Valid() bool { return slices.Contains(AlertStates(), s) }

// NewAlert is an alert that is to be stored, with the bytes that it came in.
type NewAlert struct {
	Alert Alert
	Raw   []byte
}

// StoredAlert is what became of a NewAlert: itself, or the alert of the same
// fingerprint that was there before, counted once more.
type StoredAlert struct {
	Alert     Alert
	Duplicate bool
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
