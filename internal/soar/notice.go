package soar

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// NoticeState is how one delivery of a message stands.
type NoticeState string

// Notice states.
const (
	NoticePlanned   NoticeState = "planned"   // to be sent now, or tried again
	NoticeHeld      NoticeState = "held"      // waits for the end of quiet hours or of a window
	NoticeCoalesced NoticeState = "coalesced" // told in a summary
	NoticeSent      NoticeState = "sent"      // the other side has taken it
	NoticeFailed    NoticeState = "failed"    // the next way was taken
	NoticeUnknown   NoticeState = "unknown"   // the recipient may have it, and the next way was taken
	NoticeGaveUp    NoticeState = "gave_up"   // it failed, and there is no other way
	NoticeSkipped   NoticeState = "skipped"   // nothing to tell any more
)

// NoticeStates lists all states.
func NoticeStates() []NoticeState {
	return []NoticeState{NoticePlanned, NoticeHeld, NoticeCoalesced, NoticeSent, NoticeFailed, NoticeUnknown, NoticeGaveUp, NoticeSkipped}
}

// Told tells whether the recipient has the message, or needs it no more.
func (s NoticeState) Told() bool {
	return s == NoticeSent || s == NoticeCoalesced || s == NoticeSkipped
}

// Notice is what became of one message for one recipient by one way.
type Notice struct {
	Key        string      `json:"key"` // of the delivery, see NoticeKey
	MessageID  string      `json:"message_id"`
	IncidentID string      `json:"incident_id,omitempty"`
	Person     string      `json:"person,omitempty"` // a person's id or a bare mail address; empty: a way that reaches a place
	Way        string      `json:"way"`
	Kind       string      `json:"kind"` // of the message
	About      string      `json:"about,omitempty"`
	Audience   string      `json:"audience,omitempty"`
	Subject    string      `json:"subject"` // as it was written, before the label took anything away
	Body       string      `json:"-"`
	Urgent     bool        `json:"urgent,omitempty"`
	State      NoticeState `json:"state"`
	Attempts   int         `json:"attempts"`
	Passing    bool        `json:"passing,omitempty"`  // it failed for now; tried again when no way is left
	Unsure     bool        `json:"unsure,omitempty"`   // an attempt ended without an answer: the recipient may have it, also twice
	Problem    string      `json:"problem,omitempty"`  // of the last attempt, or why it was skipped
	Template   string      `json:"template,omitempty"` // name@version
	Summary    string      `json:"summary,omitempty"`  // id of the summary's message
	Page       PageState   `json:"page,omitempty"`     // how the alert that it opened stands, by a way that keeps alerts
	PlannedAt  time.Time   `json:"planned_at"`
	DueAt      *time.Time  `json:"due_at,omitempty"` // of what is held
	ChangedAt  time.Time   `json:"changed_at"`
}

// PageState is how an alert stands at a service that keeps alerts until somebody says
// that it is over.
type PageState string

// Page states.
const (
	PageTriggered    PageState = "triggered"
	PageAcknowledged PageState = "acknowledged" // somebody is at work
	PageResolved     PageState = "resolved"     // it is over
)

// NoticeKey names one delivery: it is the same however often it is sent.
func NoticeKey(messageID, person, way string) string {
	sum := sha256.New()
	for _, part := range []string{messageID, person, way} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// NoticeFilter narrows a list of notices, newest first.
type NoticeFilter struct {
	IncidentID string      `json:"incident_id,omitempty"`
	Person     string      `json:"person,omitempty"`
	MessageID  string      `json:"message_id,omitempty"`
	State      NoticeState `json:"state,omitempty"`
	Way        string      `json:"way,omitempty"`
	Key        string      `json:"key,omitempty"`
	Page
	Viewer *Viewer `json:"-"`
}
