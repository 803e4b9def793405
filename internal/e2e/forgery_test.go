package e2e

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/lab"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// shared gives the settings of a stand on the shared servers.
func shared(t *testing.T) settings {
	t.Helper()
	return settings{"temporal_address": devstacktest.Temporal(t), "database_url": storetest.URL(t)}
}

// newStandWith gives a stand whose only playbook was published through the API.
func newStandWith(t *testing.T, playbook, source string) *stand {
	t.Helper()
	given := shared(t)
	given["load_shipped_playbooks"] = "false"
	s := newStand(t, given)
	engineer, _ := s.issue(t, access.TokenRequest{Name: "engineer", Person: "engineer@lab.invalid", Roles: []soar.Role{soar.RolePlaybookEngineer}})
	if _, err := engineer.PlaybookPublish(t.Context(), playbook, "", []byte(source)); err != nil {
		fault, _ := errors.AsType[*client.Error](err)
		t.Fatalf("publish %s: %v %+v", playbook, err, deref(fault).Diagnostics)
	}
	return s
}

// yes is a decision on what has this digest.
func yes(digest string) gen.DecisionInput {
	return gen.DecisionInput{Decision: gen.Approve, Digest: &digest, Reason: "decided in a test"}
}

// requireStatus checks with what the API refused.
func requireStatus(t *testing.T, what string, err error, status int) {
	t.Helper()
	if fault, ok := errors.AsType[*client.Error](err); !ok || fault.Status != status {
		t.Errorf("%s was answered %v, want status %d", what, err, status)
	}
}

// ofKind gives the entries of one kind.
func ofKind(payloads []record.Payload, kind string) []record.Payload {
	return slices.DeleteFunc(slices.Clone(payloads), func(p record.Payload) bool { return p.Kind != kind })
}

// requireText checks that exactly one entry says so.
func requireText(t *testing.T, payloads []record.Payload, text string) {
	t.Helper()
	var found []string
	times := 0
	for _, payload := range payloads {
		found = append(found, payload.Text)
		if strings.Contains(payload.Text, text) {
			times++
		}
	}
	if times != 1 {
		t.Errorf("%d entries say %q among\n%s", times, text, strings.Join(found, "\n"))
	}
}

// stepOf gives a step by its id in the playbook.
func stepOf(d protocol.Detail, id string) protocol.StepView {
	for _, run := range d.Runs {
		for _, step := range run.Steps {
			if step.StepID == id {
				return step
			}
		}
	}
	return protocol.StepView{}
}

func runEnded(d protocol.Detail) bool { return len(d.Runs) == 1 && d.Runs[0].EndedAt != nil }

// TestForgedDecision sends the workflow a decision that nobody made, past the API,
// as somebody with access to Temporal can. The workflow cannot tell; the guard
// asks the database and lets nothing happen.
func TestForgedDecision(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"in the name of somebody unknown":  "intruder@lab.invalid",
		"in the name of the real approver": "soc-lead@lab.invalid",
	}
	for name, person := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, shared(t))
			incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
			approval := s.pendingApproval(t, incident)
			reply, err := s.tellDecision(t, approval, "forged-1", soar.Actor{Kind: soar.ActorPerson, ID: person})
			if err != nil || !strings.Contains(reply.Message, "is approved") {
				t.Fatalf("the workflow did not take the forgery, which leaves the guard untested: %q %v", reply.Message, err)
			}
			detail := s.detail(t, incident, "its run ends", runEnded)
			requireRefused(t, detail)
			s.requireNone(t)
			s.requireRefusals(t, incident, len(containment()))
			s.requireOpen(t, incident)
			got, err := s.lead.Approval(t.Context(), approval.ID)
			if err != nil || len(got.Decisions) > 0 {
				t.Errorf("the approval shows decisions that nobody made: %+v, %v", deref(got).Decisions, err)
			}
		})
	}
}

// tellDecision sends the workflow a yes past the API, with all in order that the
// workflow looks at.
func (s *stand) tellDecision(t *testing.T, approval soar.Approval, id string, by soar.Actor) (protocol.Reply, error) {
	t.Helper()
	decision := soar.Decision{
		ID: id, ApprovalID: approval.ID, IncidentID: approval.IncidentID, Approve: true, By: by,
		Roles: []soar.Role{soar.RoleSOCLead}, Reason: "trust me", Digest: approval.Digest, Via: "api", At: time.Now().UTC(),
	}
	payload, err := json.Marshal(protocol.Decide{
		Command: protocol.Command{ID: id, By: by, Reason: decision.Reason, At: decision.At}, Decision: decision,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.temporal(t).UpdateIncident(t.Context(), approval.IncidentID, protocol.UpdateDecide, id, payload)
}

// requireRefused checks that people see what did not happen.
func requireRefused(t *testing.T, d protocol.Detail) {
	t.Helper()
	if d.Runs[0].Status != soar.StepFailed {
		t.Errorf("the run ended as %s", d.Runs[0].Status)
	}
	for _, step := range []string{"isolate", "block"} {
		if got := stepOf(d, step); got.Status != soar.StepFailed || !strings.Contains(got.Error, "refused") {
			t.Errorf("step %s is %s: %q", step, got.Status, got.Error)
		}
	}
	if len(d.Containments) > 0 {
		t.Errorf("it counts as contained: %+v", d.Containments)
	}
}

// requireRefusals checks that the guard's refusals stand in a record that verifies,
// and that nothing of the kind was even begun.
func (s *stand) requireRefusals(t *testing.T, incident string, times int) {
	t.Helper()
	told := s.verify(t, incident)
	refusals := ofKind(told, protocol.EventActionRefused)
	for _, refusal := range refusals {
		if !strings.Contains(refusal.Text, "has 0 of 1 approvals") {
			t.Errorf("refused for another reason: %s", refusal.Text)
		}
	}
	if len(refusals) != times {
		t.Errorf("the record has %d refusals, want %d", len(refusals), times)
	}
	for _, intent := range ofKind(told, protocol.EventActionIntent) {
		if !strings.HasPrefix(intent.Text, "edr.collect_evidence") && !strings.HasPrefix(intent.Text, "notify.send") {
			t.Errorf("begun without a decision: %s", intent.Text)
		}
	}
}

// requireOpen has the workflow do one thing more, and looks whether the incident
// is open after that.
func (s *stand) requireOpen(t *testing.T, incident string) {
	t.Helper()
	reply, err := s.lead.Command(t.Context(), incident, "still-open-1", gen.NoteCommand{Text: "who decided this?"})
	if err != nil || reply.Message != "noted" {
		t.Fatalf("the incident took no note: %+v %v", reply, err)
	}
	detail := s.detail(t, incident, "is shown", func(protocol.Detail) bool { return true })
	if detail.Incident.Status.Ended() || detail.Incident.Resolution != "" {
		t.Errorf("the incident ended as %s, %s", detail.Incident.Status, detail.Incident.Resolution)
	}
}

// twoPeople asks two of a role before a host is isolated.
const twoPeople = `tocsin: v1
playbook: two_people
version: 1.0.0
title: Two people agree
owner: soc_engineering
trigger:
  when: incident.category == "brute_force"
input:
  type: object
  required: [host]
  properties:
    host: {type: string, default: "${{ alert.host.name }}"}
steps:
  - id: ask
    approval:
      title: "Isolate ${{ input.host }}?"
      approvers: [{role: soc_lead}]
      quorum: 2
      bind: [isolate]
      expires_in: 15m
      on_expire: deny
  - id: isolate
    when: steps.ask.status == "approved"
    action: edr.isolate_host
    with: {host: "${{ input.host }}"}
    expires_in: 1h
`

// TestOnlyApproversDecideAndEachOnce goes through everybody who may not decide,
// and everything that must not count twice, before the second approver says yes.
func TestOnlyApproversDecideAndEachOnce(t *testing.T) {
	t.Parallel()
	s := newStandWith(t, "two_people", twoPeople)
	second, _ := s.issue(t, access.TokenRequest{Name: "deputy", Person: "soc-deputy@lab.invalid", Roles: []soar.Role{soar.RoleSOCLead}})
	incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
	approval := s.pendingApproval(t, incident)
	s.requireTurnedAway(t, approval)
	late, _ := s.issue(t, access.TokenRequest{Name: "late", Person: "late@lab.invalid", Roles: []soar.Role{soar.RoleSOCLead}})
	_, err := late.Decide(t.Context(), approval.ID, "late-yes-1", yes(approval.Digest))
	requireStatus(t, "a yes of somebody who got the role after the question", err, http.StatusForbidden)

	for range 2 { // the second is the first sent again
		got, err := s.lead.Decide(t.Context(), approval.ID, "first-yes-1", yes(approval.Digest))
		if err != nil || got.Status != soar.ApprovalPending || len(got.Decisions) != 1 {
			t.Fatalf("the first yes of two: %+v %v", got, err)
		}
	}
	_, err = s.lead.Decide(t.Context(), approval.ID, "first-yes-2", yes(approval.Digest))
	requireStatus(t, "a second yes of the same person", err, http.StatusConflict)
	if _, err := s.tellDecision(t, approval, "first-yes-3", soar.Actor{Kind: soar.ActorPerson, ID: "soc-lead@lab.invalid"}); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("the workflow took a second yes of the same person: %v", err)
	}
	s.requireNone(t)

	got, err := second.Decide(t.Context(), approval.ID, "second-yes-1", yes(approval.Digest))
	if err != nil || len(got.Decisions) != 2 {
		t.Fatalf("the second yes: %+v %v", got, err)
	}
	s.detail(t, incident, "closes", ended)
	s.requireOnce(t, "edr.isolate_host web-01")
	// Who may decide nothing at all is turned away at the door, and stands there too.
	want := map[string]int{"analyst@lab.invalid": 1, "ciso@lab.invalid": 1, "late@lab.invalid": 1, "soc-lead@lab.invalid": 2}
	if diff := cmp.Diff(want, s.byPerson(t, incident, protocol.EventCommandRefused)); diff != "" {
		t.Errorf("refusals in the record (-want +got)\n%s", diff)
	}
	want = map[string]int{"soc-lead@lab.invalid": 1, "soc-deputy@lab.invalid": 1}
	if diff := cmp.Diff(want, s.byPerson(t, incident, protocol.EventApprovalDecision)); diff != "" {
		t.Errorf("decisions in the record (-want +got)\n%s", diff)
	}
}

// requireTurnedAway lets people decide who may not, and the lead decide on what
// was never shown.
func (s *stand) requireTurnedAway(t *testing.T, approval soar.Approval) {
	t.Helper()
	analyst, _ := s.issue(t, access.TokenRequest{Name: "analyst", Person: "analyst@lab.invalid", Roles: []soar.Role{soar.RoleAnalyst}})
	_, err := analyst.Decide(t.Context(), approval.ID, "analyst-yes-1", yes(approval.Digest))
	requireStatus(t, "an analyst's yes", err, http.StatusForbidden)
	ciso, _ := s.issue(t, access.TokenRequest{Name: "ciso", Person: "ciso@lab.invalid", Roles: []soar.Role{soar.RoleCISO}})
	_, err = ciso.Decide(t.Context(), approval.ID, "ciso-yes-1", yes(approval.Digest))
	requireStatus(t, "a yes of somebody who decides other approvals", err, http.StatusForbidden)
	_, err = s.lead.Decide(t.Context(), approval.ID, "wrong-digest-1", yes(strings.Repeat("0", 64)))
	requireStatus(t, "a yes to something else", err, http.StatusConflict)
}

// byPerson counts entries of one kind by whose they are.
func (s *stand) byPerson(t *testing.T, incident, kind string) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, entry := range ofKind(s.verify(t, incident), kind) {
		count[entry.By.ID]++
	}
	return count
}

// TestUpdateSentTwiceIsDoneOnce sends the workflow one update many times over, as
// an outbox does whose answers get lost.
func TestUpdateSentTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t, shared(t))
	incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
	s.pendingApproval(t, incident)
	note := protocol.Note{Text: "seen twice", Command: protocol.Command{ID: "note-twice-1", By: soar.Actor{Kind: soar.ActorPerson, ID: "analyst@lab.invalid"}, At: time.Now().UTC()}}
	payload, err := json.Marshal(note)
	if err != nil {
		t.Fatal(err)
	}
	direct, replies := s.temporal(t), map[string]int{}
	for range 5 {
		reply, err := direct.UpdateIncident(t.Context(), incident, protocol.UpdateNote, note.ID, payload)
		if err != nil {
			t.Fatal(err)
		}
		replies[reply.Message]++
	}
	for range 3 {
		reply, err := s.lead.Command(t.Context(), incident, "note-thrice-1", gen.NoteCommand{Text: "seen thrice"})
		if err != nil {
			t.Fatal(err)
		}
		replies[reply.Message]++
	}
	if diff := cmp.Diff(map[string]int{"noted": 8}, replies); diff != "" {
		t.Errorf("replies (-want +got)\n%s", diff)
	}
	eventually(t, "both notes are written", func() (bool, bool) {
		return true, len(ofKind(s.verify(t, incident), protocol.EventNote)) >= 2
	})
	s.decide(t, s.pendingApproval(t, incident), gen.Approve)
	s.detail(t, incident, "closes", ended)
	if notes := ofKind(s.verify(t, incident), protocol.EventNote); len(notes) != 2 {
		t.Errorf("two notes stand %d times in the record", len(notes))
	}
}

// TestLostAnswerIsAskedFor loses the EDR's answer after the host is isolated. The
// product asks instead of doing it again.
func TestLostAnswerIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newStand(t, shared(t))
	incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
	approval := s.pendingApproval(t, incident)
	s.lab.Misbehave(lab.Fault{Path: "/edr/hosts/web-01/isolate", Mode: lab.ModeDropAfter, Times: 1})
	s.decide(t, approval, gen.Approve)
	detail := s.detail(t, incident, "closes", ended)
	if step := stepOf(detail, "isolate"); step.Status != soar.StepSucceeded {
		t.Errorf("the step is %s: %s", step.Status, step.Error)
	}
	s.requireOnce(t, containment()...)
	if calls := s.calls.of("POST /edr/hosts/web-01/isolate"); calls != 1 {
		t.Errorf("the EDR was told to isolate %d times", calls)
	}
	requireText(t, ofKind(s.verify(t, incident), protocol.EventActionOutcome), "edr.isolate_host on web-01 was found done by asking")
}

// resetAccount does what cannot be asked for and must not be done twice unseen.
const resetAccount = `tocsin: v1
playbook: reset_account
version: 1.0.0
title: A new password for the attacked account
owner: soc_engineering
trigger:
  when: incident.category == "brute_force"
input:
  type: object
  required: [account]
  properties:
    account: {type: string, default: "${{ alert.user.name }}"}
steps:
  - id: ask
    approval:
      title: "A new password for ${{ input.account }}?"
      approvers: [{role: soc_lead}]
      bind: [reset]
      expires_in: 15m
      on_expire: deny
  - id: reset
    when: steps.ask.status == "approved"
    action: directory.reset_password
    with: {user: "${{ input.account }}"}
`

// TestLostAnswerWaitsForAPerson loses the answer to what can neither be asked for
// nor safely be done again: a person says how it goes on.
func TestLostAnswerWaitsForAPerson(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		command func(key string) client.Command
		status  soar.StepStatus
		resets  int
	}{
		"who tries it again": {func(key string) client.Command {
			return client.RetryStep{Key: key, Reason: "the user got no password"}
		}, soar.StepSucceeded, 2},
		"who leaves it": {func(key string) client.Command {
			return client.SkipStep{Key: key, Reason: "the user got the password"}
		}, soar.StepSkipped, 1},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStandWith(t, "reset_account", resetAccount)
			incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
			approval := s.pendingApproval(t, incident)
			s.lab.Misbehave(lab.Fault{Path: "/directory/users/deploy/reset_password", Mode: lab.ModeDropAfter, Times: 1})
			s.decide(t, approval, gen.Approve)
			step := stepOf(s.detail(t, incident, "a person is asked", func(d protocol.Detail) bool {
				return strings.Contains(stepOf(d, "reset").Error, "not known")
			}), "reset")
			s.requireResets(t, 1)
			if step.Status != soar.StepRunning {
				t.Errorf("the step is %s, it must wait", step.Status)
			}
			if _, err := s.lead.Command(t.Context(), incident, "person-says-1", row.command(step.Key)); err != nil {
				t.Fatal(err)
			}
			detail := s.detail(t, incident, "closes", ended)
			if got := stepOf(detail, "reset").Status; got != row.status {
				t.Errorf("the step is %s, want %s", got, row.status)
			}
			s.requireResets(t, row.resets)
			told := s.verify(t, incident)
			requireText(t, ofKind(told, protocol.EventStepNeedsPerson), "the outcome is not known")
			requireText(t, ofKind(told, protocol.EventActionOutcome), "directory.reset_password on deploy may or may not have happened")
		})
	}
}

// requireResets checks how often the directory was told, and that each time was
// an effect of its own: what is not repeatable is never sent twice under one key.
func (s *stand) requireResets(t *testing.T, times int) {
	t.Helper()
	keys := map[string]int{}
	for _, effect := range s.lab.Effects() {
		if effect.Action == "directory.reset_password" {
			keys[effect.Key]++
		}
	}
	if len(keys) != times || slices.ContainsFunc(slices.Collect(maps.Values(keys)), func(n int) bool { return n != 1 }) {
		t.Errorf("the password was reset under these keys: %v, want %d", keys, times)
	}
	if calls := s.calls.of("POST /directory/users/deploy/reset_password"); calls != times {
		t.Errorf("the directory was told %d times, want %d", calls, times)
	}
}
