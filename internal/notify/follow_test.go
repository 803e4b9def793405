package notify_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/notify/way/waytest"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type policyNotifications = policy.Notifications

// paged is a world whose pager is the fake PagerDuty.
func paged(t *testing.T) (*world, *waytest.PagerDuty) {
	fake := waytest.NewPagerDuty(t)
	w := newWorld(t, order("pager"))
	w.use("pager", "pagerduty", map[string]string{"base_url": fake.URL}, map[string]string{"routing_key": waytest.RoutingKey})
	return w, fake
}

// follow looks at all open alerts once and carries out what that put into the outbox.
func (w *world) follow() (told int) {
	w.t.Helper()
	next, told, err := w.service.Follow(w.t.Context(), "")
	if err != nil || next != "" {
		w.t.Fatalf("%q %v", next, err)
	}
	w.drain()
	return told
}

func escalation(id string, n string) protocol.Message {
	m := note(1)
	m.ID, m.Kind, m.About, m.Urgent = n, "escalation", id, true
	return m
}

// TestPagerFollows: the alert at PagerDuty is acknowledged and resolved with what it is
// about, each told once, under the same dedup_key; one that goes stale rings again.
func TestPagerFollows(t *testing.T) {
	t.Parallel()
	const id = "ESC-0123456789"
	w, fake := paged(t)
	at := func(status soar.EscalationStatus) {
		by := soar.Actor{Kind: soar.ActorPerson, ID: analyst}
		w.incident.Escalations = []soar.Escalation{{ID: id, Status: status, AcknowledgedBy: &by}}
	}
	key := incidentID + "/" + id
	step := func(what string, told int, want string, actions ...string) {
		t.Helper()
		if got := w.follow(); got != told {
			t.Errorf("%s: %d told, want %d", what, got, told)
		}
		if fake.Alerts()[key] != want || len(fake.Alerts()) != 1 || len(fake.Refused()) != 0 {
			t.Errorf("%s: %v, refused %v", what, fake.Alerts(), fake.Refused())
		}
		var done []string
		for _, event := range fake.Events(t) {
			done = append(done, event.Action)
		}
		if diff := cmp.Diff(actions, done); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", what, diff)
		}
	}
	at(soar.EscalationRunning)
	for _, n := range []string{"step-1", "step-2"} {
		if err := w.deliver(escalation(id, n)); err != nil {
			t.Fatal(err)
		}
	}
	step("running", 0, "triggered", "trigger", "trigger")
	at(soar.EscalationAcknowledged)
	step("acknowledged", 1, "acknowledged", "trigger", "trigger", "acknowledge")
	step("still", 0, "acknowledged", "trigger", "trigger", "acknowledge")
	if err := w.deliver(escalation(id, "late")); err != nil {
		t.Fatal(err)
	}
	step("a step that comes late is not told", 0, "acknowledged", "trigger", "trigger", "acknowledge")
	at(soar.EscalationRunning)
	w.pass(time.Minute)
	if err := w.deliver(escalation(id, "stale")); err != nil {
		t.Fatal(err)
	}
	step("it went stale and rings again", 0, "triggered", "trigger", "trigger", "acknowledge", "resolve", "trigger")
	at(soar.EscalationAcknowledged)
	step("acknowledged again", 1, "acknowledged", "trigger", "trigger", "acknowledge", "resolve", "trigger", "acknowledge")
	w.incident.Status = soar.StatusClosed
	step("closed", 1, "resolved", "trigger", "trigger", "acknowledge", "resolve", "trigger", "acknowledge", "resolve")
	step("and done with", 0, "resolved", "trigger", "trigger", "acknowledge", "resolve", "trigger", "acknowledge", "resolve")
}

// TestPagerResolves: what is decided, done or closed needs nobody any more.
func TestPagerResolves(t *testing.T) {
	t.Parallel()
	w, fake := paged(t)
	approval := soar.Approval{ID: "APR-0123456789", IncidentID: incidentID, Status: soar.ApprovalPending, ExpiresAt: noon.Add(time.Hour)}
	task := soar.Task{ID: "TSK-0123456789", IncidentID: incidentID, Status: soar.TaskOpen}
	w.approvals[approval.ID], w.tasks[task.ID] = approval, task
	for kind, about := range map[string]string{"approval_requested": approval.ID, "task_assigned": task.ID, "needs_decision": ""} {
		m := note(1)
		m.ID, m.Kind, m.About = kind, kind, about
		if err := w.deliver(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		change func()
		told   int
		want   map[string]string
	}{
		{func() {}, 0, map[string]string{incidentID: "triggered", incidentID + "/" + approval.ID: "triggered", incidentID + "/" + task.ID: "triggered"}},
		{func() { approval.Status = soar.ApprovalApproved; w.approvals[approval.ID] = approval }, 1, map[string]string{incidentID: "triggered", incidentID + "/" + approval.ID: "resolved", incidentID + "/" + task.ID: "triggered"}},
		{func() { task.Status = soar.TaskDone; w.tasks[task.ID] = task }, 1, map[string]string{incidentID: "triggered", incidentID + "/" + approval.ID: "resolved", incidentID + "/" + task.ID: "resolved"}},
		{func() { w.incident.Status = soar.StatusNotIncident }, 1, map[string]string{incidentID: "resolved", incidentID + "/" + approval.ID: "resolved", incidentID + "/" + task.ID: "resolved"}},
	} {
		row.change()
		if told := w.follow(); told != row.told {
			t.Errorf("%d told, want %d", told, row.told)
		}
		if diff := cmp.Diff(row.want, fake.Alerts()); diff != "" {
			t.Error(diff)
		}
	}
	if said := w.texts(incidentID); len(said) != 6 {
		t.Errorf("the record says %q", said)
	}
}

// TestPagerDownWhileSettled: PagerDuty that is away is told later, and nothing is lost.
func TestPagerDownWhileSettled(t *testing.T) {
	t.Parallel()
	w, fake := paged(t)
	if err := w.deliver(note(1)); err != nil {
		t.Fatal(err)
	}
	w.incident.Status = soar.StatusClosed
	fake.Then(waytest.Answer{Drop: true}, waytest.Answer{Status: 503})
	if _, told, err := w.service.Follow(t.Context(), ""); told != 1 || err != nil {
		t.Fatalf("%d %v", told, err)
	}
	items, err := w.store.OutboxClaim(t.Context(), []string{soar.OutboxNotify}, 10, time.Minute)
	if err != nil || len(items) != 1 {
		t.Fatalf("%v %v", items, err)
	}
	for n := range 3 {
		if err := w.service.Deliver(t.Context(), items[0]); (err != nil) != (n < 2) {
			t.Fatalf("try %d: %v", n, err)
		}
	}
	if fake.Alerts()[incidentID] != "resolved" {
		t.Errorf("%v", fake.Alerts())
	}
}

// TestLateEscalation: what was acknowledged before the message could be sent is not
// told, and the record says why.
func TestLateEscalation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	by := soar.Actor{Kind: soar.ActorPerson, ID: analyst}
	for _, row := range []struct {
		status soar.EscalationStatus
		by     *soar.Actor
		said   string
	}{
		{soar.EscalationRunning, nil, "Told " + lead},
		{soar.EscalationExhausted, nil, "Told " + lead},
		{soar.EscalationAcknowledged, &by, "Not told late: escalation ESC-0 is acknowledged by " + analyst},
		{soar.EscalationEnded, nil, "Not told late: escalation ESC-0 is ended"},
	} {
		w.incident.Escalations = []soar.Escalation{{ID: "ESC-0", Status: row.status, AcknowledgedBy: row.by}}
		before := len(w.ways["email"].got)
		if err := w.deliver(escalation("ESC-0", "m-"+string(row.status))); err != nil {
			t.Fatal(err)
		}
		texts := w.texts(incidentID)
		if last := texts[len(texts)-1]; len(last) < len(row.said) || last[:len(row.said)] != row.said || (len(w.ways["email"].got) > before) != (row.said[0] == 'T') {
			t.Errorf("%s: %q, %d mails", row.status, last, len(w.ways["email"].got)-before)
		}
	}
}

// TestLateAfterQuietHours: of what waited for the morning, what is over by then is left
// out, and each of that stands in the record; when all of it is over nobody is told.
func TestLateAfterQuietHours(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]int{"one is left": 1, "none is left": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(n *policyNotifications) {
				n.Quiet = &policy.QuietHours{From: 12 * time.Hour, Until: 14 * time.Hour, Zone: time.UTC}
			})
			w.people[0].Zone = ""
			for n, id := range []string{"TSK-0", "TSK-1", "TSK-2"} {
				w.tasks[id] = soar.Task{ID: id, IncidentID: incidentID, Status: soar.TaskOpen}
				m := note(n)
				m.Kind, m.About = "task_assigned", id
				w.pass(time.Second)
				if err := w.deliver(m); err != nil {
					t.Fatal(err)
				}
			}
			for n, id := range []string{"TSK-0", "TSK-1", "TSK-2"} {
				if n >= open {
					w.tasks[id] = soar.Task{ID: id, IncidentID: incidentID, Status: soar.TaskDone}
				}
			}
			w.pass(3 * time.Hour)
			if n, err := w.service.Gather(t.Context()); n != 1 || err != nil {
				t.Fatalf("%d summaries, %v", n, err)
			}
			w.drain()
			if got := len(w.ways["email"].got); got != open {
				t.Errorf("%d mails, want %d", got, open)
			}
			var want []string
			for _, id := range []string{"TSK-0", "TSK-1", "TSK-2"}[open:] {
				want = append(want, "Not told late: task "+id+" is done")
			}
			if diff := cmp.Diff(want, w.texts(incidentID)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
