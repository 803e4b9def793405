package api

import (
	"context"
	"io"
	"net/http"

	"github.com/tocsin-soar/tocsin/api/clock"
	"github.com/tocsin-soar/tocsin/api/containments"
	"github.com/tocsin-soar/tocsin/api/duty"
	"github.com/tocsin-soar/tocsin/api/notifications"
	"github.com/tocsin-soar/tocsin/api/oncall"
	"github.com/tocsin-soar/tocsin/api/people"
	"github.com/tocsin-soar/tocsin/api/task"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/intake"
	"github.com/tocsin-soar/tocsin/internal/intake/trial"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/operations"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Services are the use cases behind the door. One value may stand in several
// fields.
type Services struct {
	Authenticator authenticator
	Hooks         hookVerifier // nil: no source may sign
	Intake        alertTaker
	Alerts        alertReader
	Trials        correlationTrier
	Incidents     incidentKeeper
	Commands      commander
	Timeline      timelineReader
	Evidence      evidenceKeeper
	Containments  containments.Register
	Clocks        clock.Board
	Duties        duty.Desk
	Approvals     approvalKeeper
	Tasks         task.Keeper
	Playbooks     playbookKeeper
	Connectors    connectorLister
	Tokens        tokenKeeper
	Freeze        freezer
	Operations    operator
	People        people.Directory
	Slack         people.SlackIdentities
	OnCall        oncall.Desk
	Notifications notifications.Desk
	Refusals      refusalKeeper
	Payloads      payloadDecoder // nil: payloads in Temporal are not encrypted
	Answers       answerKeeper
}

type hookVerifier interface {
	// Verify gives the tool that signed the body which read gives. An error of read is
	// given as it is.
	Verify(ctx context.Context, source string, header http.Header, read func() ([]byte, error)) (soar.Principal, error)
}

type alertTaker interface {
	// Permits gives nil when the caller may send for the source, and else what Accept
	// would say.
	Permits(p soar.Principal, source string) error
	// Accept stores what a detection tool sent and answers once it is committed.
	Accept(ctx context.Context, p soar.Principal, source, contentType string, body []byte) ([]intake.Receipt, error)
}

type alertReader interface {
	Alerts(ctx context.Context, p soar.Principal, filter soar.AlertFilter) ([]soar.Alert, string, error)
	Alert(ctx context.Context, p soar.Principal, id string) (soar.Alert, error)
	AlertRaw(ctx context.Context, p soar.Principal, id string) ([]byte, error)
}

type correlationTrier interface {
	// Correlation says what rules would have done with past alerts; with errors in the
	// list there is no result.
	Correlation(ctx context.Context, p soar.Principal, request trial.Request) (trial.Result, diag.List, error)
}

type incidentKeeper interface {
	List(ctx context.Context, p soar.Principal, filter soar.IncidentFilter) ([]soar.Incident, string, error)
	Show(ctx context.Context, p soar.Principal, id string) (protocol.Detail, error)
	Open(ctx context.Context, p soar.Principal, request incidents.OpenRequest) (soar.Incident, error)
}

type commander interface {
	// Command records a command, tries to deliver it at once and says how far it got.
	Command(ctx context.Context, p soar.Principal, request incidents.CommandRequest) (protocol.Reply, error)
	Attach(ctx context.Context, p soar.Principal, request incidents.AttachRequest) (protocol.Reply, error)
}

type refusalKeeper interface {
	// NoteRefusal writes what the door refused to a known caller into the record of
	// the incident that it was about.
	NoteRefusal(ctx context.Context, p soar.Principal, what incidents.Refusal, refusal error)
}

type operator interface {
	Outbox(ctx context.Context, p soar.Principal, limit int) (operations.Backlog, error)
	Retry(ctx context.Context, p soar.Principal, id int64) error
	Protected(ctx context.Context, p soar.Principal) ([]soar.Protected, error)
	// Protect is a conflict when the list is not before any more.
	Protect(ctx context.Context, p soar.Principal, before, after []soar.Protected, reason string) ([]soar.Protected, error)
}

type timelineReader interface {
	// Timeline gives entries after a sequence number, oldest first.
	Timeline(ctx context.Context, p soar.Principal, incidentID string, afterSeq int64, limit int) ([]record.Entry, error)
}

type evidenceKeeper interface {
	EvidenceList(ctx context.Context, p soar.Principal, filter soar.EvidenceFilter) ([]soar.Evidence, string, error)
	Custody(ctx context.Context, p soar.Principal, request incidents.CustodyRequest) (soar.Evidence, []soar.CustodyEntry, error)
	Evidence(ctx context.Context, p soar.Principal, id string) (soar.Evidence, []soar.CustodyEntry, error)
	// EvidenceOpen gives the bytes and writes the download into the chain of
	// custody. The last Read fails when the digest does not match.
	EvidenceOpen(ctx context.Context, p soar.Principal, id string) (soar.Evidence, io.ReadCloser, error)
}

type approvalKeeper interface {
	Approvals(ctx context.Context, p soar.Principal, filter soar.ApprovalFilter) ([]soar.Approval, string, error)
	Approval(ctx context.Context, p soar.Principal, id string) (soar.Approval, error)
	Decide(ctx context.Context, p soar.Principal, request incidents.DecideRequest) (soar.Approval, error)
	Ask(ctx context.Context, p soar.Principal, request incidents.AskRequest) (soar.Approval, error)
	Answer(ctx context.Context, p soar.Principal, request incidents.AnswerRequest) (soar.Approval, error)
}

type playbookKeeper interface {
	List(ctx context.Context, p soar.Principal, page soar.Page) ([]soar.PlaybookVersion, string, error)
	// Versions gives all versions of one playbook, newest first; not_found when
	// there is none.
	Versions(ctx context.Context, p soar.Principal, name string) ([]soar.PlaybookVersion, error)
	Publish(ctx context.Context, p soar.Principal, name string, source []byte) (soar.PlaybookVersion, diag.List, error)
	Activate(ctx context.Context, p soar.Principal, name, version string) (soar.PlaybookVersion, error)
	Disable(ctx context.Context, p soar.Principal, name string) error
	// Lint gives the compiled plan as JSON, nil when there are errors.
	Lint(source []byte) ([]byte, diag.List, error)
}

type connectorLister interface {
	Catalog() manifest.Catalog
}

type tokenKeeper interface {
	Create(ctx context.Context, p soar.Principal, request access.TokenRequest) (access.Issued, error)
	List(ctx context.Context, p soar.Principal) ([]soar.Token, error)
	Revoke(ctx context.Context, p soar.Principal, id, reason string) error
}

type freezer interface {
	Freeze(ctx context.Context, p soar.Principal) (soar.Freeze, error)
	SetFreeze(ctx context.Context, p soar.Principal, on bool, scope, reason string) (soar.Freeze, error)
}
