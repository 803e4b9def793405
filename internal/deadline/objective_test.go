package deadline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func opened() time.Time { return time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC) } // two hours before clocks change in Europe

func after(d time.Duration) *time.Time { at := opened().Add(d); return &at }

func policy() protocol.ObjectivePolicy {
	return protocol.ObjectivePolicy{
		Name: "response_times", Version: "3", AgreedBy: "ciso", AgreedOn: "2026-01-15",
		Clocks: map[soar.Severity][]protocol.ObjectiveClock{
			soar.SeverityHigh: {
				{Name: Acknowledge, Within: 30 * time.Minute, WarnAt: 0.5},
				{Name: Contain, Within: 4 * time.Hour, WarnAt: 0.75},
				{Name: Resolve, Within: 48 * time.Hour},
			},
			soar.SeverityLow: {{Name: Acknowledge, Within: 24 * time.Hour}},
		},
	}
}

func high() []soar.Objective {
	return []soar.Objective{
		{Name: Acknowledge, DueAt: *after(30 * time.Minute), WarnAt: after(15 * time.Minute), Policy: "response_times 3"},
		{Name: Contain, DueAt: *after(4 * time.Hour), WarnAt: after(3 * time.Hour), Policy: "response_times 3"},
		{Name: Resolve, DueAt: *after(48 * time.Hour), Policy: "response_times 3"},
	}
}

func TestObjectives(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(high(), Objectives(policy(), soar.SeverityHigh, opened())); diff != "" {
		t.Errorf("high (-want +got):\n%s", diff)
	}
	for _, severity := range []soar.Severity{soar.SeverityCritical, "", "unknown"} {
		if got := Objectives(policy(), severity, opened()); len(got) != 0 {
			t.Errorf("severity %q has clocks: %v", severity, got)
		}
	}
}

func TestObjectivesAreUTCAndElapsed(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CET", 3600)
	got := Objectives(policy(), soar.SeverityHigh, opened().In(berlin))
	if diff := cmp.Diff(high(), got); diff != "" || got[0].DueAt.Location() != time.UTC {
		t.Errorf("another zone gives other instants: %s", diff)
	}
}

func TestRecompute(t *testing.T) {
	t.Parallel()
	met := high()
	met[0].MetAt = after(20 * time.Minute)
	breached := high()
	breached[1].Breached = true
	rows := []struct {
		name     string
		severity soar.Severity
		before   []soar.Objective
		want     []soar.Objective
	}{
		{"to milder, nothing settled", soar.SeverityLow, high(), []soar.Objective{
			{Name: Acknowledge, DueAt: *after(24 * time.Hour), Policy: "response_times 3"}}},
		{"to milder, met stays met under its clock", soar.SeverityLow, met, met[:1]},
		{"to milder, a breach is not undone", soar.SeverityLow, breached, []soar.Objective{
			{Name: Acknowledge, DueAt: *after(24 * time.Hour), Policy: "response_times 3"}, breached[1]}},
		{"to worse", soar.SeverityHigh, Objectives(policy(), soar.SeverityLow, opened()), high()},
		{"to the same", soar.SeverityHigh, met, met},
		{"to one without clocks", soar.SeverityInfo, high(), nil},
	}
	for _, row := range rows {
		if diff := cmp.Diff(row.want, Recompute(policy(), row.severity, opened(), row.before)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestMeet(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name     string
		at       time.Duration
		breached bool
	}{
		{"in time", 29 * time.Minute, false},
		{"to the second", 30 * time.Minute, false},
		{"a second late", 30*time.Minute + time.Second, true},
	}
	for _, row := range rows {
		before := high()
		got := Meet(before, Acknowledge, *after(row.at))
		want := high()
		want[0].MetAt, want[0].Breached = after(row.at), row.breached
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
		if diff := cmp.Diff(high(), before); diff != "" {
			t.Errorf("%s: the argument changed: %s", row.name, diff)
		}
		if diff := cmp.Diff(got, Meet(got, Acknowledge, *after(99 * time.Hour))); diff != "" {
			t.Errorf("%s: the second time counted: %s", row.name, diff)
		}
	}
	if diff := cmp.Diff(high(), Meet(high(), "coffee", opened())); diff != "" {
		t.Errorf("an unknown name: %s", diff)
	}
}

func TestBreachTellsOnce(t *testing.T) {
	t.Parallel()
	changed, names := Breach(high(), *after(4 * time.Hour))
	if diff := cmp.Diff([]string{Acknowledge, Contain}, names); diff != "" {
		t.Error(diff)
	}
	if _, again := Breach(changed, *after(5 * time.Hour)); again != nil {
		t.Errorf("told twice: %v", again)
	}
	if _, early := Breach(high(), *after(30*time.Minute - 1)); early != nil {
		t.Errorf("told early: %v", early)
	}
	if _, met := Breach(Meet(high(), Acknowledge, opened()), *after(time.Hour)); met != nil {
		t.Errorf("told although met: %v", met)
	}
}

func TestNextAndDue(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		now  time.Duration
		next *time.Time
	}{
		{"at the start the first warning", 0, after(15 * time.Minute)},
		{"then its due time", 15 * time.Minute, after(30 * time.Minute)},
		{"then the next warning", 30 * time.Minute, after(3 * time.Hour)},
		{"then nothing", 48 * time.Hour, nil},
	}
	for _, row := range rows {
		at, ok := Next(high(), *after(row.now))
		if ok != (row.next != nil) || (ok && !at.Equal(*row.next)) {
			t.Errorf("%s: got %v %v", row.name, at, ok)
		}
	}
	if at, ok := Due(Meet(high(), Acknowledge, opened())); !ok || !at.Equal(*after(4 * time.Hour)) {
		t.Errorf("due: %v %v", at, ok)
	}
	if _, ok := Due(nil); ok {
		t.Error("nothing is due, yet there is a time")
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	met := high()
	for _, name := range Names() {
		met = Meet(met, name, opened())
	}
	rows := []struct {
		name       string
		objectives []soar.Objective
		now        time.Duration
		want       string
	}{
		{"none", nil, 0, "met"},
		{"all met", met, 99 * time.Hour, "met"},
		{"at the start", high(), 0, "running"},
		{"past a warning", high(), 15 * time.Minute, "warning"},
		{"past due, nobody marked it", high(), 30 * time.Minute, "breached"},
		{"met late", Meet(high(), Acknowledge, *after(time.Hour)), time.Hour, "breached"},
	}
	for _, row := range rows {
		if got := State(row.objectives, *after(row.now)); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

// What is settled never changes, whatever severities follow.
func TestSettledStaysSettled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		objectives := Objectives(policy(), soar.SeverityHigh, opened())
		settled := map[string]soar.Objective{}
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			now := *after(time.Duration(rapid.IntRange(0, 50).Draw(t, "hours")) * time.Hour)
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				objectives = Meet(objectives, rapid.SampledFrom(Names()).Draw(t, "name"), now)
			case 1:
				objectives, _ = Breach(objectives, now)
			default:
				objectives = Recompute(policy(), rapid.SampledFrom(soar.Severities()).Draw(t, "severity"), opened(), objectives)
			}
			for name, before := range settled {
				if !contains(objectives, name, before) {
					t.Fatalf("%s was settled as %+v and is not any more: %+v", name, before, objectives)
				}
			}
			for _, objective := range objectives {
				if objective.MetAt != nil {
					settled[objective.Name] = objective
				}
			}
		}
	})
}

func contains(objectives []soar.Objective, name string, want soar.Objective) bool {
	for _, objective := range objectives {
		if objective.Name == name && cmp.Equal(objective, want) {
			return true
		}
	}
	return false
}
