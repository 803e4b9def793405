package follow_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/follow"
	"github.com/tocsin-soar/tocsin/internal/slack/workspace/workspacetest"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/chatpost"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

const (
	id       = "INC-2026-0A1B2C"
	approval = "APR-0123456789"
	task     = "TSK-0123456789"
)

// scene is one incident on the real store, and a workspace that follows it.
type scene struct {
	t     *testing.T
	fake  *workspacetest.Board
	store *store.Store
	soc   string
	mu    sync.Mutex
	clock time.Time
	known []follow.Account
	f     *follow.Follower
	seq   int64
}

// Accounts gives who is linked.
func (s *scene) Accounts(context.Context) ([]follow.Account, error) { return s.known, nil }

func (s *scene) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

func (s *scene) later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

func newScene(t *testing.T, change func(*follow.Options)) *scene {
	t.Helper()
	fake := workspacetest.New()
	s := &scene{t: t, fake: fake, store: storetest.New(t), clock: time.Now().UTC().Truncate(time.Second)}
	s.soc = fake.AddChannel("soc")
	s.follow(change)
	return s
}

// follow starts following, as a process that starts does.
func (s *scene) follow(change func(*follow.Options)) {
	options := follow.Options{
		Rooms: chatpost.New(s.store), Incidents: s.store, Accounts: s, SOC: s.soc, Now: s.now, Logger: slog.New(slog.NewTextHandler(s.t.Output(), nil)),
		Chat: s.fake,
	}
	if change != nil {
		change(&options)
	}
	s.f = follow.New(options)
}

func (s *scene) link(person string, roles ...soar.Role) string {
	user := "U" + strings.ToUpper(strings.Split(person, "@")[0])
	p := soar.Person{ID: person, Active: true}
	for _, role := range roles {
		p.Roles = append(p.Roles, soar.RoleGrant{Role: role})
	}
	s.known = append(s.known, follow.Account{User: user, Person: p})
	return user
}

func (s *scene) incident() soar.Incident {
	return soar.Incident{ID: id, Title: "Beaconing from web-1", Status: soar.StatusAssessed, Severity: soar.SeverityHigh, TLP: soar.TLPAmber, OpenedAt: s.now(), OpenedBy: soar.System("intake")}
}

func (s *scene) open(i soar.Incident) {
	s.t.Helper()
	event := record.Payload{At: s.now(), Kind: protocol.EventIncidentOpened, By: soar.System("intake"), Text: "opened"}
	must(s.t, s.store.IncidentOpen(s.t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: i}}, event))
}

func (s *scene) approval() soar.Approval {
	return soar.Approval{
		ID: approval, IncidentID: id, StepPath: "r1/ask", Title: "Isolate web-1?", Status: soar.ApprovalPending, Quorum: 1, Digest: strings.Repeat("5f", 32), OnExpire: "deny",
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}}, RequestedBy: soar.Actor{Kind: soar.ActorPlaybook, ID: "r1"}, RequestedAt: s.now(), ExpiresAt: s.now().Add(time.Hour),
		Bound: []soar.BoundAction{{StepPath: "r1/isolate", Action: "edr.isolate", Args: map[string]any{"host": "web-1"}}},
		Shown: []soar.ShownAction{{StepPath: "r1/isolate", Action: "edr.isolate", Title: "Isolate a host", Target: "web-1", Risk: soar.RiskChange, Undo: "edr.release"}},
	}
}

// journal is what the workflow reports.
func (s *scene) journal(text string, b protocol.JournalBatch) {
	s.t.Helper()
	s.seq++
	b.IncidentID = id
	b.Events = []protocol.TimelineEvent{{Seq: s.seq, At: s.now(), Kind: protocol.EventNote, By: soar.System("test"), Text: text}}
	if _, err := s.store.JournalWrite(s.t.Context(), b); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) pass() time.Duration {
	s.t.Helper()
	wait, err := s.f.Pass(s.t.Context())
	must(s.t, err)
	return wait
}

// texts gives what stands in a channel, with the ts before it.
func (s *scene) find(channel, part string) (found workspacetest.Message) {
	s.t.Helper()
	for _, m := range s.fake.Messages(channel) {
		if strings.Contains(m.Text+m.Blocks, part) {
			return m
		}
	}
	var all []string
	for _, m := range s.fake.Messages(channel) {
		all = append(all, m.Text)
	}
	s.t.Fatalf("%q is not in the channel, which has %q", part, all)
	return found
}

func (s *scene) count(channel string) int { return len(s.fake.Messages(channel)) }

func has(t *testing.T, m workspacetest.Message, want, absent []string) {
	t.Helper()
	all := m.Text + m.Blocks
	for _, part := range want {
		if !strings.Contains(all, part) {
			t.Errorf("%q is missing in %s", part, all)
		}
	}
	for _, part := range absent {
		if strings.Contains(all, part) {
			t.Errorf("%q is in %s", part, all)
		}
	}
}

func TestCardsFollowTheDatabase(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.open(s.incident())
	a := s.approval()
	s.journal("asked", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	s.pass()
	has(t, s.find(s.soc, "Approval needed"), []string{card.Approve, "web-1", "0 of 1", a.Digest}, nil)
	head := s.find(s.soc, "Stands")
	if timeline := s.find(s.soc, "asked"); timeline.Thread != head.TS {
		t.Errorf("the timeline is in %q, the head is %q", timeline.Thread, head.TS)
	}
	before := s.count(s.soc)
	s.pass()
	s.later(2 * time.Minute)
	s.pass() // nothing changed: nothing is written

	d := soar.Decision{
		ID: "d-1", ApprovalID: a.ID, Approve: true, By: soar.Actor{Kind: soar.ActorPerson, ID: "lead@lab.example"}, Roles: []soar.Role{soar.RoleSOCLead},
		Reason: "seen it", Digest: a.Digest, Via: "slack", At: s.now(),
	}
	if _, _, err := s.store.DecisionInsert(t.Context(), d, record.Payload{At: s.now(), Kind: protocol.EventCommand, By: d.By, Text: "decided"}); err != nil {
		t.Fatal(err)
	}
	s.pass()
	decided := s.find(s.soc, "Approved: Isolate")
	has(t, decided, []string{"by lead@lab.example: seen it", "1 of 1", "on its way"}, []string{card.Approve, card.Deny})
	at := s.now()
	a.Status, a.DecidedAt, a.Decisions = soar.ApprovalApproved, &at, []soar.Decision{d}
	s.journal("ended", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	s.pass()
	has(t, s.find(s.soc, "Approved: Isolate"), []string{"Ended"}, []string{"on its way", card.Approve})
	if got := s.count(s.soc); got != before+1 { // the timeline's line of the end
		t.Errorf("there are %d messages, were %d: cards are changed, not written again", got, before)
	}
}

func TestQuorumQuestionsAndTheClockAreOnTheCard(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.open(s.incident())
	a := s.approval()
	a.Quorum = 2
	s.journal("asked", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	s.pass()
	d := soar.Decision{
		ID: "d-1", ApprovalID: a.ID, Approve: true, By: soar.Actor{Kind: soar.ActorPerson, ID: "lead@lab.example"}, Roles: []soar.Role{soar.RoleSOCLead},
		Reason: "seen it", Digest: a.Digest, Via: "slack", At: s.now(),
	}
	if _, _, err := s.store.DecisionInsert(t.Context(), d, record.Payload{At: s.now(), Kind: protocol.EventCommand, By: d.By, Text: "decided"}); err != nil {
		t.Fatal(err)
	}
	a.Questions = []soar.Question{{ID: "q-1", AskedBy: d.By, Text: "who owns it?", At: s.now()}}
	s.journal("question", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	s.pass()
	has(t, s.find(s.soc, "Approval needed"), []string{"1 of 2", "seen it", "who owns it?", card.Answer, card.Approve, "less than an hour left"}, nil)
	answered := s.now()
	a.Questions[0].Answer, a.Questions[0].AnsweredBy, a.Questions[0].AnsweredAt = "the shop", &d.By, &answered
	s.journal("answer", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	s.pass()
	has(t, s.find(s.soc, "Approval needed"), []string{"the shop"}, []string{card.Answer + `"`})
	s.later(58 * time.Minute)
	s.dueNow()
	s.pass()
	has(t, s.find(s.soc, "Approval needed"), []string{"less than 5 minutes left"}, nil)
	s.later(3 * time.Minute)
	s.dueNow()
	s.pass()
	has(t, s.find(s.soc, "Approval needed"), []string{"The time is over"}, []string{card.Approve + `"`, card.Deny})
}

// dueNow makes the rooms due that wait for the clock: the database has its own.
func (s *scene) dueNow() {
	s.t.Helper()
	s.journal("a minute later", protocol.JournalBatch{})
}

func TestSlackAwayForHoursGetsThePresentOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.fake.Fail(workspacetest.Away())
	s.open(s.incident())
	a := s.approval()
	s.journal("asked", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	if wait := s.pass(); wait < 5*time.Second {
		t.Errorf("comes again after %v", wait)
	}
	at := s.now()
	for n := range 200 { // a busy night
		s.journal(fmt.Sprintf("entry %d", n), protocol.JournalBatch{})
	}
	a.Status, a.DecidedAt = soar.ApprovalDenied, &at
	s.journal("denied", protocol.JournalBatch{Approvals: []soar.Approval{a}, Tasks: []soar.Task{{ID: task, IncidentID: id, Title: "Call the owner", Status: soar.TaskOpen, CreatedAt: s.now()}}})
	s.fake.Fail(nil)
	s.again()
	if got := s.count(s.soc); got != 3 { // head, task, one message with the timeline
		t.Errorf("there are %d messages", got)
	}
	s.find(s.soc, "Call the owner")
	has(t, s.find(s.soc, "entry 199"), []string{"entries before these are in the record"}, []string{"entry 10 "})
	for _, m := range s.fake.Messages(s.soc) {
		if strings.Contains(m.Text, "Isolate") {
			t.Errorf("an approval that is over was written: %s", m.Text)
		}
	}
}

// again lets the wait after a failure pass.
func (s *scene) again() {
	s.t.Helper()
	must(s.t, chatpost.New(s.store).Retry(s.t.Context(), id, 0))
	s.pass()
}

func TestWhatIsLimitedComesAfterTheWait(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.open(s.incident())
	s.fake.Fail(workspacetest.Limited(7 * time.Second))
	if wait := s.pass(); wait != 7*time.Second {
		t.Errorf("comes again after %v", wait)
	}
	if got := s.count(s.soc); got != 0 {
		t.Errorf("there are %d messages", got)
	}
	s.fake.Fail(nil)
	s.again()
	s.find(s.soc, "Beaconing")
}

func TestDeletedMessagesAreWrittenAgainWhileTheyMatter(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.open(s.incident())
	a := s.approval()
	s.journal("asked", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	s.pass()
	first := s.find(s.soc, "Approval needed")
	s.fake.Delete(s.soc, first.TS)
	a.Questions = []soar.Question{{ID: "q-1", AskedBy: soar.System("x"), Text: "why?", At: s.now()}}
	s.journal("asked again", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	s.pass()
	second := s.find(s.soc, "Approval needed")
	if second.TS == first.TS {
		t.Error("the same message")
	}
	s.fake.Delete(s.soc, second.TS)
	at := s.now()
	a.Status, a.DecidedAt = soar.ApprovalExpired, &at
	s.journal("expired", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	s.pass()
	for _, m := range s.fake.Messages(s.soc) {
		if strings.Contains(m.Text, "Isolate") {
			t.Errorf("written again after the end: %s", m.Text)
		}
	}
}

func TestAnIncidentGetsItsChannelAndLosesItAtTheEnd(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(o *follow.Options) { o.Channels, o.ArchiveAfter = soar.SeverityHigh, time.Minute })
	s.fake.AddChannel("inc-2026-0a1b2c") // somebody took the name
	analyst := s.link("analyst@lab.example", soar.RoleAnalyst)
	manager := s.link("manager@lab.example", soar.RoleReporter)
	s.open(s.incident())
	s.journal("asked", protocol.JournalBatch{Approvals: []soar.Approval{s.approval()}})
	s.pass()
	own, found := s.fake.Channel("inc-2026-0a1b2c-2")
	if !found {
		t.Fatalf("got %+v, %v", own, found)
	}
	if members := strings.Join(own.Members, " "); !strings.Contains(members, analyst) || strings.Contains(members, manager) {
		t.Errorf("members are %s", members)
	}
	s.find(own.ID, "Approval needed")
	has(t, s.find(s.soc, "Stands"), []string{"<#" + own.ID + ">"}, nil)
	if pinned := own.Pinned; len(pinned) != 1 || pinned[0] != s.find(own.ID, "Stands").TS {
		t.Errorf("pinned: %v", pinned)
	}
	if !strings.Contains(own.Topic, "Beaconing") {
		t.Errorf("topic %q", own.Topic)
	}
	i := s.incident()
	at := s.now()
	i.Status, i.Resolution, i.ClosedAt = soar.StatusClosed, soar.ResolutionResolved, &at
	s.journal("closed", protocol.JournalBatch{Incident: &i})
	s.pass()
	s.later(time.Hour)
	s.dueNow()
	s.pass()
	if own, _ := s.fake.Channel(own.ID); !own.Archived {
		t.Error("the channel is open still")
	}
	has(t, s.find(s.soc, "Stands"), []string{"closed, resolved"}, []string{card.AckInc})
}

func TestAChannelThatIsGoneIsReplacedByTheSharedOne(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(o *follow.Options) { o.Channels = soar.SeverityLow })
	s.open(s.incident())
	s.pass()
	own, _ := s.fake.Channel("inc-2026-0a1b2c")
	must(t, s.fake.Archive(t.Context(), own.ID)) // somebody did
	s.journal("asked", protocol.JournalBatch{Approvals: []soar.Approval{s.approval()}})
	s.pass()
	s.pass()
	s.find(s.soc, "Approval needed")
}

func TestNamedPeopleAreWrittenToAndRedStaysWithThem(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	owner := s.link("owner@lab.example", soar.RoleSOCLead)
	other := s.link("other@lab.example", soar.RoleAnalyst)
	i := s.incident()
	i.TLP, i.Owner = soar.TLPRed, "owner@lab.example"
	s.open(i)
	a := s.approval()
	a.Approvers = []soar.Approver{{Person: "owner@lab.example"}, {Person: "other@lab.example"}}
	s.journal("host web-1 beacons", protocol.JournalBatch{Approvals: []soar.Approval{a}})
	s.pass()
	for _, m := range s.fake.Messages(s.soc) {
		has(t, m, []string{id}, []string{"web-1", "Isolate", "Beaconing"})
	}
	direct := s.fake.Messages(owner)
	if len(direct) != 1 {
		t.Fatalf("%d direct messages", len(direct))
	}
	has(t, direct[0], []string{"web-1", card.Approve}, nil)
	if got := s.fake.Messages(other); len(got) != 0 { // does not need to know
		t.Errorf("got %d direct messages", len(got))
	}
}

func TestAfterARestartNothingIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.open(s.incident())
	s.journal("asked", protocol.JournalBatch{Approvals: []soar.Approval{s.approval()}})
	s.pass()
	before, calls := s.count(s.soc), s.fake.Calls()
	s.follow(nil)
	s.journal("more", protocol.JournalBatch{})
	s.later(time.Minute)
	s.pass()
	if got := s.count(s.soc); got != before+1 { // the timeline's line
		t.Errorf("there are %d messages, were %d", got, before)
	}
	if got := s.fake.Calls() - calls; got != 1 {
		t.Errorf("%d calls", got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
