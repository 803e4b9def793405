package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// via is the door in decisions.
const via = "slack"

// useCases is *incidents.Service.
type useCases interface {
	Approval(ctx context.Context, p soar.Principal, id string) (soar.Approval, error)
	Approvals(ctx context.Context, p soar.Principal, filter soar.ApprovalFilter) ([]soar.Approval, string, error)
	Decide(ctx context.Context, p soar.Principal, request incidents.DecideRequest) (soar.Approval, error)
	Ask(ctx context.Context, p soar.Principal, request incidents.AskRequest) (soar.Approval, error)
	Answer(ctx context.Context, p soar.Principal, request incidents.AnswerRequest) (soar.Approval, error)
	Task(ctx context.Context, p soar.Principal, id string) (soar.Task, error)
	Tasks(ctx context.Context, p soar.Principal, filter soar.TaskFilter) ([]soar.Task, string, error)
	HandTask(ctx context.Context, p soar.Principal, request incidents.HandRequest) (soar.Task, error)
	CompleteTask(ctx context.Context, p soar.Principal, taskID, requestID string, answer map[string]any) (soar.Task, error)
	Show(ctx context.Context, p soar.Principal, id string) (protocol.Detail, error)
	List(ctx context.Context, p soar.Principal, filter soar.IncidentFilter) ([]soar.Incident, string, error)
	Open(ctx context.Context, p soar.Principal, request incidents.OpenRequest) (soar.Incident, error)
	Command(ctx context.Context, p soar.Principal, request incidents.CommandRequest) (protocol.Reply, error)
}

// chat is what the desk does in the workspace.
type chat interface {
	OpenView(ctx context.Context, trigger string, view slackgo.ModalViewRequest) error
	PublishHome(ctx context.Context, user string, view slackgo.HomeTabViewRequest) error
	Update(ctx context.Context, at slack.Posted, m card.Message) error
}

// rosters knows who is on call.
type rosters interface {
	Names() []string
	OnCall(ctx context.Context, roster string, at time.Time) ([]string, error)
}

// people is *people.Service.
type people interface {
	Find(ctx context.Context, personID string) (soar.Person, error)
}

// Options of New. Incidents and Chat are needed.
type Options struct {
	Incidents useCases
	Chat      chat
	People    people  // nil: ids are shown in the place of names
	Rosters   rosters // nil: there are none
	Zone      *time.Location
	Now       func() time.Time // nil: time.Now
	Logger    *slog.Logger     // nil: slog.Default
}

// Desk is the slack.Desk. It is safe for concurrent use.
type Desk struct{ Options }

var _ slack.Desk = (*Desk)(nil)

// New makes one.
func New(o Options) *Desk {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Desk{o}
}

func (d *Desk) look() card.Look { return card.Look{Zone: d.Zone, Now: d.Now().UTC()} }

// once makes the id of what a modal causes: the same for the same modal, person and
// purpose, however often it is sent.
func once(s slack.Submission) string {
	sum := sha256.Sum256([]byte(s.View.ID + "\x00" + s.Team + "\x00" + s.User + "\x00" + s.View.Callback))
	return "slack-" + hex.EncodeToString(sum[:16])
}

// approvalCard gives an approval with its incident, as far as the person may see them.
// Shared tells whether others read along where it is shown.
func (d *Desk) approvalCard(ctx context.Context, p soar.Principal, id string, shared bool) (card.ApprovalCard, error) {
	approval, err := d.Incidents.Approval(ctx, p, id)
	if err != nil {
		return card.ApprovalCard{}, err
	}
	incident, err := d.incident(ctx, p, approval.IncidentID)
	return card.ApprovalCard{Approval: approval, Incident: incident, Shared: shared}, err
}

func (d *Desk) taskCard(ctx context.Context, p soar.Principal, id string, shared bool) (card.TaskCard, error) {
	task, err := d.Incidents.Task(ctx, p, id)
	if err != nil {
		return card.TaskCard{}, err
	}
	incident, err := d.incident(ctx, p, task.IncidentID)
	return card.TaskCard{Task: task, Incident: incident, Shared: shared}, err
}

// incident gives the head of an incident. Who may see an approval and not the whole
// incident, sees its id.
func (d *Desk) incident(ctx context.Context, p soar.Principal, id string) (soar.Incident, error) {
	detail, err := d.Incidents.Show(ctx, p, id)
	switch soar.CodeOf(err) {
	case "":
		return detail.Incident, nil
	case soar.CodeDenied, soar.CodeNotFound:
		return soar.Incident{ID: id, TLP: soar.TLPRed}, nil
	default:
		return soar.Incident{}, err
	}
}

// shared tells whether others read along in a channel: all but direct messages.
func shared(channel string) bool { return channel != "" && !strings.HasPrefix(channel, "D") }
