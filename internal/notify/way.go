package notify

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Way carries a delivery to one recipient: a mail, a direct message, a page. Send
// returns nil once the other side has taken it. Its error is a *connector.Error or
// reads like one under connector.Classify: permanent and auth end this way for this
// delivery, transient, limited and unknown are tried again under the same key, as
// telling people twice is better than not at all.
//
// A way that reaches a place and not a person (a channel, a service) also has
// Shared() bool. It is then given each message once, with an empty Person. One that
// opens an alert which stays open also has Follows() bool: it is then given messages of
// the kinds acknowledged and resolved about what it was told of before.
type Way interface {
	Name() string // as notifications.yaml names it: email, slack
	Send(ctx context.Context, d Delivery) error
}

// Delivery is one message on its way to one recipient. Subject, Text and HTML are
// complete and hold no more than the label lets out by this way; a way that draws
// by itself (a card) must show nothing but ids, severity and Link when Minimal is
// set.
type Delivery struct {
	Key      string           // the same for the same message, recipient and way, however often it is sent
	Message  protocol.Message // as it was written; not yet reduced to what may be told
	Person   soar.Person      // who is told; zero for a shared way
	Address  string           // the recipient's address for this way, from notifications.yaml; empty: the way finds it
	Incident *soar.Incident   // what it is about; nil when about none
	Approval *soar.Approval   // what it asks for; nil when it asks for no approval
	Task     *soar.Task       // the work; nil when it is about none
	TLP      soar.TLP         // label of what is told; empty when about no incident
	Minimal  bool             // the label lets only id, severity and link out by this way
	Urgent   bool
	Reopen   bool   // the alert of a way that follows was acknowledged, and must ring again
	Subject  string // one line
	Text     string
	HTML     string
	Link     string // where the recipient can act; empty: nowhere
	Template string // name@version of what it was written with
	At       time.Time
}
