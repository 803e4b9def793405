package escalation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/oncall/escalation"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func start() time.Time { return time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC) }

func tell(role soar.Role, wait time.Duration) protocol.EscalationStep {
	return protocol.EscalationStep{To: []soar.Approver{{Role: role}}, Wait: wait}
}

func soc() protocol.EscalationPolicy {
	return protocol.EscalationPolicy{
		Name: "soc", Repeat: 1, StaleAfter: 30 * time.Minute,
		Steps: []protocol.EscalationStep{tell("soc_lead", 10*time.Minute), tell("incident_commander", 15*time.Minute), tell("ciso", 20*time.Minute)},
		Final: &protocol.EscalationStep{Crisis: &protocol.EscalationCrisis{Title: "Crisis"}, Wait: time.Hour},
	}
}

type event struct {
	at   time.Duration
	what string // ack, work, stop, down, up
}

// walk lets time pass and gives what happened when.
func walk(p protocol.EscalationPolicy, events []event, until time.Duration) []string {
	var lines []string
	g, down := escalation.Start(start()), false
	fire := func(now time.Time) {
		for {
			f, some := g.Advance(p, now)
			if !some {
				return
			}
			line := fmt.Sprintf("%s %d", now.Sub(start()), f.Number)
			switch {
			case f.Exhausted:
				line += " none left"
			case f.Step.Crisis != nil:
				line += " crisis"
			case f.Step.Continuity != nil:
				line += " continuity"
			default:
				line += " " + string(f.Step.To[0].Role)
			}
			if f.Stale {
				line += " stale"
			}
			if f.Late > 0 {
				line += fmt.Sprintf(" late %s skipped %d also %v", f.Late, f.Skipped, f.Also)
			}
			lines = append(lines, line)
		}
	}
	for minute := time.Duration(0); minute <= until; minute += time.Minute {
		now := start().Add(minute)
		for _, e := range events {
			if e.at != minute {
				continue
			}
			switch e.what {
			case "ack":
				g.Acknowledge(now)
			case "work":
				g.Touch(now)
			case "stop":
				g.Stop()
			default:
				down = e.what == "down"
			}
		}
		if !down {
			fire(now)
		}
	}
	return append(lines, string(g.Status))
}

func TestMachine(t *testing.T) {
	t.Parallel()
	night := soc()
	night.StaleAfter = 0
	plan := soc()
	plan.Repeat, plan.Final = 0, nil
	plan.Steps = append(plan.Steps[:1:1], protocol.EscalationStep{Continuity: &protocol.EscalationContinuity{Plan: "BCP-4"}, Wait: time.Minute}, tell("ciso", 5*time.Minute))
	for name, row := range map[string]struct {
		policy protocol.EscalationPolicy
		events []event
		want   []string
	}{
		"nobody answers": {soc(), nil, []string{
			"0s 1 soc_lead", "10m0s 2 incident_commander", "25m0s 3 ciso", "45m0s 4 soc_lead", "55m0s 5 incident_commander",
			"1h10m0s 6 ciso", "1h30m0s 7 crisis", "2h30m0s 0 none left", "exhausted"}},
		"acknowledged for ever":           {night, []event{{12 * time.Minute, "ack"}}, []string{"0s 1 soc_lead", "10m0s 2 incident_commander", "acknowledged"}},
		"acknowledged at the very moment": {night, []event{{10 * time.Minute, "ack"}}, []string{"0s 1 soc_lead", "acknowledged"}},
		"goes stale and goes on": {soc(), []event{{12 * time.Minute, "ack"}, {90 * time.Minute, "stop"}}, []string{
			"0s 1 soc_lead", "10m0s 2 incident_commander", "42m0s 3 ciso stale", "1h2m0s 4 soc_lead", "1h12m0s 5 incident_commander", "1h27m0s 6 ciso", "ended"}},
		"work keeps it fresh": {soc(), []event{{12 * time.Minute, "ack"}, {40 * time.Minute, "work"}, {65 * time.Minute, "work"}, {96 * time.Minute, "stop"}}, []string{
			"0s 1 soc_lead", "10m0s 2 incident_commander", "1h35m0s 3 ciso stale", "ended"}},
		"work before it is not acknowledged": {night, []event{{time.Minute, "work"}, {11 * time.Minute, "stop"}}, []string{"0s 1 soc_lead", "10m0s 2 incident_commander", "ended"}},
		"acknowledged after all, then stale": {soc(), []event{{160 * time.Minute, "ack"}}, []string{
			"0s 1 soc_lead", "10m0s 2 incident_commander", "25m0s 3 ciso", "45m0s 4 soc_lead", "55m0s 5 incident_commander",
			"1h10m0s 6 ciso", "1h30m0s 7 crisis", "2h30m0s 0 none left", "3h10m0s 0 none left stale", "exhausted"}},
		"everything was down": {soc(), []event{{5 * time.Minute, "down"}, {50 * time.Minute, "up"}, {90 * time.Minute, "stop"}}, []string{
			"0s 1 soc_lead", "50m0s 3 ciso late 25m0s skipped 1 also [{incident_commander   0001-01-01 00:00:00 +0000 UTC}]",
			"1h10m0s 4 soc_lead", "1h20m0s 5 incident_commander", "ended"}},
		"down before the crisis": {soc(), []event{{75 * time.Minute, "down"}, {300 * time.Minute, "up"}}, []string{
			"0s 1 soc_lead", "10m0s 2 incident_commander", "25m0s 3 ciso", "45m0s 4 soc_lead", "55m0s 5 incident_commander", "1h10m0s 6 ciso",
			"5h0m0s 7 crisis late 3h30m0s skipped 0 also []", "6h0m0s 0 none left", "exhausted"}},
		"no plan is skipped, nor skipped to": {plan, []event{{5 * time.Minute, "down"}, {100 * time.Minute, "up"}}, []string{
			"0s 1 soc_lead", "1h40m0s 2 continuity late 1h30m0s skipped 0 also []", "1h41m0s 3 ciso", "1h46m0s 0 none left", "exhausted"}},
		"a little late is on time": {night, []event{{10 * time.Minute, "down"}, {10*time.Minute + 30*time.Second, "up"}, {26 * time.Minute, "stop"}}, []string{"0s 1 soc_lead", "ended"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, walk(row.policy, row.events, 7*time.Hour)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestSecondsLateIsOnTime(t *testing.T) {
	t.Parallel()
	p, g := soc(), escalation.Start(start())
	g.Advance(p, start())
	f, some := g.Advance(p, start().Add(10*time.Minute+40*time.Second))
	if !some || f.Late != 0 || f.Number != 2 {
		t.Fatalf("got %+v", f)
	}
	if due, _ := g.Due(p); !due.Equal(start().Add(25 * time.Minute)) {
		t.Errorf("the next is due at %s: delays add up", due)
	}
}

func drawPolicy(t *rapid.T) protocol.EscalationPolicy {
	p := protocol.EscalationPolicy{Repeat: rapid.IntRange(0, 3).Draw(t, "repeat"), StaleAfter: time.Duration(rapid.IntRange(0, 60).Draw(t, "stale")) * time.Minute}
	draw := func() protocol.EscalationStep {
		s := tell("ciso", time.Duration(rapid.IntRange(0, 30).Draw(t, "wait"))*time.Minute)
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			s.To, s.Crisis = nil, &protocol.EscalationCrisis{}
		case 1:
			s.To, s.Continuity = nil, &protocol.EscalationContinuity{}
		}
		return s
	}
	for range rapid.IntRange(1, 4).Draw(t, "steps") {
		p.Steps = append(p.Steps, draw())
	}
	if rapid.Bool().Draw(t, "final") {
		final := draw()
		p.Final = &final
	}
	return p
}

// TestMachineProperties: whatever people do and however late the machine is asked,
// steps come in order and each at most once, each crisis is reached by waiting, nothing
// fires while an acknowledgement is fresh, and it comes to an end.
func TestMachineProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, now, last := drawPolicy(t), start(), 0
		g, acked := escalation.Start(now), time.Time{}
		previous := now
		for range 60 {
			now = now.Add(time.Duration(rapid.IntRange(0, 40*60).Draw(t, "passes")) * time.Second)
			switch rapid.IntRange(0, 9).Draw(t, "happens") {
			case 0:
				if g.Acknowledge(now) {
					acked = now
				}
			case 1:
				g.Touch(now)
			}
			for n := 0; ; n++ {
				due, some := g.Due(p)
				f, fired := g.Advance(p, now)
				if fired != (some && !due.After(now)) {
					t.Fatalf("due %s %v, fired %v at %s", due, some, fired, now)
				}
				if !fired {
					break
				}
				if n > escalation.Steps(p)+1 {
					t.Fatalf("no end at %s", now)
				}
				if f.Exhausted {
					if last != escalation.Steps(p) {
						t.Fatalf("exhausted after %d of %d", last, escalation.Steps(p))
					}
					continue
				}
				if f.Number != last+1+f.Skipped {
					t.Fatalf("step %d after %d with %d skipped", f.Number, last, f.Skipped)
				}
				if f.Stale && now.Before(acked.Add(p.StaleAfter)) {
					t.Fatalf("stale before its time")
				}
				if len(f.Step.To) == 0 && last > 0 && f.Skipped > 0 {
					t.Fatalf("a plan was called in over skipped steps")
				}
				if last > 0 && !f.Stale && f.Due.Before(previous) {
					t.Fatalf("step %d due %s, before the one before at %s", f.Number, f.Due, previous)
				}
				last, previous = f.Number, f.Due
			}
		}
		g.Stop()
		if _, some := g.Due(p); some || g.Acknowledge(now) {
			t.Fatal("it goes on after its end")
		}
	})
}
