package incidents

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// keeper is what *store.Store is here.
type keeper interface {
	incidentReader
	opener
	alertReader
	approvalKeeper
	taskKeeper
	evidenceReader
	custodian
	recordKeeper
	freezer
}

type incidentReader interface {
	IncidentGet(ctx context.Context, id string) (soar.Incident, error)
	IncidentList(ctx context.Context, filter soar.IncidentFilter) ([]soar.Incident, string, error)
	IncidentDetail(ctx context.Context, id string) (protocol.Detail, error)
	RunsOpen(ctx context.Context) ([]soar.OpenRun, error)
	ContainmentList(ctx context.Context, filter soar.ContainmentFilter) ([]soar.Containment, string, error)
}

// opener commits before the workflow hears of it.
type opener interface {
	IncidentOpen(ctx context.Context, open protocol.OpenIncident, events ...record.Payload) error
	CommandInsert(ctx context.Context, incidentID, update, updateID string, payload any, event record.Payload) error
	IncidentJoin(ctx context.Context, incidentID, alertID string, update protocol.AddAlert) error
}

type alertReader interface {
	AlertGet(ctx context.Context, id string) (soar.Alert, error)
	AlertRaw(ctx context.Context, id string) ([]byte, error)
	AlertList(ctx context.Context, filter soar.AlertFilter) ([]soar.Alert, string, error)
}

type approvalKeeper interface {
	ApprovalGet(ctx context.Context, id string) (soar.Approval, error)
	ApprovalList(ctx context.Context, filter soar.ApprovalFilter) ([]soar.Approval, string, error)
	DecisionInsert(ctx context.Context, d soar.Decision, event record.Payload) (stored soar.Decision, duplicate bool, err error)
}

type taskKeeper interface {
	TaskGet(ctx context.Context, id string) (soar.Task, error)
	TaskList(ctx context.Context, filter soar.TaskFilter) ([]soar.Task, string, error)
	TaskComplete(ctx context.Context, taskID string, update protocol.CompleteTask, event record.Payload) error
	TaskHand(ctx context.Context, taskID string, update protocol.HandTask, event record.Payload, next func(soar.Task) (soar.Holding, error)) error
}

type evidenceReader interface {
	EvidenceGet(ctx context.Context, id string) (soar.Evidence, error)
	EvidencePage(ctx context.Context, filter soar.EvidenceFilter) ([]soar.Evidence, string, error)
	BlobOpen(ctx context.Context, sha256 string) (io.ReadCloser, error)
}

type custodian interface {
	CustodyAppend(ctx context.Context, entry soar.CustodyEntry, event record.Payload) error
	CustodyOrder(ctx context.Context, id string, entry soar.CustodyEntry, event record.Payload) error
	CustodyList(ctx context.Context, evidenceID string) ([]soar.CustodyEntry, error)
}

type recordKeeper interface {
	RecordAppend(ctx context.Context, chain string, events ...record.Payload) error
	RecordList(ctx context.Context, chain string, afterSeq int64, limit int) ([]record.Entry, error)
}

type freezer interface {
	FreezeGet(ctx context.Context) (soar.Freeze, error)
	FreezeSet(ctx context.Context, freeze soar.Freeze, event record.Payload) error
}

// deliverer tells a workflow what was committed. A refusal by the workflow is a
// conflict; any other error means that the outbox will tell it.
type deliverer interface {
	UpdateIncident(ctx context.Context, incidentID, update, updateID string, payload json.RawMessage) (protocol.Reply, error)
}

// matcher finds the playbooks that fit an incident.
type matcher interface {
	Match(ctx context.Context, request protocol.MatchRequest) (protocol.MatchResult, error)
}

// pinner finds a playbook's version by its name.
type pinner interface {
	Pin(ctx context.Context, request protocol.PinRequest) (protocol.RunPin, error)
}

// planner gives the plan of a playbook's version: the library.
type planner interface {
	PlanByDigest(digest string) (*plan.Plan, error)
}

// directory knows people: internal/people.
type directory interface {
	Find(ctx context.Context, personID string) (soar.Person, error)
	Unqualified(ctx context.Context, personID string, actions []string, at time.Time) (missing []string, err error)
	Represents(ctx context.Context, personID string, at time.Time) ([]soar.Person, error)
}

// rosters knows who is on call: internal/oncall/desk.
type rosters interface {
	Names() []string
	OnCall(ctx context.Context, roster string, at time.Time) ([]string, error)
}

// publisher knows who published a playbook's version.
type publisher interface {
	PlaybookByDigest(ctx context.Context, digest string) (soar.PlaybookVersion, error)
}
