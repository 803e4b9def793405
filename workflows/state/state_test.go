package state_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

func at(minutes int) time.Time {
	return time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

func ana() soar.Actor { return soar.Actor{Kind: soar.ActorPerson, ID: "ana"} }

func newCase() *state.Case {
	return state.New(protocol.IncidentInput{
		Incident: soar.Incident{ID: "INC-1", Severity: soar.SeverityHigh, Category: soar.CategoryPhishing, OpenedAt: at(0)},
		Alerts:   []soar.Alert{{ID: "A0", Title: "first", Fields: map[string]any{"k": 1}}},
		Runs:     []protocol.RunPin{{Playbook: "p", Digest: "d"}},
		Policy: protocol.ObjectivePolicy{Name: "o", Version: "1", Clocks: map[soar.Severity][]protocol.ObjectiveClock{
			soar.SeverityHigh: {{Name: "contain", Within: time.Hour, WarnAt: 0.5}, {Name: "resolve", Within: 8 * time.Hour}},
			soar.SeverityLow:  {{Name: "resolve", Within: 100 * time.Hour}},
		}},
	}, at(0))
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		key, root string
		want      bool
	}{
		{"r1/a", "r1/a", true}, {"r1/a/b", "r1/a", true}, {"r1/a[0]/b", "r1/a", true}, {"r1/a[0]", "r1/a[0]", true},
		{"r1/ab", "r1/a", false}, {"r1/a", "r1/a/b", false}, {"r1/a[10]/b", "r1/a[1]", false}, {"r10/a", "r1", false}, {"r1/a", "r1", true},
	} {
		if got := state.Within(row.key, row.root); got != row.want {
			t.Errorf("Within(%q, %q) = %v", row.key, row.root, got)
		}
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	c := newCase()
	for n := range 700 {
		c.Tell(at(n), state.Entry{Kind: "note", By: ana(), Text: fmt.Sprint(n)})
	}
	c.Send(protocol.Message{Subject: "one"})
	first := c.Take()
	if len(first.Batch.Events) != 500 || first.Batch.Events[0].Seq != 1 || first.Batch.Messages[0].ID != "INC-1/n1" || first.Batch.Incident == nil {
		t.Fatalf("batch of %d events, incident %v", len(first.Batch.Events), first.Batch.Incident)
	}
	c.Tell(at(0), state.Entry{Kind: "note", Text: "meanwhile"})
	c.Back(first, at(1))
	if c.Journal.Wake == nil || c.Journal.Written() != 0 {
		t.Error("what could not be written must stay")
	}
	c.Done(c.Take())
	if c.Journal.Written() != 500 || !c.Journal.Pending() || c.Journal.Wake != nil {
		t.Errorf("written up to %d", c.Journal.Written())
	}
	last := c.Take()
	c.Done(last)
	if len(last.Batch.Events) != 201 || last.Batch.Events[200].Seq != 701 || last.Batch.Incident != nil || c.Journal.Pending() || c.Journal.Written() != 701 {
		t.Errorf("%d events left, pending %v", len(last.Batch.Events), c.Journal.Pending())
	}
}

// Views come back when a batch fails, and a newer view wins.
func TestJournalBack(t *testing.T) {
	t.Parallel()
	c := newCase()
	run := c.Runs[0]
	record := &state.Record{Key: "r1/a", StepID: "a", Kind: plan.KindAction, Status: soar.StepRunning}
	run.Add(record)
	c.TouchStep(record)
	taken := c.Take()
	c.EndStep(record, soar.StepSucceeded, "", at(1))
	c.Back(taken, at(2))
	again := c.Take()
	if len(again.Batch.Steps) != 1 || again.Batch.Steps[0].Status != soar.StepSucceeded || again.Batch.Incident == nil || len(again.Batch.Runs) != 1 || again.Batch.Objectives == nil {
		t.Errorf("views after a failure: %+v", again.Batch)
	}
}

// A batch shares nothing with the case.
func TestBatchIsACopy(t *testing.T) {
	t.Parallel()
	c := newCase()
	c.Declare(protocol.Declare{Facts: map[string]any{"a": []any{"x"}}}, ana(), "", at(0))
	batch := c.Take().Batch
	batch.Incident.Facts["a"].([]any)[0] = "changed"
	if c.Incident.Facts["a"].([]any)[0] != "x" {
		t.Error("the case changed with the batch")
	}
}

func TestCarry(t *testing.T) {
	t.Parallel()
	c := newCase()
	c.Runs[0].Add(&state.Record{Key: "r1/a", Status: soar.StepSucceeded, Output: map[string]any{"big": 9007199254740993, "text": "ü"}, Args: map[string]any{"f": 1.5}})
	small, err := c.Encode()
	if err != nil || small[0] != '{' || strings.Contains(string(small), `"gzip"`) {
		t.Fatalf("small carry: %.80s, %v", small, err)
	}
	back, err := state.Decode(small)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || string(again) != string(small) {
		t.Errorf("a carry read and written again differs: %v", err)
	}
	if !strings.Contains(string(again), "9007199254740993") || back.Runs[0].Find("r1/a") == nil {
		t.Error("a number lost its digits, or a record its place")
	}
	c.Runs[0].Vars = map[string]any{"text": strings.Repeat("long text ", 60_000)}
	packed, err := c.Encode()
	if err != nil || len(packed) > 64<<10 || !strings.HasPrefix(string(packed), `{"gzip":`) {
		t.Fatalf("large carry: %d bytes, %v", len(packed), err)
	}
	if back, err = state.Decode(packed); err != nil || len(back.Runs[0].Vars["text"].(string)) != 600_000 {
		t.Errorf("unpacked: %v", err)
	}
}

func TestCarryRefused(t *testing.T) {
	t.Parallel()
	c := newCase()
	noise := make([]byte, 2<<20)
	x := uint32(1)
	for i := range noise {
		x = x*1664525 + 1013904223
		noise[i] = byte(x>>24)%94 + 33
	}
	c.Runs[0].Vars = map[string]any{"noise": string(noise)}
	if _, err := c.Encode(); !errors.Is(err, state.ErrCarryTooLarge) {
		t.Errorf("2 MiB of noise: %v", err)
	}
	for name, carry := range map[string]string{"no JSON": "{", "newer layout": `{"layout": 99}`, "bad gzip": `{"gzip": "AAAA"}`, "wrong type": `{"runs": 7}`} {
		if _, err := state.Decode(json.RawMessage(carry)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	c := newCase()
	for n := range 300 {
		c.AddAlert(soar.Alert{ID: fmt.Sprint("A", n+1), Fields: map[string]any{"k": 1}})
		c.AddEvent("e", nil, ana(), at(n))
		c.Remember(fmt.Sprint("u", n), protocol.Reply{Message: "m"})
		c.AddApproval(&state.Approval{Approval: soar.Approval{ID: fmt.Sprint("P", n), Status: soar.ApprovalDenied, StepPath: "r9/x"}})
		c.AddTask(&state.Task{Task: soar.Task{ID: fmt.Sprint("T", n), Status: soar.TaskDone, StepPath: "r9/x"}})
		c.AddContainment(&state.Containment{Containment: soar.Containment{ID: fmt.Sprint("C", n), State: state.ContainmentReleased, StepPath: "r9/x"}})
	}
	c.AddApproval(&state.Approval{Approval: soar.Approval{ID: "open", Status: soar.ApprovalPending}})
	if len(c.Alerts) != 200 || c.Alerts[0].ID != "A0" || c.Alerts[0].Fields == nil || c.Alerts[199].ID != "A300" || c.Alerts[199].Fields != nil || c.AlertCount != 301 {
		t.Errorf("%d alerts, first %+v", len(c.Alerts), c.Alerts[0])
	}
	if len(c.Events) != 100 {
		t.Errorf("%d events", len(c.Events))
	}
	c.Done(c.Take())
	if _, err := c.Encode(); err != nil {
		t.Fatal(err)
	}
	if len(c.Approvals) != 201 || c.Approvals[0].ID != "P100" || c.Approval("open") == nil || len(c.Tasks) != 200 || len(c.Containments) != 200 {
		t.Errorf("%d approvals, %d tasks, %d containments", len(c.Approvals), len(c.Tasks), len(c.Containments))
	}
	for n := range 1200 {
		c.Remember(fmt.Sprint("v", n), protocol.Reply{})
	}
	if _, known := c.Answered("u299"); known || len(c.Seen) != 1000 {
		t.Errorf("%d updates remembered", len(c.Seen))
	}
	if reply, known := c.Answered("v1199"); !known || !reply.Already {
		t.Error("a new update was forgotten")
	}
	if _, known := c.Answered(""); known {
		t.Error("no id is no duplicate")
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	asked := func() *state.Approval {
		return &state.Approval{Approval: soar.Approval{
			ID: "P", Status: soar.ApprovalPending, Quorum: 2, Digest: "d", ExpiresAt: at(60), Exclude: []soar.Actor{{Kind: "person", ID: "eve"}},
			Approvers: []soar.Approver{{Role: "soc_lead"}, {Person: "zoe"}},
		}}
	}
	by := func(id string, yes bool, roles ...soar.Role) soar.Decision {
		return soar.Decision{ApprovalID: "P", By: soar.Actor{Kind: "person", ID: id}, Approve: yes, Roles: roles, Digest: "d", At: at(1)}
	}
	rows := []struct {
		name      string
		decisions []soar.Decision
		refused   int
		status    soar.ApprovalStatus
	}{
		{"two leads", []soar.Decision{by("a", true, "soc_lead"), by("b", true, "soc_lead")}, 0, soar.ApprovalApproved},
		{"one person twice", []soar.Decision{by("a", true, "soc_lead"), by("a", true, "soc_lead")}, 1, soar.ApprovalPending},
		{"a named person needs no role", []soar.Decision{by("zoe", true), by("b", true, "soc_lead")}, 0, soar.ApprovalApproved},
		{"wrong role", []soar.Decision{by("a", true, "analyst"), by("b", true)}, 2, soar.ApprovalPending},
		{"excluded", []soar.Decision{by("eve", true, "soc_lead")}, 1, soar.ApprovalPending},
		{"one no", []soar.Decision{by("a", false, "soc_lead"), by("b", true, "soc_lead")}, 1, soar.ApprovalDenied},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a, refused := asked(), 0
			for _, d := range row.decisions {
				if err := a.MayDecide(d); err != nil {
					refused++
					continue
				}
				a.Decide(d, at(1))
			}
			if a.Status != row.status || refused != row.refused {
				t.Errorf("status %s, %d refused", a.Status, refused)
			}
		})
	}
}

func TestApprovalNextDue(t *testing.T) {
	t.Parallel()
	remind := at(20)
	a := &state.Approval{Approval: soar.Approval{ExpiresAt: at(60)}, RemindAt: &remind, Escalations: []state.Escalation{{At: at(30)}, {At: at(10), Done: true}}}
	var got []string
	for range 3 {
		due, what := a.NextDue()
		got = append(got, what+" "+due.Format("15:04"))
		switch what {
		case "remind":
			a.RemindAt = nil
		case "escalate":
			a.Escalations[0].Done = true
		}
	}
	if diff := cmp.Diff([]string{"remind 08:20", "escalate 08:30", "expires 09:00"}, got); diff != "" {
		t.Errorf("dues (-want +got):\n%s", diff)
	}
}

func TestUndoStack(t *testing.T) {
	t.Parallel()
	c := newCase()
	hold := func(id, undo string, lineage ...string) {
		c.AddContainment(&state.Containment{Containment: soar.Containment{ID: id, Undo: undo, State: state.ContainmentActive, StepPath: lineage[0]}, Lineage: lineage})
	}
	hold("1", "u", "r1/all/a")
	hold("2", "", "r1/all/b")
	hold("3", "u", "r2/x", "r1/all/call")
	hold("4", "u", "r1/other")
	hold("5", "u", "r1/all[1]/c")
	ids := func(list []*state.Containment) string {
		var out []string
		for _, held := range list {
			out = append(out, held.ID)
		}
		return strings.Join(out, " ")
	}
	if got := ids(c.Under("r1/all")); got != "5 3 1" {
		t.Errorf("under r1/all: %s", got)
	}
	c.Containment("3").State = state.ContainmentReleased
	if got := ids(c.Held()); got != "5 4 1" {
		t.Errorf("held: %s", got)
	}
	for id, want := range map[string]string{"1": "", "2": "no undo", "3": "released already"} {
		err := c.Containment(id).MayRelease()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("release %s: %v", id, err)
		}
	}
}

func TestObjectivesFollowSeverity(t *testing.T) {
	t.Parallel()
	c := newCase()
	due, some := c.NextDeadline()
	if !some || !due.Equal(at(60)) || !c.Objective("contain").WarnAt.Equal(at(30)) || c.ObjectiveState() != "running" {
		t.Errorf("next %s, state %s", due, c.ObjectiveState())
	}
	c.Objective("contain").Warned = true
	if c.ObjectiveState() != "warning" {
		t.Error(c.ObjectiveState())
	}
	c.MeetObjective("contain", ana(), at(40))
	c.MeetObjective("contain", ana(), at(50))
	if c.ObjectiveState() != "running" || !c.Objective("contain").MetAt.Equal(at(40)) {
		t.Error("a met clock moved")
	}
	c.Declare(protocol.Declare{Severity: soar.SeverityLow}, ana(), "", at(45))
	if c.Objective("contain") == nil || !c.Objective("resolve").DueAt.Equal(at(6000)) {
		t.Error("a met clock must stay, the other follow the severity")
	}
	c.Objective("resolve").Breached = true
	c.Declare(protocol.Declare{Severity: soar.SeverityHigh}, ana(), "", at(46))
	if !c.Objective("resolve").Breached || c.ObjectiveState() != "breached" {
		t.Error("a breach is not taken back")
	}
	if _, some := c.NextDeadline(); some {
		t.Error("no clock runs any more")
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	c := newCase()
	if !c.Advance(soar.StatusEradicated, ana(), "", at(5)) || c.Incident.ContainedAt == nil || c.Objective("contain").MetAt == nil {
		t.Error("eradicated implies contained")
	}
	if c.Advance(soar.StatusContained, ana(), "", at(6)) || c.Advance(soar.StatusEradicated, ana(), "", at(6)) {
		t.Error("it went back, or stood still")
	}
}

func TestDeclareSays(t *testing.T) {
	t.Parallel()
	c := newCase()
	changed := c.Declare(protocol.Declare{Severity: soar.SeverityHigh, Category: "phishing", Owner: "ana", TLP: soar.TLPRed, Facts: map[string]any{"a": 1}}, ana(), "", at(0))
	if diff := cmp.Diff([]string{"owner", "tlp", "facts"}, changed); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	c.Declare(protocol.Declare{Facts: map[string]any{"b": 2}}, ana(), "", at(0))
	if diff := cmp.Diff(map[string]any{"a": 1, "b": 2}, c.Incident.Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if c.Match.Wanted != 0 {
		t.Error("nothing that matching looks at changed")
	}
}

// Compacting a loop keeps its views to be written and drops what it called.
func TestCompact(t *testing.T) {
	t.Parallel()
	c := newCase()
	run := c.Runs[0]
	loop := &state.Record{Key: "r1/each", Kind: plan.KindForEach, Status: soar.StepRunning}
	run.Add(loop)
	for _, key := range []string{"r1/each[0]/call", "r1/each[0]/x", "r1/eachother"} {
		record := &state.Record{Key: key, Status: soar.StepSucceeded}
		run.Add(record)
		c.TouchStep(record)
	}
	child := c.AddChild(protocol.RunPin{Playbook: "c"}, "r1/each[0]/call", at(0))
	deep := c.AddChild(protocol.RunPin{Playbook: "d"}, child.ID+"/call", at(0))
	c.Compact(run, loop)
	if run.Find("r1/each[0]/x") != nil || run.Find("r1/eachother") == nil || c.Run(child.ID) != nil || c.Run(deep.ID) != nil {
		t.Error("wrong records were dropped")
	}
	batch := c.Take().Batch
	if len(batch.Steps) != 3 || len(batch.Runs) != 3 {
		t.Errorf("%d steps and %d runs left to write", len(batch.Steps), len(batch.Runs))
	}
}

func TestNewAssesses(t *testing.T) {
	t.Parallel()
	input := protocol.IncidentInput{Incident: soar.Incident{ID: "I", Status: soar.StatusReported}, Assessment: soar.Assessment{Incident: true, By: ana()}}
	c := state.New(input, at(0))
	if c.Incident.Status != soar.StatusAssessed || len(c.Journal.Events) != 1 {
		t.Errorf("status %s", c.Incident.Status)
	}
	input.Incident.Status = soar.StatusAssessed // the store told it already
	if again := state.New(input, at(0)); len(again.Journal.Events) != 0 {
		t.Error("told twice")
	}
	if diff := cmp.Diff(soar.Alert{}, c.FirstAlert(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}
