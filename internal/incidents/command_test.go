package incidents

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func note(incidentID string) CommandRequest {
	return CommandRequest{IncidentID: incidentID, Name: protocol.UpdateNote, Payload: protocol.Note{Text: "look at web-2 too"}, RequestID: "c-1"}
}

// commands gives one good request of each command.
func commands() map[string]CommandRequest {
	later := noon().Add(time.Hour)
	payloads := map[string]any{
		protocol.UpdateAcknowledge: protocol.Control{},
		protocol.UpdatePause:       protocol.Control{},
		protocol.UpdateResume:      protocol.Control{},
		protocol.UpdateDeclare:     protocol.Declare{Severity: soar.SeverityHigh},
		protocol.UpdateNote:        protocol.Note{Text: "look"},
		protocol.UpdateCancel:      protocol.Cancel{Compensate: true},
		protocol.UpdateRetryStep:   protocol.StepCommand{Key: "r1/a"},
		protocol.UpdateSkipStep:    protocol.StepCommand{Key: "r1/a"},
		protocol.UpdateMarkDone:    protocol.StepCommand{Key: "r1/a"},
		protocol.UpdateRunPlaybook: protocol.RunPlaybook{Run: protocol.RunPin{Playbook: "ssh_brute_force"}},
		protocol.UpdateRelease:     protocol.Release{ContainmentID: "c1"},
		protocol.UpdateExtend:      protocol.Extend{ContainmentID: "c1", Until: &later},
		protocol.UpdateEvent:       protocol.Event{Name: "host.back"},
		protocol.UpdateClose:       protocol.Close{Resolution: soar.ResolutionResolved},
	}
	out := map[string]CommandRequest{}
	for name, payload := range payloads {
		out[name] = CommandRequest{IncidentID: "INC-amber", Name: name, Payload: payload, Reason: "because", RequestID: "c-" + name}
	}
	return out
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for name, request := range commands() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			reply, err := w.Command(t.Context(), lead(), request)
			if err != nil || reply.Message != "done" {
				t.Fatalf("got %+v %v", reply, err)
			}
			if len(w.workflows.sent) != 1 {
				t.Fatalf("sent %+v", w.workflows.sent)
			}
			got := w.workflows.sent[0]
			by := map[string]any{"kind": "person", "id": "lead@lab.invalid"}
			header := map[string]any{"id": request.RequestID, "by": by, "reason": "because", "at": "2026-03-02T12:00:00Z"}
			for key, want := range header {
				if diff := cmp.Diff(want, got.Payload[key]); diff != "" {
					t.Errorf("%s (-want +got)\n%s", key, diff)
				}
			}
			if got.Incident != "INC-amber" || got.Update != name || got.ID != request.RequestID {
				t.Errorf("sent %+v", got)
			}
			if diff := cmp.Diff([]string{"command.accepted: lead@lab.invalid asked for " + name + ": because"}, w.entries("INC-amber")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestPermissionOfEachCommand says who may what; nobody else may.
func TestPermissionOfEachCommand(t *testing.T) {
	t.Parallel()
	needs := map[access.Permission][]string{
		access.IncidentNote:     {protocol.UpdateNote},
		access.IncidentCommand:  {protocol.UpdateAcknowledge, protocol.UpdatePause, protocol.UpdateResume, protocol.UpdateDeclare, protocol.UpdateRetryStep, protocol.UpdateRunPlaybook, protocol.UpdateEvent},
		access.IncidentOverride: {protocol.UpdateSkipStep, protocol.UpdateMarkDone, protocol.UpdateRelease, protocol.UpdateExtend},
		access.IncidentCancel:   {protocol.UpdateCancel},
		access.IncidentClose:    {protocol.UpdateClose},
	}
	seen := 0
	for needed, names := range needs {
		for _, name := range names {
			seen++
			w, request := newWorld(t), commands()[name]
			if _, err := w.Command(t.Context(), scoped(lead(), access.IncidentRead, needed), request); err != nil {
				t.Errorf("%s with %s: %v", name, needed, err)
			}
			var others []access.Permission
			for _, other := range access.Permissions() {
				if other != needed {
					others = append(others, other)
				}
			}
			w = newWorld(t)
			_, err := w.Command(t.Context(), scoped(lead(), others...), request)
			if soar.CodeOf(err) != soar.CodeDenied || len(w.store.commands) > 0 {
				t.Errorf("%s with everything but %s: %v", name, needed, err)
			}
			if entries := w.entries("INC-amber"); len(entries) != 1 || !strings.Contains(entries[0], "tried to send "+name+" and was refused") {
				t.Errorf("%s: record %v", name, entries)
			}
		}
	}
	if seen != len(commands()) {
		t.Errorf("%d commands have a permission here, there are %d", seen, len(commands()))
	}
}

func TestNotCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{protocol.UpdateDecide, protocol.UpdateCompleteTask, protocol.UpdateAddAlert, "", "reboot", strings.Repeat("x", 1000)} {
		_, err := w.Command(t.Context(), lead(), CommandRequest{IncidentID: "INC-amber", Name: name, RequestID: "c", Payload: protocol.Decide{}})
		if soar.CodeOf(err) != soar.CodeInvalid || len(soar.MessageOf(err)) > 200 {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	if len(w.store.commands) > 0 {
		t.Error("something was committed")
	}
}

func TestCommandInput(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxPayload)
	past := noon()
	rows := []struct {
		name, command, field string
		payload              any
		reason, id           string
	}{
		{"no id", protocol.UpdateNote, "request_id", protocol.Note{Text: "x"}, "because", ""},
		{"a pause without a reason", protocol.UpdatePause, "reason", protocol.Control{}, "", "c"},
		{"a reason of two characters", protocol.UpdateResume, "reason", protocol.Control{}, "ok", "c"},
		{"an empty note", protocol.UpdateNote, "text", protocol.Note{Text: " \n"}, "", "c"},
		{"a long note", protocol.UpdateNote, "text", protocol.Note{Text: long}, "", "c"},
		{"no step", protocol.UpdateRetryStep, "key", protocol.StepCommand{}, "because", "c"},
		{"no containment", protocol.UpdateRelease, "containment_id", protocol.Release{}, "because", "c"},
		{"extend to the past", protocol.UpdateExtend, "until", protocol.Extend{ContainmentID: "c1", Until: &past}, "because", "c"},
		{"no playbook", protocol.UpdateRunPlaybook, "playbook", protocol.RunPlaybook{}, "", "c"},
		{"a path as playbook", protocol.UpdateRunPlaybook, "playbook", protocol.RunPlaybook{Run: protocol.RunPin{Playbook: "../x"}}, "", "c"},
		{"an unknown playbook", protocol.UpdateRunPlaybook, "playbook", protocol.RunPlaybook{Run: protocol.RunPin{Playbook: "nope"}}, "", "c"},
		{"an unknown version", protocol.UpdateRunPlaybook, "playbook", protocol.RunPlaybook{Run: protocol.RunPin{Playbook: "ssh_brute_force", Version: "9"}}, "", "c"},
		{"an event without a name", protocol.UpdateEvent, "name", protocol.Event{}, "", "c"},
		{"no resolution", protocol.UpdateClose, "resolution", protocol.Close{}, "because", "c"},
		{"an unknown resolution", protocol.UpdateClose, "resolution", protocol.Close{Resolution: "won"}, "because", "c"},
		{"nothing declared", protocol.UpdateDeclare, "", protocol.Declare{}, "", "c"},
		{"an unknown severity", protocol.UpdateDeclare, "severity", protocol.Declare{Severity: "bad"}, "", "c"},
		{"an unknown category", protocol.UpdateDeclare, "category", protocol.Declare{Category: "bad"}, "", "c"},
		{"an unknown impact", protocol.UpdateDeclare, "impact", protocol.Declare{Impact: "bad"}, "", "c"},
		{"an unknown urgency", protocol.UpdateDeclare, "urgency", protocol.Declare{Urgency: "bad"}, "", "c"},
		{"an unknown label", protocol.UpdateDeclare, "tlp", protocol.Declare{TLP: "RED"}, "", "c"},
		{"declared closed", protocol.UpdateDeclare, "status", protocol.Declare{Status: soar.StatusClosed}, "", "c"},
		{"a blank title", protocol.UpdateDeclare, "title", protocol.Declare{Title: " "}, "", "c"},
		{"a long owner", protocol.UpdateDeclare, "owner", protocol.Declare{Owner: strings.Repeat("x", 201)}, "", "c"},
		{"too large", protocol.UpdateEvent, "", protocol.Event{Name: "x", Data: map[string]any{"a": long}}, "", "c"},
		{"not JSON", protocol.UpdateEvent, "", protocol.Event{Name: "x", Data: map[string]any{"a": func() {}}}, "", "c"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, err := w.Command(t.Context(), lead(), CommandRequest{IncidentID: "INC-amber", Name: row.command, Payload: row.payload, Reason: row.reason, RequestID: row.id})
			if soar.CodeOf(err) != soar.CodeInvalid || fieldOf(err) != row.field {
				t.Errorf("got %v in field %q, want invalid in %q", err, fieldOf(err), row.field)
			}
			if len(w.store.commands) > 0 || len(w.workflows.sent) > 0 || len(w.entries("INC-amber")) > 0 {
				t.Error("wrong input was committed, sent or recorded")
			}
		})
	}
}

func TestTheWrongStructIsOurFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := commands()[protocol.UpdatePause]
	request.Payload = protocol.Close{Resolution: soar.ResolutionResolved}
	if _, err := w.Command(t.Context(), lead(), request); soar.CodeOf(err) != soar.CodeInternal {
		t.Errorf("got %v", err)
	}
}

// TestRunPlaybook: a person names a playbook and its version, never a digest, and
// does not run it under another's name.
func TestRunPlaybook(t *testing.T) {
	t.Parallel()
	asked := protocol.RunPin{
		Playbook: "ssh_brute_force", Digest: "mine", RunID: "r9", By: soar.System("trigger"), Input: map[string]any{"host": "web-1"},
	}
	rows := map[string]string{"": "", "2": "digest of 2"}
	for version, digest := range rows {
		w := newWorld(t)
		asked.Version = version
		request := CommandRequest{IncidentID: "INC-amber", Name: protocol.UpdateRunPlaybook, Payload: protocol.RunPlaybook{Run: asked}, Reason: "because", RequestID: "c"}
		if _, err := w.Command(t.Context(), analyst(), request); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"playbook": "ssh_brute_force", "version": version, "digest": digest, "input": map[string]any{"host": "web-1"},
			"by": map[string]any{"kind": "person", "id": "analyst@lab.invalid"}, "reason": "because",
		}
		if diff := cmp.Diff(want, w.workflows.sent[0].Payload["run"]); diff != "" {
			t.Errorf("version %q (-want +got)\n%s", version, diff)
		}
	}
	w := newWorld(t)
	w.pins = shelf{err: soar.Errorf(soar.CodeUnavailable, "shelf", "away")}
	if _, err := w.Command(t.Context(), analyst(), commands()[protocol.UpdateRunPlaybook]); soar.CodeOf(err) != soar.CodeUnavailable {
		t.Errorf("the library is away: %v", err)
	}
	w.pins = nil
	if _, err := w.Command(t.Context(), analyst(), commands()[protocol.UpdateRunPlaybook]); err != nil {
		t.Errorf("without a library: %v", err)
	}
}

func TestCommandAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 3 {
		if n == 2 {
			incident := w.store.incidents["INC-amber"]
			incident.Status = soar.StatusClosed
			w.store.incidents["INC-amber"] = incident
		}
		if _, err := w.Command(t.Context(), lead(), note("INC-amber")); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.store.commands) != 1 || len(w.entries("INC-amber")) != 1 {
		t.Errorf("committed %v, record %v", w.store.commands, w.entries("INC-amber"))
	}
	other := note("INC-amber")
	other.RequestID = "c-2"
	if _, err := w.Command(t.Context(), lead(), other); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("after the end: %v", err)
	}
	if entries := w.entries("INC-amber"); len(entries) != 2 || !strings.Contains(entries[1], "has ended") {
		t.Errorf("record %v", entries)
	}
}

// TestReleaseAfterTheEnd: what is held back can be let go while its workflow is
// there, and nobody is told that it will be when that is over.
func TestReleaseAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.afterwards = true
	incident := w.store.incidents["INC-amber"]
	incident.Status = soar.StatusClosed
	w.store.incidents["INC-amber"] = incident
	if reply, err := w.Command(t.Context(), lead(), commands()[protocol.UpdateRelease]); err != nil || reply.Message != "done" {
		t.Errorf("got %+v %v", reply, err)
	}
	w.workflows.err = soar.Errorf(soar.CodeNotFound, "temporal", "no such workflow is running")
	_, err := w.Command(t.Context(), lead(), note("INC-amber"))
	if soar.CodeOf(err) != soar.CodeConflict || !strings.Contains(soar.MessageOf(err), "has ended") {
		t.Errorf("got %v", err)
	}
}

func TestCommandWhenTheWorkflow(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		err     error
		code    soar.Code
		message string
	}{
		"refuses":         {soar.Errorf(soar.CodeConflict, "temporal", "step r1/a has not failed"), soar.CodeConflict, "step r1/a has not failed"},
		"finds it wrong":  {soar.Errorf(soar.CodeInvalid, "temporal", "Temporal refused the request"), soar.CodeConflict, "Temporal refused the request"},
		"is away":         {soar.Errorf(soar.CodeUnavailable, "temporal", "away"), "", accepted},
		"has not started": {soar.Errorf(soar.CodeNotFound, "temporal", "none"), "", accepted},
	}
	for name, row := range rows {
		w := newWorld(t)
		w.workflows.err = row.err
		reply, err := w.Command(t.Context(), lead(), note("INC-amber"))
		message := reply.Message
		if err != nil {
			message = soar.MessageOf(err)
		}
		if soar.CodeOf(err) != row.code || message != row.message {
			t.Errorf("%s: got %+v %v", name, reply, err)
		}
		if entries := w.entries("INC-amber"); len(entries) != 1 || !strings.HasPrefix(entries[0], "command.accepted") {
			t.Errorf("%s: record %v: the outbox writes what the workflow refuses", name, entries)
		}
	}
}

// TestPeopleDoNotWaitLong: a Temporal that hangs costs a person seconds, and the
// command stands.
func TestPeopleDoNotWaitLong(t *testing.T) {
	t.Parallel()
	waits := map[string]time.Duration{"Command": commandWait, "Decide": decisionWait, "CompleteTask": decisionWait}
	for _, door := range doors() {
		want, waits := waits[door.name]
		if !waits {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.workflows.hang = true
			p := lead()
			begun := time.Now()
			if err := door.open(w, p, "INC-amber"); err != nil {
				t.Errorf("%s: %v", door.name, err)
			}
			if took := time.Since(begun); took != want {
				t.Errorf("%s took %s, want %s", door.name, took, want)
			}
		})
	}
}

func TestEveryUpdateIsSomewhere(t *testing.T) {
	t.Parallel()
	all := []string{
		protocol.UpdateAddAlert, protocol.UpdateDecide, protocol.UpdateCompleteTask, protocol.UpdateDeclare, protocol.UpdateNote, protocol.UpdateAcknowledge,
		protocol.UpdatePause, protocol.UpdateResume, protocol.UpdateCancel, protocol.UpdateRetryStep, protocol.UpdateSkipStep, protocol.UpdateRunPlaybook,
		protocol.UpdateRelease, protocol.UpdateEvent, protocol.UpdateClose, protocol.UpdateMarkDone, protocol.UpdateExtend,
	}
	elsewhere := []string{protocol.UpdateAddAlert, protocol.UpdateDecide, protocol.UpdateCompleteTask}
	for _, name := range all {
		if _, ok := ruleOf(name); ok == slices.Contains(elsewhere, name) {
			t.Errorf("%s: is a command: %v", name, ok)
		}
	}
}
