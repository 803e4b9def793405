package clocks_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/clocks"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// sample is one random incident with its objectives.
type sample struct {
	incident   soar.Incident
	objectives []soar.Objective
}

func draw(r *rand.Rand, id string, opened time.Time) sample {
	i := soar.Incident{
		ID: id, Title: "x", Status: soar.StatusAssessed, Severity: soar.Severities()[r.IntN(3)], Category: soar.Categories()[r.IntN(3)],
		TLP: []soar.TLP{soar.TLPAmber, soar.TLPRed}[r.IntN(2)], OpenedBy: lead, OpenedAt: opened, Drill: r.IntN(5) == 0,
	}
	reached := func() *time.Time {
		if r.IntN(3) == 0 {
			return nil
		}
		at := opened.Add(time.Duration(r.IntN(86400_000)) * time.Millisecond)
		return &at
	}
	i.AcknowledgedAt, i.ContainedAt, i.RecoveredAt = reached(), reached(), reached()
	if i.ClosedAt = reached(); i.ClosedAt != nil {
		i.Status = []soar.IncidentStatus{soar.StatusClosed, soar.StatusClosed, soar.StatusNotIncident}[r.IntN(3)]
	}
	var objectives []soar.Objective
	for _, name := range []string{"acknowledge", "contain", "resolve"}[:r.IntN(4)] {
		o := soar.Objective{Name: name, DueAt: opened.Add(time.Duration(r.IntN(86400)) * time.Second), MetAt: reached(), Policy: "p 1"}
		o.Breached = o.MetAt == nil && r.IntN(2) == 0 || o.MetAt != nil && o.MetAt.After(o.DueAt) && r.IntN(2) == 0
		if o.MetAt == nil && i.ClosedAt != nil && r.IntN(3) > 0 {
			o.Ended = &soar.ObjectiveEnd{At: *i.ClosedAt, As: []soar.EndedAs{soar.EndedUnmet, soar.EndedDropped}[r.IntN(2)], Why: "closed"}
		}
		if name == "resolve" && r.IntN(3) == 0 {
			o.Duty = &soar.DutyStage{State: soar.DutyRunning}
		}
		objectives = append(objectives, o)
	}
	return sample{i, objectives}
}

// TestProgrammeIsWhatAPlainComputationGives writes random incidents and compares
// what SQL says of them with a computation by hand, for all ways to split them and
// for who sees TLP:RED and who does not.
func TestProgrammeIsWhatAPlainComputationGives(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	c := clocks.New(s)
	for round := range 8 {
		r := rand.New(rand.NewPCG(7, uint64(round)))
		from := time.Date(2020+round, 1, 1, 0, 0, 0, 0, time.UTC)
		until := from.AddDate(0, 3, 0)
		samples := []sample{}
		for n := range r.IntN(24) {
			// Some lie outside of the span, and some exactly on its ends.
			opened := from.Add(time.Duration(r.IntN(100*24)-5*24) * time.Hour)
			if n < 2 {
				opened = []time.Time{from, until}[n]
			}
			one := draw(r, fmt.Sprintf("INC-%d-%02d", round, n), opened)
			write(t, s, one.incident, protocol.JournalBatch{Objectives: one.objectives})
			if !opened.Before(from) && opened.Before(until) {
				samples = append(samples, one)
			}
		}
		for _, by := range []soar.ProgrammeBy{"", soar.BySeverity, soar.ByCategory, soar.ByMonth} {
			for _, viewer := range []*soar.Viewer{nil, {Person: "other"}} {
				got, err := c.Programme(t.Context(), soar.ProgrammeFilter{From: from, Until: until, By: by, Viewer: viewer})
				must(t, err)
				want := byHand(samples, by, viewer == nil)
				want.From, want.Until = from, until
				if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
					t.Fatalf("round %d by %q, red %t (-want +got)\n%s", round, by, viewer == nil, diff)
				}
			}
		}
	}
}

func TestProgrammeOfNothing(t *testing.T) {
	t.Parallel()
	got, err := clocks.New(storetest.New(t)).Programme(t.Context(), soar.ProgrammeFilter{From: noon, Until: noon.AddDate(0, 1, 0), By: soar.ByMonth})
	must(t, err)
	if diff := cmp.Diff(soar.Programme{From: noon, Until: noon.AddDate(0, 1, 0), By: soar.ByMonth, Groups: []soar.ProgrammeGroup{}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func byHand(samples []sample, by soar.ProgrammeBy, red bool) soar.Programme {
	keyed := map[string][]sample{}
	var all []sample
	for _, one := range samples {
		if one.incident.TLP == soar.TLPRed && !red {
			continue
		}
		key := map[soar.ProgrammeBy]string{soar.BySeverity: string(one.incident.Severity), soar.ByCategory: string(one.incident.Category), soar.ByMonth: one.incident.OpenedAt.Format("2006-01")}[by]
		all, keyed[key] = append(all, one), append(keyed[key], one)
	}
	out := soar.Programme{By: by, Total: handGroup("", all), Groups: []soar.ProgrammeGroup{}}
	if by == "" {
		return out
	}
	for key, members := range keyed {
		out.Groups = append(out.Groups, handGroup(key, members))
	}
	slices.SortFunc(out.Groups, func(a, b soar.ProgrammeGroup) int {
		if by == soar.BySeverity {
			return soar.Severity(b.Key).Rank() - soar.Severity(a.Key).Rank()
		}
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return out
}

func handGroup(key string, members []sample) soar.ProgrammeGroup {
	g := soar.ProgrammeGroup{Key: key}
	var measured []sample
	for _, one := range members {
		switch {
		case one.incident.Drill:
			g.Drills++
		case one.incident.Status == soar.StatusNotIncident:
			g.NotIncidents++
		default:
			g.Incidents++
			measured = append(measured, one)
			if !one.incident.Status.Ended() {
				g.Open++
			}
		}
	}
	g.Acknowledge = handTime(measured, func(i soar.Incident) *time.Time { return i.AcknowledgedAt })
	g.Contain = handTime(measured, func(i soar.Incident) *time.Time { return i.ContainedAt })
	g.Recover = handTime(measured, func(i soar.Incident) *time.Time { return i.RecoveredAt })
	g.Close = handTime(measured, func(i soar.Incident) *time.Time { return i.ClosedAt })
	for _, one := range measured {
		for _, o := range one.objectives {
			switch {
			case o.Duty != nil: // no objective
			case o.Breached || o.MetAt != nil && o.MetAt.After(o.DueAt) || o.Ended != nil && o.Ended.As == soar.EndedUnmet:
				g.Objectives.Missed++
			case o.Ended != nil: // dropped
			case o.MetAt != nil:
				g.Objectives.Met++
			default:
				g.Objectives.Open++
			}
		}
	}
	if judged := g.Objectives.Met + g.Objectives.Missed; judged > 0 {
		share := float64(g.Objectives.Met) / float64(judged)
		g.Objectives.Share = &share
	}
	return g
}

func handTime(measured []sample, at func(soar.Incident) *time.Time) soar.ProgrammeTime {
	var out soar.ProgrammeTime
	var took []float64
	for _, one := range measured {
		switch reached := at(one.incident); {
		case reached != nil:
			took = append(took, reached.Sub(one.incident.OpenedAt).Seconds())
		case one.incident.Status.Ended():
			out.Skipped++
		default:
			out.Open++
		}
	}
	if out.Count = len(took); out.Count > 0 {
		slices.Sort(took)
		out.Median, out.P90 = between(took, 0.5), between(took, 0.9)
	}
	return out
}

// between interpolates between the two nearest ranks.
func between(sorted []float64, share float64) *float64 {
	rank := share * float64(len(sorted)-1)
	below := math.Floor(rank)
	value := sorted[int(below)] + (rank-below)*(sorted[int(math.Ceil(rank))]-sorted[int(below)])
	return &value
}
