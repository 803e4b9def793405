package incidents

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// door is one way to get at something of an incident.
type door struct {
	name string
	open func(w *world, p soar.Principal, incidentID string) error
}

// doors are all the ways that take an id.
func doors() []door {
	return []door{
		{"Show", func(w *world, p soar.Principal, id string) error { _, err := w.Show(w.t.Context(), p, id); return err }},
		{"Timeline", func(w *world, p soar.Principal, id string) error {
			_, err := w.Timeline(w.t.Context(), p, id, 0, 10)
			return err
		}},
		{"Alert", func(w *world, p soar.Principal, id string) error {
			_, err := w.Alert(w.t.Context(), p, "ALR-"+id)
			return err
		}},
		{"AlertRaw", func(w *world, p soar.Principal, id string) error {
			_, err := w.AlertRaw(w.t.Context(), p, "ALR-"+id)
			return err
		}},
		{"Approval", func(w *world, p soar.Principal, id string) error {
			_, err := w.Approval(w.t.Context(), p, "APR-"+id)
			return err
		}},
		{"Task", func(w *world, p soar.Principal, id string) error {
			_, err := w.Task(w.t.Context(), p, "TSK-"+id)
			return err
		}},
		{"Evidence", func(w *world, p soar.Principal, id string) error {
			_, _, err := w.Evidence(w.t.Context(), p, "EVD-"+id)
			return err
		}},
		{"EvidenceOpen", func(w *world, p soar.Principal, id string) error {
			_, _, err := w.EvidenceOpen(w.t.Context(), p, "EVD-"+id)
			return err
		}},
		{"Decide", func(w *world, p soar.Principal, id string) error {
			_, err := w.Decide(w.t.Context(), p, DecideRequest{ApprovalID: "APR-" + id, DecisionID: "d", Approve: true, Reason: "seen it", Digest: "d1", Via: "cli"})
			return err
		}},
		{"CompleteTask", func(w *world, p soar.Principal, id string) error {
			_, err := w.CompleteTask(w.t.Context(), p, "TSK-"+id, "c", nil)
			return err
		}},
		{"Command", func(w *world, p soar.Principal, id string) error {
			_, err := w.Command(w.t.Context(), p, note(id))
			return err
		}},
	}
}

// TestNeedToKnow takes every role through every door, to an incident that is
// TLP:RED and to one that is not. What is red must look as if it did not exist.
func TestNeedToKnow(t *testing.T) {
	t.Parallel()
	for _, role := range soar.Roles() {
		for _, door := range doors() {
			t.Run(string(role)+"/"+door.name, func(t *testing.T) {
				t.Parallel()
				w, p := newWorld(t), person("somebody", role)
				amber, red, none := door.open(w, p, "INC-amber"), door.open(w, p, "INC-red"), door.open(w, p, "INC-none")
				if soar.CodeOf(none) != soar.CodeNotFound && soar.CodeOf(none) != soar.CodeDenied {
					t.Errorf("one that does not exist: %v", none)
				}
				leads := role == soar.RoleSOCLead || role == soar.RoleIncidentCommander || role == soar.RoleCISO
				if leads && soar.CodeOf(red) != soar.CodeOf(amber) {
					t.Errorf("red is hidden from %s: %v, amber %v", role, red, amber)
				}
				if !leads && words(red, "INC-red") != words(none, "INC-none") {
					t.Errorf("red differs from what does not exist:\n%v\n%v", red, none)
				}
				if !leads && len(w.store.chains["INC-red"]) > 0 {
					t.Errorf("a caller who may not know of it wrote into the record: %v", w.entries("INC-red"))
				}
			})
		}
	}
}

// words gives the error's code and message without the id.
func words(err error, id string) string {
	if err == nil {
		return "fine"
	}
	return string(soar.CodeOf(err)) + " " + strings.ReplaceAll(soar.MessageOf(err), id, "ID")
}

func TestOwnersSeeRed(t *testing.T) {
	t.Parallel()
	for _, door := range doors() {
		if door.name == "Decide" {
			continue // the owner is not among the approvers
		}
		w := newWorld(t)
		if err := door.open(w, person("owner", soar.RoleAnalyst), "INC-red"); err != nil {
			t.Errorf("%s: %v", door.name, err)
		}
	}
}

func TestReportersSeeTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, other := person("reporter", soar.RoleReporter), person("somebody", soar.RoleReporter)
	got, err := w.Show(t.Context(), own, "INC-amber")
	if err != nil {
		t.Fatal(err)
	}
	if got.Incident.ID != "INC-amber" || got.Objectives == nil {
		t.Errorf("got %+v", got)
	}
	if got.Runs != nil || got.Approvals != nil || got.Tasks != nil || got.Containments != nil || got.Evidence != nil || got.Alerts != nil {
		t.Errorf("a reporter sees how it is worked on: %+v", got)
	}
	for _, door := range doors()[:2] {
		if err := door.open(w, other, "INC-amber"); soar.CodeOf(err) != soar.CodeNotFound {
			t.Errorf("%s: another reporter got %v", door.name, err)
		}
	}
}

func TestShowLeavesOutWhatMayNotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	detail := w.store.detail["INC-amber"]
	detail.Evidence = append(detail.Evidence, soar.Evidence{ID: "EVD-2", TLP: soar.TLPRed})
	w.store.detail["INC-amber"] = detail
	rows := map[string]struct {
		p    soar.Principal
		want string // approvals tasks evidence alerts runs
	}{
		"lead":    {lead(), "1 1 2 1 1"},
		"analyst": {analyst(), "1 1 1 1 1"},
		"comms":   {person("c", soar.RoleComms), "0 1 0 0 1"},
		"manager": {person("m", soar.RoleManager), "0 0 0 0 1"},
		"scoped":  {scoped(lead(), access.IncidentRead, access.AlertRead), "0 0 0 1 1"},
	}
	for name, row := range rows {
		d, err := w.Show(t.Context(), row.p, "INC-amber")
		if err != nil {
			t.Fatal(err)
		}
		got := []int{len(d.Approvals), len(d.Tasks), len(d.Evidence), len(d.Alerts), len(d.Runs)}
		if diff := cmp.Diff(row.want, strings.Trim(strings.Join(strings.Fields(sprint(got)), " "), "[]")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestListsCarryTheViewer makes sure that no list goes to the store unnarrowed.
func TestListsCarryTheViewer(t *testing.T) {
	t.Parallel()
	lists := map[string]func(w *world, p soar.Principal) (string, error){
		"List": func(w *world, p soar.Principal) (string, error) {
			_, next, err := w.List(t.Context(), p, soar.IncidentFilter{Page: soar.Page{After: "x"}})
			return next, err
		},
		"Alerts": func(w *world, p soar.Principal) (string, error) {
			_, next, err := w.Alerts(t.Context(), p, soar.AlertFilter{Page: soar.Page{After: "x"}})
			return next, err
		},
		"Approvals": func(w *world, p soar.Principal) (string, error) {
			_, next, err := w.Approvals(t.Context(), p, soar.ApprovalFilter{Page: soar.Page{After: "x"}})
			return next, err
		},
		"Tasks": func(w *world, p soar.Principal) (string, error) {
			_, next, err := w.Tasks(t.Context(), p, soar.TaskFilter{Page: soar.Page{After: "x"}})
			return next, err
		},
	}
	for name, list := range lists {
		w := newWorld(t)
		next, err := list(w, analyst())
		if err != nil || next != "x" || w.store.viewer == nil || w.store.viewer.Red || w.store.viewer.Person != "analyst@lab.invalid" {
			t.Errorf("%s for an analyst: viewer %+v, %v", name, w.store.viewer, err)
		}
		if _, err := list(w, lead()); err != nil || w.store.viewer != nil {
			t.Errorf("%s for a lead: viewer %+v, %v", name, w.store.viewer, err)
		}
		if _, err := list(w, person("t", soar.RoleTool)); soar.CodeOf(err) != soar.CodeDenied {
			t.Errorf("%s for a tool: %v", name, err)
		}
	}
}

func TestViewer(t *testing.T) {
	t.Parallel()
	reporter := person("r", soar.RoleReporter)
	rows := map[string]struct {
		p    soar.Principal
		want *soar.Viewer
	}{
		"who leads sees all":     {lead(), nil},
		"who leads and reports":  {person("l", soar.RoleSOCLead, soar.RoleReporter), nil},
		"an analyst":             {analyst(), &soar.Viewer{Person: "analyst@lab.invalid"}},
		"a reporter":             {reporter, &soar.Viewer{Person: "r@lab.invalid", OpenedBy: &reporter.Actor}},
		"an analyst who reports": {person("a", soar.RoleAnalyst, soar.RoleReporter), &soar.Viewer{Person: "a@lab.invalid"}},
		"a lead's narrow token": {
			scoped(person("l", soar.RoleSOCLead, soar.RoleReporter), access.IncidentReadOwn),
			&soar.Viewer{Person: "l@lab.invalid", Red: true, OpenedBy: &soar.Actor{Kind: soar.ActorPerson, ID: "l@lab.invalid"}},
		},
	}
	for name, row := range rows {
		if diff := cmp.Diff(row.want, access.ViewerOf(row.p)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		if err := w.store.append("INC-amber", record.Payload{At: noon(), Kind: "note", Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.Timeline(t.Context(), analyst(), "INC-amber", 1, 1)
	if err != nil || len(got) != 1 || got[0].Seq != 2 {
		t.Errorf("got %+v %v", got, err)
	}
	for _, chain := range []string{record.ChainSystem, "", "INC-none"} {
		if _, err := w.Timeline(t.Context(), lead(), chain, 0, 10); soar.CodeOf(err) != soar.CodeNotFound {
			t.Errorf("chain %q: %v", chain, err)
		}
	}
}

func TestAlertsWithoutIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.alerts["ALR-1"] = soar.Alert{ID: "ALR-1"}
	if _, err := w.Alert(t.Context(), analyst(), "ALR-1"); err != nil {
		t.Error(err)
	}
	raw, err := w.AlertRaw(t.Context(), analyst(), "ALR-1")
	if err != nil || string(raw) != "raw of ALR-1" {
		t.Errorf("got %q %v", raw, err)
	}
	if _, err := w.Alert(t.Context(), person("r", soar.RoleReporter), "ALR-1"); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("a reporter: %v", err)
	}
}

func TestAStoreThatIsAwayIsNotHidden(t *testing.T) {
	t.Parallel()
	for _, door := range doors() {
		w := newWorld(t)
		for _, method := range []string{"IncidentGet", "IncidentDetail"} {
			w.store.fail[method] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
		}
		if err := door.open(w, lead(), "INC-amber"); soar.CodeOf(err) != soar.CodeUnavailable {
			t.Errorf("%s: %v", door.name, err)
		}
	}
}
