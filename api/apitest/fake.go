package apitest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/internal/once"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Ids of what the fake holds.
const (
	IncidentID = "INC-2026-0A1B2C"
	AlertID    = "ALR-0123456789"
	ApprovalID = "APR-0123456789"
	QuestionID = "q-1" // about ApprovalID
	TaskID     = "TSK-0123456789"
	EvidenceID = "EVD-0123456789"
	Playbook   = "ssh_brute_force"
)

// Fake stands in for all use cases.
type Fake struct {
	Hooks    Verifier // nil: no source may sign; set it before Serve
	Payloads Decoder  // nil: nothing is encrypted in Temporal; set it before Serve

	mu        sync.Mutex
	fail      map[string]error
	failAfter map[string]int // calls that still go well
	panics    map[string]string
	calls     []string
	detail    protocol.Detail
	raw       map[string][]byte
	content   []byte
	entries   []record.Entry
	playbooks []soar.PlaybookVersion
	tokens    []soar.Token
	freeze    soar.Freeze
	protected []soar.Protected
	once      map[string]once.Done
	revoked   map[string]bool // authorization headers that are valid no more
}

// Verifier is what verifies signatures of hooks.
type Verifier interface {
	Verify(ctx context.Context, source string, header http.Header, read func() ([]byte, error)) (soar.Principal, error)
}

// Decoder is what decrypts payloads.
type Decoder interface {
	Decode(ctx context.Context, p soar.Principal, namespace string, body []byte) ([]byte, error)
}

// NewFake makes a fake with one of everything in it.
func NewFake() *Fake {
	f := &Fake{fail: map[string]error{}, failAfter: map[string]int{}, panics: map[string]string{}, once: map[string]once.Done{}, revoked: map[string]bool{}, raw: map[string][]byte{AlertID: []byte("{\"rule\":\"<b>&\x1b[31m\"}")}}
	f.detail = detail()
	f.content = []byte(Collected)
	f.protected = []soar.Protected{{Class: "host", Pattern: "dc-*", Reason: "domain controllers"}}
	f.playbooks = playbooks()
	f.tokens = []soar.Token{{ID: "tok0000001", Name: "wazuh manager", Actor: soar.Actor{Kind: soar.ActorTool, ID: "wazuh"}, Roles: []soar.Role{soar.RoleTool}, Source: "wazuh", CreatedAt: Start}}
	for i, text := range []string{"Incident opened from an alert of wazuh.", "Playbook ssh_brute_force 1.2.0 started.", "Approval asked of soc_lead.\x1b[2J\u202e"} {
		f.Append(protocol.EventNote, fmt.Sprintf("%d. %s", i+1, text))
	}
	return f
}

// Services gives the fake as everything behind the door.
func (f *Fake) Services() api.Services {
	services := api.Services{
		Authenticator: f, Hooks: f.Hooks, Intake: f, Alerts: f, Trials: f, Incidents: f, Commands: f, Timeline: f, Evidence: f,
		Approvals: f, Tasks: f, Playbooks: playbookFake{f}, Connectors: f, Tokens: tokenFake{f}, Freeze: f, People: peopleFake{f}, Slack: slackFake{f}, OnCall: oncallFake{f}, Duties: dutyFake{f}, Notifications: noticeFake{f},
		Containments: f, Clocks: f, Operations: f, Refusals: f, Answers: f,
	}
	if f.Payloads != nil {
		services.Payloads = f.Payloads
	}
	return services
}

// Fail makes the use case of this name fail from now on, until err is nil.
func (f *Fake) Fail(name string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail[name] = err
}

// FailAfter makes the use case go well as often as said, and fail then.
func (f *Fake) FailAfter(name string, well int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail[name], f.failAfter[name] = err, well
}

// Panic makes the use case of this name panic from now on.
func (f *Fake) Panic(name, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.panics[name] = text
}

// Calls gives what was asked so far, each as "name arguments".
func (f *Fake) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

// Append adds an entry to the incident's chain.
func (f *Fake) Append(kind, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seq, prev := int64(len(f.entries)+1), []byte(nil)
	if seq > 1 {
		prev = f.entries[seq-2].Hash
	}
	payload := record.Payload{At: Start.Add(time.Duration(seq) * time.Minute), Kind: kind, By: soar.System("workflow"), Text: text}
	entry, err := record.New(IncidentID, seq, prev, payload, make([]byte, record.SaltBytes))
	if err != nil {
		panic(err) // the arguments above are this package's own
	}
	f.entries = append(f.entries, entry)
}

// Tamper changes the payload of an entry that is stored already.
func (f *Fake) Tamper(seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	changed := append([]byte(nil), f.entries[seq-1].Payload...)
	changed[len(changed)-3] ^= 1
	f.entries[seq-1].Payload = changed
}

// SetContent changes the bytes of the collected item.
func (f *Fake) SetContent(content []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.content = content
}

// Revoke ends a token.
func (f *Fake) Revoke(token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revoked[token] = true
}

// begin notes a call and gives the failure that was asked for.
func (f *Fake) begin(_ context.Context, name, format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name+" "+fmt.Sprintf(format, args...))
	if text := f.panics[name]; text != "" {
		panic(text)
	}
	if f.failAfter[name] > 0 {
		f.failAfter[name]--
		return nil
	}
	return f.fail[name]
}

func notFound(what string) error {
	return soar.Errorf(soar.CodeNotFound, "fake", "there is no such %s", what)
}
