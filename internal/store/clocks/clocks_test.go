package clocks_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/clocks"
	"github.com/tocsin-soar/tocsin/internal/store/figures"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

var (
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	lead = soar.Actor{Kind: soar.ActorPerson, ID: "lead@lab.invalid"}
)

func after(d time.Duration) *time.Time { at := noon.Add(d); return &at }

// write opens an incident and puts what its workflow reports into it.
func write(t testing.TB, s *store.Store, i soar.Incident, b protocol.JournalBatch) {
	t.Helper()
	if i.OpenedAt.IsZero() {
		i.OpenedAt = noon
	}
	if i.Category == "" {
		i.Category = soar.CategoryBruteForce
	}
	opened := record.Payload{At: i.OpenedAt, Kind: protocol.EventIncidentOpened, By: lead, Text: "opened"}
	must(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: i}}, opened))
	b.IncidentID, b.Incident = i.ID, &i
	b.Events = []protocol.TimelineEvent{{Seq: 1, At: i.OpenedAt, Kind: "note", By: lead, Text: "x"}}
	_, err := s.JournalWrite(t.Context(), b)
	must(t, err)
}

func incident(id string, tlp soar.TLP) soar.Incident {
	return soar.Incident{ID: id, Title: "Title of " + id, Status: soar.StatusAssessed, Severity: soar.SeverityHigh, TLP: tlp, OpenedBy: lead}
}

// board has one of everything: what runs out, and what does not.
func board(t *testing.T) clocks.Clocks {
	t.Helper()
	s := storetest.New(t)
	write(t, s, incident("INC-1", soar.TLPAmber), protocol.JournalBatch{
		Objectives: []soar.Objective{
			{Name: "acknowledge", DueAt: *after(-30 * time.Minute), MetAt: after(-20 * time.Minute), Breached: true, Policy: "p 1"},
			{Name: "contain", DueAt: *after(time.Hour), WarnAt: after(-time.Minute), Policy: "p 1"},
			{Name: "eu-gdpr-33/notification", DueAt: *after(72 * time.Hour), Policy: "eu 1", Duty: &soar.DutyStage{Title: "Notify", To: "the authority", State: soar.DutyRunning}},
			{Name: "eu-gdpr-34/notice", Policy: "eu 1", Duty: &soar.DutyStage{Title: "Tell them", State: "waiting"}},
			{Name: "eu-nis2/early", DueAt: *after(time.Hour), Policy: "eu 1", Duty: &soar.DutyStage{Title: "Warn", State: soar.DutyWaived}},
			{Name: "resolve", DueAt: *after(48 * time.Hour), WarnAt: after(40 * time.Hour), Policy: "p 1"},
		},
		Approvals: []soar.Approval{
			{ID: "APR-1", IncidentID: "INC-1", Title: "Isolate?", Status: soar.ApprovalPending, RequestedAt: noon, ExpiresAt: *after(-time.Minute)},
			{ID: "APR-2", IncidentID: "INC-1", Title: "Decided", Status: soar.ApprovalApproved, RequestedAt: noon, ExpiresAt: *after(time.Minute)},
		},
		Tasks: []soar.Task{
			{ID: "TSK-1", IncidentID: "INC-1", Title: "Call the owner", Status: soar.TaskOpen, CreatedAt: noon, DueAt: after(2 * time.Hour)},
			{ID: "TSK-2", IncidentID: "INC-1", Title: "Some day", Status: soar.TaskOpen, CreatedAt: noon},
			{ID: "TSK-3", IncidentID: "INC-1", Title: "Done", Status: soar.TaskDone, CreatedAt: noon, DueAt: after(time.Hour)},
		},
		Containments: []soar.Containment{
			{ID: "key1", IncidentID: "INC-1", Action: "edr.isolate_host", Target: "web-01", Since: noon, Until: after(3 * time.Hour), State: "active"},
			{ID: "key2", IncidentID: "INC-1", Action: "edr.isolate_host", Target: "web-02", Since: noon, State: "active"},
			{ID: "key3", IncidentID: "INC-1", Action: "edr.isolate_host", Target: "web-03", Since: noon, Until: after(time.Hour), State: "released"},
		},
	})
	drill := incident("INC-2", soar.TLPGreen)
	drill.Drill, drill.Severity = true, soar.SeverityLow
	write(t, s, drill, protocol.JournalBatch{Objectives: []soar.Objective{{Name: "contain", DueAt: noon, Policy: "p 1"}}})
	ended := incident("INC-3", soar.TLPAmber)
	ended.Status, ended.ClosedAt = soar.StatusClosed, after(0)
	write(t, s, ended, protocol.JournalBatch{
		Objectives:   []soar.Objective{{Name: "contain", DueAt: *after(time.Hour), Policy: "p 1"}},
		Containments: []soar.Containment{{ID: "key4", IncidentID: "INC-3", Action: "fw.block", Target: "192.0.2.7", Since: noon, Until: after(4 * time.Hour), State: "release_failed"}},
	})
	write(t, s, incident("INC-5", soar.TLPGreen), protocol.JournalBatch{Objectives: []soar.Objective{
		{Name: "recover", DueAt: *after(-time.Minute), Policy: "p 1", Pauses: []soar.ObjectivePause{{From: *after(-2 * time.Hour), To: after(-time.Hour)}, {From: *after(-time.Hour)}}},
	}})
	write(t, s, incident("INC-4", soar.TLPRed), protocol.JournalBatch{Objectives: []soar.Objective{{Name: "contain", DueAt: *after(90 * time.Minute), Policy: "p 1"}}})
	return clocks.New(s)
}

func TestList(t *testing.T) {
	t.Parallel()
	c := board(t)
	for name, row := range map[string]struct {
		filter soar.ClockFilter
		want   []string
	}{
		"open": {soar.ClockFilter{}, []string{
			"approval:APR-1 breached -60", "objective:INC-5:recover paused -60", "objective:INC-2:contain breached 0", "objective:INC-1:contain warning 3600", "objective:INC-4:contain running 5400",
			"task:TSK-1 running 7200", "containment:key1 running 10800", "containment:key4 running 14400", "objective:INC-1:resolve running 172800", "objective:INC-1:eu-gdpr-33/notification running 259200",
		}},
		"all":          {soar.ClockFilter{All: true, IncidentID: "INC-1", Kind: soar.ClockObjective}, []string{"objective:INC-1:acknowledge met -1800", "objective:INC-1:contain warning 3600", "objective:INC-1:resolve running 172800"}},
		"met":          {soar.ClockFilter{State: soar.ClockMet}, []string{"objective:INC-1:acknowledge met -1800"}},
		"warning":      {soar.ClockFilter{State: soar.ClockWarning}, []string{"objective:INC-1:contain warning 3600"}},
		"breached":     {soar.ClockFilter{State: soar.ClockBreached}, []string{"approval:APR-1 breached -60", "objective:INC-2:contain breached 0"}},
		"running":      {soar.ClockFilter{State: soar.ClockRunning, Kind: soar.ClockTask}, []string{"task:TSK-1 running 7200"}},
		"paused":       {soar.ClockFilter{State: soar.ClockPaused}, []string{"objective:INC-5:recover paused -60"}},
		"low":          {soar.ClockFilter{Severity: soar.SeverityLow}, []string{"objective:INC-2:contain breached 0"}},
		"due before":   {soar.ClockFilter{DueBefore: after(time.Hour)}, []string{"approval:APR-1 breached -60", "objective:INC-5:recover paused -60", "objective:INC-2:contain breached 0"}},
		"duties":       {soar.ClockFilter{Kind: soar.ClockDuty}, []string{"objective:INC-1:eu-gdpr-33/notification running 259200"}},
		"need to know": {soar.ClockFilter{Viewer: &soar.Viewer{Person: "other"}, Kind: soar.ClockObjective}, []string{"objective:INC-5:recover paused -60", "objective:INC-2:contain breached 0", "objective:INC-1:contain warning 3600", "objective:INC-1:resolve running 172800"}},
		"opened by":    {soar.ClockFilter{Viewer: &soar.Viewer{Person: "other", Red: true, OpenedBy: &soar.Actor{Kind: soar.ActorPerson, ID: "other"}}}, nil},
		"injection":    {soar.ClockFilter{Severity: "high' OR true --"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.filter.Now = noon
			found, next, err := c.List(t.Context(), row.filter)
			must(t, err)
			if diff := cmp.Diff(row.want, brief(found)); diff != "" || next != "" {
				t.Errorf("next %q (-want +got)\n%s", next, diff)
			}
		})
	}
}

func TestDutiesSayWhatToWhom(t *testing.T) {
	t.Parallel()
	found, _, err := board(t).List(t.Context(), soar.ClockFilter{Now: noon, Kind: soar.ClockDuty})
	must(t, err)
	if len(found) != 1 || found[0].What != "Notify to the authority" || found[0].Ref != "eu-gdpr-33/notification" {
		t.Errorf("got %+v", found)
	}
}

func brief(found []soar.Clock) (out []string) {
	for _, one := range found {
		out = append(out, fmt.Sprintf("%s %s %d", one.ID, one.State, one.DueIn))
	}
	return out
}

func TestOneClock(t *testing.T) {
	t.Parallel()
	found, _, err := board(t).List(t.Context(), soar.ClockFilter{Now: noon, IncidentID: "INC-1", All: true, Page: soar.Page{Limit: 2}})
	must(t, err)
	want := []soar.Clock{
		{ID: "objective:INC-1:acknowledge", Kind: soar.ClockObjective, Ref: "acknowledge", What: "acknowledge", IncidentID: "INC-1", IncidentTitle: "Title of INC-1", Severity: soar.SeverityHigh, TLP: soar.TLPAmber,
			State: soar.ClockMet, Late: true, DueAt: *after(-30 * time.Minute), MetAt: after(-20 * time.Minute), DueIn: -1800},
		{ID: "approval:APR-1", Kind: soar.ClockApproval, Ref: "APR-1", What: "Isolate?", IncidentID: "INC-1", IncidentTitle: "Title of INC-1", Severity: soar.SeverityHigh, TLP: soar.TLPAmber,
			State: soar.ClockBreached, DueAt: *after(-time.Minute), DueIn: -60},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestPages walks over many clocks that are due at the same few moments: each is
// given once, in order.
func TestPages(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	var want []string
	batch := protocol.JournalBatch{}
	for n := range 23 {
		name := fmt.Sprintf("o%02d", n)
		batch.Objectives = append(batch.Objectives, soar.Objective{Name: name, DueAt: noon.Add(time.Duration(n%3) * time.Hour), Policy: "p 1"})
		want = append(want, fmt.Sprintf("%d objective:INC-1:%s", n%3, name))
	}
	slices.Sort(want)
	write(t, s, incident("INC-1", soar.TLPAmber), batch)
	var got []string
	filter := soar.ClockFilter{Now: noon, Page: soar.Page{Limit: 5}}
	for {
		found, next, err := clocks.New(s).List(t.Context(), filter)
		must(t, err)
		for _, one := range found {
			got = append(got, fmt.Sprintf("%d %s", one.DueIn/3600, one.ID))
		}
		if filter.After = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	filter.After = "bm90IGEgY3Vyc29y"
	if _, _, err := clocks.New(s).List(t.Context(), filter); soar.CodeOf(err) != soar.CodeInvalid {
		t.Errorf("a cursor of nobody: %v", err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestQueue counts the same board as metrics do: by the database's clock, which is
// years after everything on it, and one that is still to come.
func TestQueue(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	far := time.Now().Add(10 * time.Hour).UTC()
	soon := far.Add(-9 * time.Hour)
	write(t, s, incident("INC-1", soar.TLPRed), protocol.JournalBatch{
		Objectives: []soar.Objective{
			{Name: "acknowledge", DueAt: noon, MetAt: after(0), Policy: "p 1"}, {Name: "contain", DueAt: *after(-100000 * time.Hour), Policy: "p 1"},
			{Name: "recover", DueAt: far, WarnAt: after(-100000 * time.Hour), Policy: "p 1"}, {Name: "close", DueAt: soon, Policy: "p 1"},
		},
		Tasks: []soar.Task{{ID: "TSK-1", IncidentID: "INC-1", Status: soar.TaskOpen, CreatedAt: noon, DueAt: &far}},
	})
	drill := incident("INC-2", soar.TLPGreen)
	drill.Drill = true
	write(t, s, drill, protocol.JournalBatch{Objectives: []soar.Objective{{Name: "contain", DueAt: soon, Policy: "p 1"}}})
	for _, id := range []string{"INC-1", "INC-2"} {
		must(t, s.RecordAppend(t.Context(), id, record.Payload{At: noon, Kind: protocol.EventObjectiveBreached, By: lead, Text: "x"}, record.Payload{At: noon, Kind: protocol.EventObjectiveWarning, By: lead, Text: "x"}, record.Payload{At: noon, Kind: protocol.EventObjectiveWarning, By: lead, Text: "x"}))
	}
	got, err := figures.Read(t.Context(), s.Room())
	must(t, err)
	want := map[soar.ClockFigure]int{
		{Kind: soar.ClockObjective, State: soar.ClockBreached}: 1, {Kind: soar.ClockObjective, State: soar.ClockWarning}: 1,
		{Kind: soar.ClockObjective, State: soar.ClockRunning}: 1, {Kind: soar.ClockTask, State: soar.ClockRunning}: 1,
	}
	if diff := cmp.Diff(want, got.Clocks); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for kind, due := range map[soar.ClockKind]time.Time{soar.ClockObjective: soon, soar.ClockTask: far} {
		if next := got.ClockNext[kind]; next > time.Until(due)+time.Minute || next < time.Until(due)-time.Minute {
			t.Errorf("the next %s is in %s, want about %s", kind, next, time.Until(due))
		}
	}
	if len(got.ClockNext) != 2 || got.ClockBreaches != 1 || got.ClockWarnings != 2 {
		t.Errorf("next %v, breaches %d, warnings %d", got.ClockNext, got.ClockBreaches, got.ClockWarnings)
	}
}
