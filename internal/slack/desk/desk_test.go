package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/desk"
	"github.com/tocsin-soar/tocsin/internal/slack/follow"
	"github.com/tocsin-soar/tocsin/internal/slack/workspace/workspacetest"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/chatpost"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

const aid, tid = "APR-0123456789", "TSK-0123456789"

// night is the use cases on the real store with a workflow that is away, a desk and
// a follower in front of them, and a workspace.
type night struct {
	t       *testing.T
	board   *workspacetest.Board
	store   *store.Store
	service *incidents.Service
	desk    *desk.Desk
	follow  *follow.Follower
	soc     string
	id      string // of the incident
	serial  int
	seq     int64
}

// gone is a Temporal that does not answer: what is committed goes to the outbox.
type gone struct{}

// UpdateIncident fails.
func (gone) UpdateIncident(context.Context, string, string, string, json.RawMessage) (protocol.Reply, error) {
	return protocol.Reply{}, soar.Errorf(soar.CodeUnavailable, "temporal", "away")
}

type rosters map[string][]string

// Names gives the rosters.
func (rosters) Names() []string { return []string{"soc"} }

// OnCall gives who is on call.
func (r rosters) OnCall(_ context.Context, roster string, _ time.Time) ([]string, error) {
	people, found := r[roster]
	if !found {
		return nil, soar.Errorf(soar.CodeNotFound, "rosters", "there is no roster %s", roster)
	}
	return people, nil
}

// Accounts gives nobody: cards go to the shared channel.
func (*night) Accounts(context.Context) ([]follow.Account, error) { return nil, nil }

func newNight(t *testing.T) *night {
	t.Helper()
	shipped, faults := policy.Load("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	n := &night{t: t, board: workspacetest.New(), store: storetest.New(t)}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	n.service = incidents.New(incidents.Options{Store: n.store, Workflows: gone{}, Policy: shipped, Logger: log})
	n.desk = desk.New(desk.Options{Incidents: n.service, Chat: n.board, Rosters: rosters{"soc": {"analyst@lab.example"}}, Logger: log})
	n.soc = n.board.AddChannel("soc")
	n.follow = follow.New(follow.Options{Rooms: chatpost.New(n.store), Incidents: n.store, Accounts: n, Chat: n.board, SOC: n.soc, Logger: log})
	return n
}

func person(id string, roles ...soar.Role) soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: id}, Roles: roles}
}

func lead() soar.Principal    { return person("lead@lab.example", soar.RoleSOCLead) }
func second() soar.Principal  { return person("second@lab.example", soar.RoleSOCLead) }
func analyst() soar.Principal { return person("analyst@lab.example", soar.RoleAnalyst) }

func (n *night) event(p soar.Principal) slack.Event {
	n.serial++
	return slack.Event{Key: fmt.Sprintf("slack-%032d", n.serial), At: time.Now(), Person: p, Team: "T1", User: "U-" + p.Actor.ID, Trigger: fmt.Sprintf("trigger-%d", n.serial)}
}

// open opens an incident with an approval and a task; change may change them.
func (n *night) open(tlp soar.TLP, change func(*soar.Approval, *soar.Task)) {
	n.t.Helper()
	opened, err := n.service.Open(n.t.Context(), lead(), incidents.OpenRequest{RequestID: "r-1", Title: "Beaconing from web-1", Severity: soar.SeverityHigh, TLP: tlp})
	must(n.t, err)
	n.id = opened.ID
	now := time.Now().UTC()
	a := soar.Approval{
		ID: aid, IncidentID: n.id, StepPath: "r1/ask", Title: "Isolate web-1?", Status: soar.ApprovalPending, Quorum: 1, Digest: strings.Repeat("5f", 32), OnExpire: "deny",
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}}, RequestedBy: soar.Actor{Kind: soar.ActorPlaybook, ID: "r1"}, RequestedAt: now, ExpiresAt: now.Add(time.Hour),
		Bound: []soar.BoundAction{{StepPath: "r1/isolate", Action: "edr.isolate", Args: map[string]any{"host": "web-1"}}},
		Shown: []soar.ShownAction{{StepPath: "r1/isolate", Action: "edr.isolate", Title: "Isolate a host", Target: "web-1", Risk: soar.RiskChange, Undo: "edr.release"}},
	}
	task := soar.Task{
		ID: tid, IncidentID: n.id, StepPath: "r1/call", Title: "Call the owner", Status: soar.TaskOpen, Assignee: soar.Approver{Role: soar.RoleAnalyst}, CreatedAt: now,
		Form: map[string]any{"type": "object", "required": []any{"who"}, "properties": map[string]any{"who": map[string]any{"type": "string", "minLength": 2.0}, "sure": map[string]any{"type": "boolean"}}},
	}
	if change != nil {
		change(&a, &task)
	}
	n.journal(protocol.JournalBatch{Approvals: []soar.Approval{a}, Tasks: []soar.Task{task}})
	n.pass()
}

func (n *night) journal(b protocol.JournalBatch) {
	n.t.Helper()
	n.seq++
	b.IncidentID = n.id
	b.Events = []protocol.TimelineEvent{{Seq: n.seq, At: time.Now(), Kind: protocol.EventApprovalRequested, By: soar.System("test"), Text: "asked"}}
	_, err := n.store.JournalWrite(n.t.Context(), b)
	must(n.t, err)
}

func (n *night) pass() {
	n.t.Helper()
	_, err := n.follow.Pass(n.t.Context())
	must(n.t, err)
}

// card gives the message in the shared channel that holds a text.
func (n *night) card(part string) workspacetest.Message {
	n.t.Helper()
	for _, m := range n.board.Messages(n.soc) {
		if strings.Contains(m.Text+m.Blocks, part) {
			return m
		}
	}
	n.t.Fatalf("no card has %q: %+v", part, n.board.Messages(n.soc))
	return workspacetest.Message{}
}

// pressed is a click on a button that a card shows.
func (n *night) pressed(p soar.Principal, m workspacetest.Message, action string) slack.Click {
	n.t.Helper()
	return slack.Click{Event: n.event(p), Action: action, Value: valueOf(n.t, m.Blocks, action), Channel: n.soc, Message: m.TS}
}

// valueOf finds a button by its action.
func valueOf(t *testing.T, blocks, action string) string {
	t.Helper()
	var tree any
	must(t, json.Unmarshal([]byte(blocks), &tree))
	value, found := "", false
	var walk func(any)
	walk = func(node any) {
		switch x := node.(type) {
		case map[string]any:
			if x["action_id"] == action {
				value, _ = x["value"].(string)
				found = true
			}
			for _, child := range x {
				walk(child)
			}
		case []any:
			for _, child := range x {
				walk(child)
			}
		}
	}
	walk(tree)
	if !found {
		t.Fatalf("there is no button %s in %s", action, blocks)
	}
	return value
}

// clicked clicks and gives the modal that opened.
func (n *night) clicked(c slack.Click) slackgo.ModalViewRequest {
	n.t.Helper()
	must(n.t, n.desk.Click(n.t.Context(), c))
	views := n.board.Views(c.Trigger)
	if len(views) != 1 {
		n.t.Fatalf("%d modals are open", len(views))
	}
	return views[0]
}

// sent is a modal that was filled in.
func (n *night) sent(p soar.Principal, id string, v slackgo.ModalViewRequest, values map[string]string) slack.Submission {
	state := slack.State{}
	for block, text := range values {
		state[block] = map[string]slack.Value{card.Entry: {Text: text}}
	}
	return slack.Submission{Event: n.event(p), View: slack.View{ID: id, Kind: "modal", Callback: v.CallbackID, Private: v.PrivateMetadata, State: state}}
}

func (n *night) submit(s slack.Submission) slack.Answer {
	n.t.Helper()
	answer, err := n.desk.Submit(n.t.Context(), s)
	must(n.t, err)
	return answer
}

func (n *night) approval() soar.Approval {
	n.t.Helper()
	a, err := n.store.ApprovalGet(n.t.Context(), aid)
	must(n.t, err)
	return a
}

func text(t *testing.T, shown any) string {
	t.Helper()
	raw, err := json.Marshal(shown)
	must(t, err)
	return string(raw)
}

// From the request to the card that says who, when and why: the whole way.
func TestApprovedFromACard(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, nil)
	m := n.card("Approval needed")
	modal := n.clicked(n.pressed(lead(), m, card.Approve))
	if !strings.Contains(text(t, modal), "web-1") {
		t.Errorf("the modal does not say what runs: %s", text(t, modal))
	}
	if answer := n.submit(n.sent(lead(), "V1", modal, map[string]string{card.InReason: "  "})); answer.Errors[card.InReason] == "" {
		t.Errorf("no reason: %+v", answer)
	}
	sent := n.sent(lead(), "V1", modal, map[string]string{card.InReason: "confirmed with the owner"})
	for range 3 { // Slack or a person sends it again
		if answer := n.submit(sent); !answer.Clear {
			t.Errorf("got %+v", answer)
		}
	}
	a := n.approval()
	if len(a.Decisions) != 1 || !a.Decisions[0].Approve || a.Decisions[0].Via != "slack" || a.Decisions[0].Digest != a.Digest || a.Decisions[0].Reason != "confirmed with the owner" {
		t.Fatalf("decisions %+v", a.Decisions)
	}
	n.pass()
	after := n.card("Approved: Isolate")
	if after.TS != m.TS || strings.Contains(after.Blocks, card.Approve+`"`) || !strings.Contains(after.Blocks, "by lead@lab.example: confirmed with the owner") {
		t.Errorf("got %+v", after)
	}
}

func TestTwoPeopleAreNeededAndOneCannotDecideTwice(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, func(a *soar.Approval, _ *soar.Task) { a.Quorum = 2 })
	m := n.card("Approval needed")
	modal := n.clicked(n.pressed(lead(), m, card.Approve))
	n.submit(n.sent(lead(), "V1", modal, map[string]string{card.InReason: "seen"}))
	n.pass()
	m = n.card("1 of 2")
	again := n.submit(n.sent(lead(), "V2", modal, map[string]string{card.InReason: "once more"}))
	if again.Update == nil || !strings.Contains(text(t, again.Update), "decided already") {
		t.Errorf("got %+v", again)
	}
	modal = n.clicked(n.pressed(second(), m, card.Deny))
	n.submit(n.sent(second(), "V3", modal, map[string]string{card.InReason: "production"}))
	n.pass()
	n.card("Denied: Isolate")
	if got := len(n.approval().Decisions); got != 2 {
		t.Errorf("%d decisions", got)
	}
}

// Who is none of the approvers is told so, and it stands in the record.
func TestWhoMayNotIsToldWhy(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, nil)
	modal := n.clicked(n.pressed(analyst(), n.card("Approval needed"), card.Approve))
	answer := n.submit(n.sent(analyst(), "V1", modal, map[string]string{card.InReason: "looks fine"}))
	if answer.Update == nil || len(n.approval().Decisions) != 0 {
		t.Fatalf("got %+v, %+v", answer, n.approval().Decisions)
	}
	entries, err := n.store.RecordList(t.Context(), n.id, 0, 100)
	must(t, err)
	if !strings.Contains(string(entries[len(entries)-1].Payload), "command.refused") {
		t.Errorf("the last entry is %s", entries[len(entries)-1].Payload)
	}
}

func TestStaleCardsAreRefusedAndBroughtUpToDate(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, nil)
	m := n.card("Approval needed")
	click := n.pressed(lead(), m, card.Approve)
	modal := n.clicked(click)
	a := n.approval()
	a.Digest, a.Bound[0].Args, a.Shown[0].Target = strings.Repeat("60", 32), map[string]any{"host": "db-1"}, "db-1"
	n.journal(protocol.JournalBatch{Approvals: []soar.Approval{a}}) // what would run has changed meanwhile
	answer := n.submit(n.sent(lead(), "V1", modal, map[string]string{card.InReason: "seen"}))
	if answer.Update == nil || !strings.Contains(text(t, answer.Update), "not what you were shown") {
		t.Errorf("got %+v", answer)
	}
	if !strings.Contains(n.card("Approval needed").Blocks, "db-1") {
		t.Error("the card is not up to date")
	}
	click.Event = n.event(lead())
	if err := n.desk.Click(t.Context(), click); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("a stale card: %v", err)
	}
	if got := len(n.approval().Decisions); got != 0 {
		t.Errorf("%d decisions", got)
	}
}

func TestWhatDestroysIsNamedByHand(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, func(a *soar.Approval, _ *soar.Task) { a.Shown[0].Risk, a.Shown[0].Undo = soar.RiskDestroy, "" })
	modal := n.clicked(n.pressed(lead(), n.card("DESTROYS"), card.Approve))
	if answer := n.submit(n.sent(lead(), "V1", modal, map[string]string{card.InReason: "seen", card.InTarget: "web-2"})); answer.Errors[card.InTarget] == "" {
		t.Errorf("another target: %+v", answer)
	}
	n.submit(n.sent(lead(), "V1", modal, map[string]string{card.InReason: "seen", card.InTarget: " web-1 "}))
	if got := len(n.approval().Decisions); got != 1 {
		t.Errorf("%d decisions", got)
	}
}

func TestQuestionsGoToTheUseCase(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, nil)
	modal := n.clicked(n.pressed(lead(), n.card("Approval needed"), card.Ask))
	sent := n.sent(lead(), "V1", modal, map[string]string{card.InText: "who owns web-1?"})
	n.submit(sent)
	n.submit(sent)
	entries, err := n.store.RecordList(t.Context(), n.id, 0, 100)
	must(t, err)
	asked := 0
	for _, entry := range entries {
		asked += strings.Count(string(entry.Payload), `"text":"who owns web-1?"`)
	}
	if asked != 1 {
		t.Errorf("asked %d times: %s", asked, entries[len(entries)-1].Payload)
	}
}

func TestATaskIsDoneByItsForm(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, nil)
	modal := n.clicked(n.pressed(analyst(), n.card("Call the owner"), card.DoTask))
	if answer := n.submit(n.sent(analyst(), "V1", modal, nil)); answer.Errors["f0"] == "" {
		t.Errorf("a field is missing: %+v", answer)
	}
	if answer := n.submit(n.sent(analyst(), "V1", modal, map[string]string{"f0": "x"})); answer.Errors["f0"] == "" { // the schema wants two letters
		t.Errorf("too short: %+v", answer)
	}
	n.submit(n.sent(analyst(), "V1", modal, map[string]string{"f0": "the owner"}))
	task, err := n.store.TaskGet(t.Context(), tid)
	must(t, err)
	if task.Status != soar.TaskDone || task.Answer["who"] != "the owner" {
		t.Errorf("got %+v", task)
	}
	n.pass()
	if done := n.card("Done: Call"); strings.Contains(done.Blocks, card.DoTask) {
		t.Errorf("got %s", done.Blocks)
	}
}

// TestATaskIsTakenAndGivenBack by buttons: the card says who has it, the second who
// presses is told, and sees it on the card.
func TestATaskIsTakenAndGivenBack(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, nil)
	other := person("other@lab.example", soar.RoleAnalyst)
	press, late := n.pressed(analyst(), n.card("Call the owner"), card.Claim), n.pressed(other, n.card("Call the owner"), card.Claim)
	must(t, n.desk.Click(t.Context(), press))
	must(t, n.desk.Click(t.Context(), press)) // sent again
	if got := n.card("Call the owner").Blocks; !strings.Contains(got, "Claimed by") || !strings.Contains(got, card.GiveUp) || strings.Contains(got, card.Claim+"\"") {
		t.Errorf("the card does not say who has it: %s", got)
	}
	if err := n.desk.Click(t.Context(), late); soar.CodeOf(err) != soar.CodeConflict || !strings.Contains(soar.MessageOf(err), "is with analyst@lab.example") {
		t.Errorf("the second: %v", err)
	}
	must(t, n.desk.HomeOpened(t.Context(), slack.HomeOpened{Event: n.event(analyst())}))
	if home := n.board.Home("U-analyst@lab.example"); !strings.Contains(home, "claimed by analyst@lab.example") {
		t.Errorf("the App Home does not say so: %s", home)
	}
	if err := n.desk.Click(t.Context(), n.pressed(other, n.card("Call the owner"), card.GiveUp)); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("somebody else gives it back: %v", err)
	}
	must(t, n.desk.Click(t.Context(), n.pressed(analyst(), n.card("Call the owner"), card.GiveUp)))
	task, err := n.store.TaskGet(t.Context(), tid)
	must(t, err)
	if task.ClaimedBy != nil || task.Changes != 2 {
		t.Errorf("got %+v", task)
	}
}

func TestHomeShowsWhatIsMineAndDecidesThere(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPRed, nil)
	for _, m := range n.board.Messages(n.soc) {
		if strings.Contains(m.Text+m.Blocks, "web-1") {
			t.Errorf("red in a channel: %s", m.Blocks)
		}
	}
	must(t, n.desk.HomeOpened(t.Context(), slack.HomeOpened{Event: n.event(analyst())}))
	if home := n.board.Home("U-analyst@lab.example"); strings.Contains(home, "web-1") {
		t.Errorf("who need not know sees %s", home)
	}
	event := n.event(lead())
	must(t, n.desk.HomeOpened(t.Context(), slack.HomeOpened{Event: event}))
	home := n.board.Home(event.User)
	if !strings.Contains(home, "Isolate web-1?") {
		t.Fatalf("got %s", home)
	}
	modal := n.clicked(slack.Click{Event: n.event(lead()), Action: card.See, Value: valueOf(t, home, card.See)})
	sent := n.sent(lead(), "V1", modal, map[string]string{card.InReason: "seen"})
	if answer := n.submit(sent); answer.Errors[card.InChoice] == "" {
		t.Errorf("nothing chosen: %+v", answer)
	}
	sent.View.State[card.InChoice] = map[string]slack.Value{card.Entry: {Options: []string{card.ChooseApprove}}}
	if answer := n.submit(sent); answer.Update == nil || !strings.Contains(text(t, answer.Update), "approved by lead@lab.example") {
		t.Errorf("got %+v", answer)
	}
	if len(n.approval().Decisions) != 1 {
		t.Errorf("got %+v", n.approval().Decisions)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, nil)
	rows := []struct {
		who        soar.Principal
		text, want string
	}{
		{analyst(), "", "What /tocsin can do"}, {analyst(), "HELP", "What /tocsin can do"}, {analyst(), "dance <!channel>", "There is no command dance"},
		{analyst(), "status", "Beaconing"}, {analyst(), "status " + strings.ToLower(n.id), "Beaconing"}, {lead(), "approvals", "Isolate web-1?"}, {analyst(), "approvals", "No approval for you"},
		{analyst(), "tasks", "Call the owner"}, {analyst(), "ack", "Say which incident"}, {analyst(), "ack " + n.id, "is in your hands"},
		{analyst(), "oncall", "analyst@lab.example"}, {analyst(), "who is on call soc?", "analyst@lab.example"}, {analyst(), "who is on call", "analyst@lab.example"},
	}
	for _, row := range rows {
		reply, err := n.desk.Command(t.Context(), slack.Command{Event: n.event(row.who), Name: "/tocsin", Text: row.text, Channel: n.soc})
		if err != nil || reply.Everyone || !strings.Contains(reply.Text+text(t, reply.Blocks), row.want) {
			t.Errorf("%q: %v, %s", row.text, err, text(t, reply.Blocks))
		}
		if err := card.Validate(card.Message{Text: reply.Text, Blocks: reply.Blocks}); err != nil {
			t.Errorf("%q: %v", row.text, err)
		}
	}
	for _, wrong := range []struct {
		text string
		code soar.Code
	}{{"status INC-2026-N0N0NE", soar.CodeNotFound}, {"oncall night", soar.CodeNotFound}, {"ack INC-2026-N0N0NE", soar.CodeNotFound}} {
		if _, err := n.desk.Command(t.Context(), slack.Command{Event: n.event(analyst()), Text: wrong.text}); soar.CodeOf(err) != wrong.code {
			t.Errorf("%q: %v", wrong.text, err)
		}
	}
}

func TestReportOpensAnIncidentOnce(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	command := slack.Command{Event: n.event(person("anybody@lab.example", soar.RoleReporter)), Text: "report"}
	if _, err := n.desk.Command(t.Context(), command); err != nil {
		t.Fatal(err)
	}
	modal := n.board.Views(command.Trigger)[0]
	sent := n.sent(command.Person, "V1", modal, map[string]string{card.InTitle: "Odd mail", card.InWhat: "I opened it"})
	first, again := n.submit(sent), n.submit(sent)
	if first.Update == nil || text(t, first.Update) != text(t, again.Update) || !strings.Contains(text(t, first.Update), "INC-") {
		t.Errorf("got %s, %s", text(t, first.Update), text(t, again.Update))
	}
	list, _, err := n.store.IncidentList(t.Context(), soar.IncidentFilter{})
	must(t, err)
	if len(list) != 1 {
		t.Errorf("%d incidents", len(list))
	}
	if answer := n.submit(n.sent(command.Person, "V2", modal, nil)); answer.Errors[card.InTitle] == "" {
		t.Errorf("no title: %+v", answer)
	}
}

func TestWhatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, nil)
	ref := card.Ref{Approval: aid}.String()
	for _, c := range []slack.Click{
		{Action: "other", Value: ref}, {Action: card.Approve, Value: "APR-1"}, {Action: card.Approve, Value: `{"a":"APR-none"}`}, {Action: card.DoTask, Value: ref},
		{Action: card.Approve, Value: ref}, {Action: card.Answer, Value: card.Ref{Approval: aid, Digest: n.approval().Digest, Question: "q-none"}.String()},
		{Action: card.AckInc, Value: `{"i":"INC-none"}`},
	} {
		c.Event = n.event(lead())
		if err := n.desk.Click(t.Context(), c); err == nil || soar.CodeOf(err) == soar.CodeInternal {
			t.Errorf("%s %s: %v", c.Action, c.Value, err)
		}
	}
	for _, view := range []slack.View{{Callback: "other", Private: ref}, {Callback: card.Approve, Private: "x"}} {
		answer, err := n.desk.Submit(t.Context(), slack.Submission{Event: n.event(lead()), View: view})
		if err != nil || answer.Update == nil {
			t.Errorf("%+v: %+v, %v", view, answer, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
