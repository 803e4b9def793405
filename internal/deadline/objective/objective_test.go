package objective_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/objective"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func opened() time.Time { return time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC) } // a Friday

func office(t testing.TB) *calendar.Calendar {
	t.Helper()
	spec := calendar.Spec{Name: "office", Zone: "UTC"}
	for day := time.Monday; day <= time.Friday; day++ {
		spec.Week[day] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	}
	c, err := calendar.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func policy() protocol.ObjectivePolicy {
	high, low := []soar.Severity{soar.SeverityHigh}, []soar.Severity{soar.SeverityLow}
	return protocol.ObjectivePolicy{Name: "p", Version: "2", Rules: []protocol.ObjectiveRule{
		{ID: "ack", Objective: objective.Acknowledge, Within: time.Hour},
		{ID: "contain_high", Objective: objective.Contain, Severities: high, Within: 4 * time.Hour, WarnAt: []float64{0.5, 0.75}, Calendar: "office",
			Pause: `incident.facts.waiting ?? false`},
		{ID: "contain_low", Objective: objective.Contain, Severities: low, Within: 16 * time.Hour, WarnAt: []float64{0.5}},
		{ID: "contain_phishing", Objective: objective.Contain, Categories: []soar.Category{soar.CategoryPhishing}, Within: time.Hour},
		{ID: "contain_playbook", Objective: objective.Contain, Playbooks: []string{"wipe"}, Within: 30 * time.Minute},
		{ID: "report", Objective: objective.Report, Severities: high, Within: 24 * time.Hour, Start: `incident.status == "contained"`, Stop: `incident.facts.report_sent ?? false`},
	}}
}

// life moves one incident through time.
type life struct {
	t        testing.TB
	engine   objective.Engine
	incident soar.Incident
	books    []string
	clocks   []objective.Clock
}

func begin(t testing.TB, policy protocol.ObjectivePolicy) *life {
	t.Helper()
	working := office(t)
	return &life{t: t, incident: soar.Incident{Status: soar.StatusReported, Severity: soar.SeverityHigh, Category: soar.CategoryUndetermined, OpenedAt: opened(), Facts: map[string]any{}},
		engine: objective.Engine{Policy: policy, Evaluate: evaluate, Count: func(q objective.Query) (objective.Instants, error) {
			switch q.Calendar {
			case "":
				return objective.Count(q, objective.Always{})
			case "office":
				return objective.Count(q, working)
			default:
				return objective.Instants{}, fmt.Errorf("no calendar %s", q.Calendar)
			}
		}}}
}

func evaluate(source string, vars map[string]any) (any, error) {
	program, problems := expression.Compile(source, objective.Environment(), nil)
	if len(problems) > 0 {
		return nil, fmt.Errorf("%v", problems)
	}
	return program.Eval(vars)
}

func (l *life) at(offset time.Duration) []string {
	l.t.Helper()
	situation, err := objective.Situate(l.incident, l.books)
	if err != nil {
		l.t.Fatal(err)
	}
	var changes []objective.Change
	l.clocks, changes = l.engine.Advance(l.clocks, situation, opened().Add(offset))
	var lines []string
	for _, change := range changes {
		lines = append(lines, change.Clock.Name+" "+string(change.Kind))
	}
	return lines
}

func (l *life) clock(name string) *objective.Clock {
	for i := range l.clocks {
		if l.clocks[i].Name == name {
			return &l.clocks[i]
		}
	}
	return nil
}

func due(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestALife(t *testing.T) {
	t.Parallel()
	l := begin(t, policy())
	want := func(offset time.Duration, changes []string, dueAt string) {
		t.Helper()
		if diff := cmp.Diff(changes, l.at(offset)); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", offset, diff)
		}
		if got := l.clock(objective.Contain).DueAt; !got.Equal(due(dueAt)) {
			t.Errorf("after %s: contain is due %s, want %s", offset, got, dueAt)
		}
	}
	want(0, []string{"acknowledge started", "contain started"}, "2026-11-23T11:00:00Z")
	if warns := l.clock(objective.Contain).Warns; !warns[0].Equal(due("2026-11-20T17:00:00Z")) || !warns[1].Equal(due("2026-11-23T10:00:00Z")) {
		t.Errorf("warnings %v", warns)
	}
	want(time.Minute, nil, "2026-11-23T11:00:00Z")
	l.incident.Facts["waiting"] = true
	want(time.Hour, []string{"contain paused"}, "2026-11-23T11:00:00Z")
	l.incident.Facts["waiting"] = false
	want(69*time.Hour, []string{"contain resumed"}, "2026-11-23T15:00:00Z") // Monday noon; three hours were left
	l.incident.Severity = soar.SeverityLow
	want(70*time.Hour, []string{"contain counted anew"}, "2026-11-24T03:00:00Z") // one hour until the pause, then 15 from Monday noon
	clock := l.clock(objective.Contain)
	if len(clock.History) != 1 || clock.History[0].Rule != "contain_high" || !clock.History[0].DueAt.Equal(due("2026-11-23T15:00:00Z")) || len(clock.Pauses) != 1 {
		t.Errorf("history %+v", clock.Objective)
	}
	at := opened().Add(71 * time.Hour)
	l.incident.AcknowledgedAt, l.incident.Status = &at, soar.StatusContained
	want(71*time.Hour, []string{"acknowledge met", "contain met"}, "2026-11-24T03:00:00Z")
	if by := l.clock(objective.Contain).By(); by != 13*time.Hour {
		t.Errorf("met by %s", by)
	}
	if by := l.clock(objective.Acknowledge).By(); by != -70*time.Hour {
		t.Errorf("acknowledged by %s", by)
	}
	l.incident.Severity = soar.SeverityHigh
	want(72*time.Hour, []string{"report started"}, "2026-11-24T03:00:00Z")
	l.incident.Facts["report_sent"] = true
	want(73*time.Hour, []string{"report met"}, "2026-11-24T03:00:00Z")
}

func TestTheNarrowerRuleHolds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		severity soar.Severity
		category soar.Category
		books    []string
		want     string
	}{
		{"severity", soar.SeverityHigh, "malware", nil, "contain_high"},
		{"category before severity", soar.SeverityHigh, soar.CategoryPhishing, nil, "contain_phishing"},
		{"playbook before category", soar.SeverityHigh, soar.CategoryPhishing, []string{"x", "wipe"}, "contain_playbook"},
		{"none", soar.SeverityMedium, "malware", nil, ""},
	} {
		s := objective.Situation{Incident: soar.Incident{Severity: row.severity, Category: row.category}, Playbooks: row.books}
		got := ""
		if rule := objective.Choose(policy(), objective.Contain, s); rule != nil {
			got = rule.ID
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

func TestWhatCannotBeReadRunsOn(t *testing.T) {
	t.Parallel()
	p := protocol.ObjectivePolicy{Rules: []protocol.ObjectiveRule{{ID: "a", Objective: objective.Contain, Within: time.Hour, Calendar: "gone",
		Start: `incident.facts.n > 1`, Stop: `incident.facts.n > 1`, Pause: `incident.facts.n > 1`}}}
	l := begin(t, p)
	l.incident.Facts["n"] = "many"
	l.at(0)
	clock := l.clock(objective.Contain)
	if clock == nil || clock.MetAt != nil || clock.Paused() || clock.Fault == "" || !clock.DueAt.Equal(opened().Add(time.Hour)) {
		t.Errorf("%+v", clock)
	}
}

func TestWhatIsSettledStays(t *testing.T) {
	t.Parallel()
	l := begin(t, policy())
	l.at(0)
	l.clock(objective.Contain).Breached = true
	before := l.clock(objective.Contain).DueAt
	l.incident.Severity = soar.SeverityMedium // has no rule
	if changes := l.at(time.Hour); len(changes) != 0 || !l.clock(objective.Contain).DueAt.Equal(before) {
		t.Errorf("a milder severity changed a breach: %v", changes)
	}
	l.incident.Severity, l.incident.Status = soar.SeverityLow, soar.StatusContained
	if changes := l.at(2 * time.Hour); len(changes) != 1 || changes[0] != "contain met" || l.clock(objective.Contain).State() != "breached" {
		t.Errorf("a breach that is met late: %v, %s", changes, l.clock(objective.Contain).State())
	}
	dropped := begin(t, policy())
	dropped.at(0)
	dropped.incident.Severity = soar.SeverityMedium
	if changes := dropped.at(time.Hour); len(changes) != 1 || changes[0] != "contain dropped" || dropped.clock(objective.Contain) != nil {
		t.Errorf("a running clock without a rule: %v", changes)
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	rules := policy().Rules
	for i, a := range rules {
		for j, b := range rules {
			if i != j && objective.Overlap(a, b) {
				t.Errorf("%s and %s overlap", a.ID, b.ID)
			}
		}
	}
	wide := protocol.ObjectiveRule{ID: "w", Objective: objective.Contain, Within: time.Hour}
	if !objective.Overlap(wide, rules[1]) || objective.Overlap(wide, rules[3]) {
		t.Error("a rule for all severities overlaps one for a severity, and not one for a category")
	}
}

// However often Advance is asked in between, the answer is the same, and a pause
// moves the due time by exactly the working time that lies in it.
func TestPausesMoveTheDueTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		working := office(t)
		var pauses []soar.ObjectivePause
		start, at := opened(), opened()
		var rested time.Duration
		for range rapid.IntRange(0, 4).Draw(rt, "pauses") {
			from := at.Add(time.Duration(rapid.IntRange(1, 7200).Draw(rt, "run")) * time.Second)
			to := from.Add(time.Duration(rapid.IntRange(1, 400000).Draw(rt, "rest")) * time.Second)
			pauses, at = append(pauses, soar.ObjectivePause{From: from, To: &to}), to
			rested += working.Elapsed(from, to)
		}
		within := 40 * time.Hour
		got, err := objective.Count(objective.Query{Start: start, Pauses: pauses, Within: within, WarnAt: []float64{0.25, 0.5, 0.99}}, working)
		if err != nil {
			rt.Fatal(err)
		}
		want, err := working.Add(start, within+rested)
		if err != nil || !got.Due.Equal(want) {
			rt.Fatalf("due %s, want %s", got.Due, want)
		}
		for i, warn := range got.Warns {
			if warn.After(got.Due) || i > 0 && warn.Before(got.Warns[i-1]) {
				rt.Fatalf("warnings %v of %s", got.Warns, got.Due)
			}
		}
	})
}

func TestAdvanceIsTheSameHoweverOftenItIsAsked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rare, often := begin(t, policy()), begin(t, policy())
		at := time.Duration(0)
		for range rapid.IntRange(1, 8).Draw(rt, "changes") {
			severity := rapid.SampledFrom([]soar.Severity{soar.SeverityHigh, soar.SeverityLow, soar.SeverityMedium}).Draw(rt, "severity")
			waiting := rapid.Bool().Draw(rt, "waiting")
			for _, l := range []*life{rare, often} {
				l.incident.Severity, l.incident.Facts["waiting"] = severity, waiting
				l.at(at)
			}
			step := time.Duration(rapid.IntRange(60, 90000).Draw(rt, "step")) * time.Second
			often.at(at + step/3)
			often.at(at + step/2)
			at += step
		}
		if diff := cmp.Diff(rare.clocks, often.clocks); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// TestClosingMeetsOnlyWhatIsTrue: at an end of the incident each clock is met, unmet
// or dropped, and says why.
func TestClosingMeetsOnlyWhatIsTrue(t *testing.T) {
	t.Parallel()
	p := protocol.ObjectivePolicy{Rules: []protocol.ObjectiveRule{
		{ID: "ack", Objective: objective.Acknowledge, Within: 5 * time.Hour},
		{ID: "triage", Objective: objective.Triage, Within: time.Hour},
		{ID: "contain", Objective: objective.Contain, Within: 4 * time.Hour, Pause: `incident.facts.waiting ?? false`},
		{ID: "recover", Objective: objective.Recover, Within: 9 * time.Hour},
		{ID: "close", Objective: objective.Close, Within: 10 * time.Hour},
		{ID: "report", Objective: objective.Report, Within: 24 * time.Hour, Stop: `incident.facts.report_sent ?? false`},
	}}
	report := "report unmet: closed as resolved, and this did not hold: incident.facts.report_sent ?? false"
	for name, row := range map[string]struct {
		resolution soar.Resolution
		breached   []string
		facts      map[string]any
		want       []string
	}{
		"resolved": {soar.ResolutionResolved, nil, nil, []string{
			"acknowledge dropped: closed as resolved before anybody had to acknowledge it", "triage met", "contain met", "recover met", "close met", report}},
		"resolved late": {soar.ResolutionResolved, []string{"acknowledge", "contain"}, map[string]any{"report_sent": true}, []string{
			"acknowledge unmet: closed as resolved, and nobody acknowledged it", "triage met", "contain met", "recover met", "close met", "report met"}},
		"cancelled while it rested": {soar.ResolutionCancelled, nil, map[string]any{"waiting": true}, []string{
			"acknowledge dropped: closed as cancelled before anybody had to acknowledge it", "triage met",
			"contain unmet: closed as cancelled, and the incident never was contained", "recover unmet: closed as cancelled, and the incident never was recovered", "close met",
			"report unmet: closed as cancelled, and this did not hold: incident.facts.report_sent ?? false"}},
		"no incident": {soar.ResolutionFalsePositive, []string{"contain"}, nil, []string{
			"acknowledge dropped: closed as false positive: there was no incident", "triage met", "contain dropped: closed as false positive: there was no incident",
			"recover dropped: closed as false positive: there was no incident", "close met", "report dropped: closed as false positive: there was no incident"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := begin(t, p)
			l.engine.Ends, l.incident.Facts = true, row.facts
			l.at(0)
			for _, name := range row.breached {
				l.clock(name).Breached = true
			}
			l.incident.Status, l.incident.Resolution = soar.StatusClosed, row.resolution
			l.at(2 * time.Hour)
			var got []string
			for _, clock := range l.clocks {
				line := clock.Name
				switch {
				case clock.MetAt != nil && clock.Ended != nil || clock.Paused():
					line += " is two things at once, or rests"
				case clock.MetAt != nil:
					line += " met"
				case clock.Ended != nil:
					line += " " + string(clock.Ended.As) + ": " + clock.Ended.Why
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if changes := l.at(3 * time.Hour); len(changes) != 0 {
				t.Errorf("something changed after the end: %v", changes)
			}
		})
	}
}
