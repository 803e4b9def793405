package card

import (
	"encoding/json"
	"regexp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Verbs: the action_id of a button, and the callback_id of the modal that it opens.
const (
	Approve = "approval.approve"
	Deny    = "approval.deny"
	Ask     = "approval.ask"
	Answer  = "approval.answer"
	See     = "approval.see"
	DoTask  = "task.complete"
	Claim   = "task.claim"
	GiveUp  = "task.release"
	AckInc  = "incident.ack"
	Report  = "incident.report"
)

// Ref is what a button or modal stands for: the thing, the digest of what was shown
// there, and where the card is. It says nothing about who may do what.
type Ref struct {
	Approval string `json:"a,omitempty"`
	Question string `json:"q,omitempty"`
	Task     string `json:"t,omitempty"`
	Incident string `json:"i,omitempty"`
	Digest   string `json:"d,omitempty"` // of what was shown, SHA-256 hex
	Channel  string `json:"c,omitempty"` // of the card that was clicked
	TS       string `json:"s,omitempty"`
}

const maxRef = 1500 // bytes; a button's value holds 2,000, a modal's metadata 3,000

var refForm = regexp.MustCompile(`^[0-9A-Za-z_.:@+-]{0,120}$`)

// String gives the form in which it travels.
func (r Ref) String() string {
	raw, _ := json.Marshal(r) // strings only
	return string(raw)
}

// ParseRef reads what came back from Slack. What has another form than this
// package writes is invalid.
func ParseRef(text string) (Ref, error) {
	var r Ref
	if len(text) > maxRef || json.Unmarshal([]byte(text), &r) != nil || !r.formed() {
		return Ref{}, soar.Errorf(soar.CodeInvalid, "card.ParseRef", "this button is not one of ours, or is of another version")
	}
	return r, nil
}

func (r Ref) formed() bool {
	for _, part := range []string{r.Approval, r.Question, r.Task, r.Incident, r.Digest, r.Channel, r.TS} {
		if !refForm.MatchString(part) {
			return false
		}
	}
	return true
}
