package preview

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors/teams"
	"github.com/tocsin-soar/tocsin/internal/connectors/webhook"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/notify/letter"
	"github.com/tocsin-soar/tocsin/internal/notify/way"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Shown is one message as it would be sent.
type Shown struct {
	Kind     string          `json:"kind"`
	Way      string          `json:"way"`
	Template string          `json:"template"` // name@version
	Subject  string          `json:"subject"`
	Text     string          `json:"text"`
	HTML     string          `json:"html,omitempty"`    // of a mail
	Payload  json.RawMessage `json:"payload,omitempty"` // of the others: what is posted
}

// Ways lists the kinds of ways that can be shown.
func Ways() []string { return []string{"email", "pagerduty", "slack", "teams", "webhook"} }

// Show renders the example of a kind of message for a kind of way. Minimal shows it as
// a label would let it out that the way may not carry in full.
func Show(kind, by string, minimal bool, letters *letter.Templates) (Shown, error) {
	if !slices.Contains(policy.MessageKinds(), kind) {
		return Shown{}, fmt.Errorf("%q is no kind of message; there are %s", kind, strings.Join(policy.MessageKinds(), ", "))
	}
	facts := letter.Sample(kind)
	if minimal {
		facts = letter.Reduced(facts)
	}
	written, err := letters.Write("", facts)
	if err != nil {
		return Shown{}, err
	}
	shown := Shown{Kind: kind, Way: by, Template: written.Template, Subject: written.Subject, Text: written.Text}
	d := delivery(kind, facts, written)
	switch by {
	case "email":
		args := way.MailArgs(d)
		shown.Subject, _ = args["subject"].(string)
		shown.Text, _ = args["body"].(string)
		shown.HTML = d.HTML
	case "teams":
		shown.Payload, err = teams.Body(way.TeamsArgs(d))
	case "webhook":
		shown.Payload, err = webhook.Body(connector.Call{Key: d.Key, IncidentID: d.Message.IncidentID, Args: way.WebhookArgs(d)}, d.At)
	case "pagerduty":
		shown.Payload, err = json.Marshal(map[string]any{"action": "trigger", "with": way.PagerArgs(d)})
	case "slack":
		m := card.Look{Now: d.At}.Letter(d.Subject, d.Text, card.Ref{})
		if err = card.Validate(m); err == nil {
			shown.Payload, err = card.JSON(m)
		}
	default:
		return Shown{}, fmt.Errorf("%q is no kind of way; there are %s", by, strings.Join(Ways(), ", "))
	}
	return shown, err
}

func delivery(kind string, facts letter.Facts, written letter.Letter) notify.Delivery {
	d := notify.Delivery{
		Message: protocol.Message{ID: "EXAMPLE", Kind: kind, IncidentID: "INC-2026-0A1B2C"}, Incident: &soar.Incident{ID: "INC-2026-0A1B2C", Severity: soar.SeverityHigh},
		TLP: soar.TLPAmber, Minimal: facts.Minimal, Urgent: facts.Urgent, Subject: written.Subject, Text: written.Text, HTML: written.HTML, Link: facts.Link,
		Template: written.Template, At: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
	}
	if facts.Approval != nil {
		d.Message.About = facts.Approval.ID
	}
	if facts.Task != nil {
		d.Message.About = facts.Task.ID
	}
	d.Key = soar.NoticeKey(d.Message.ID, "", kind)
	return d
}
