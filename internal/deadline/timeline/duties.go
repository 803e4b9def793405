package timeline

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/notice"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Duties answers which duties an incident has, by a library: each stage of each
// regime that applies for certain. Of a regime of which that is not known nothing
// opens: a fact decides.
func Duties(library *duty.Library) func(protocol.DutyQuery) protocol.Duties {
	return func(q protocol.DutyQuery) protocol.Duties {
		var out protocol.Duties
		for i := range library.Regimes {
			regime := &library.Regimes[i]
			if !library.InScope(regime) || regime.Status != duty.InForce {
				continue
			}
			outcome, faults := library.Outcome(regime, incidentOf(q, regime), false)
			out.Faults = append(out.Faults, faults...)
			if outcome.Applies != duty.Yes {
				continue
			}
			for n := range outcome.Dues {
				if outcome.Dues[n].State != duty.NotDue {
					out.Stages = append(out.Stages, stageClock(library, outcome, n, q))
				}
			}
		}
		slices.Sort(out.Faults)
		out.Faults = slices.Compact(out.Faults)
		return out
	}
}

// incidentOf takes out of a query what concerns one regime.
func incidentOf(q protocol.DutyQuery, regime *duty.Regime) duty.Incident {
	sent := map[string]time.Time{}
	for name, at := range q.Sent {
		if stage, ours := strings.CutPrefix(name, regime.ID+"/"); ours {
			sent[stage] = at
		}
	}
	return duty.Incident{OpenedAt: q.OpenedAt, Declared: q.Facts, Submitted: map[string]map[string]time.Time{regime.ID: sent}}
}

func stageClock(library *duty.Library, outcome duty.Outcome, n int, q protocol.DutyQuery) protocol.DutyClock {
	due, stage, regime := outcome.Dues[n], outcome.Regime.Stages[n], outcome.Regime
	clock := protocol.DutyClock{Objective: soar.Objective{
		Name: regime.ID + "/" + stage.ID, Policy: regime.Pack, Rule: regime.ID,
		Duty: &soar.DutyStage{
			Regime: regime.ID, Stage: stage.ID, Title: regime.Name + ": " + stage.Name, To: stage.Recipient, State: string(due.State), If: due.If, Why: due.Why,
			Source: regime.Source, Verification: string(regime.Verification), Pack: regime.Pack, Packs: library.Digest, Remark: regime.Remark, Assumed: due.Assumed,
		},
	}}
	if due.State == duty.Running {
		clock.DueAt, clock.Warns = due.At.UTC(), library.Warns(due)
		clock.Duty.Zone = due.At.Location().String()
		started := due.Start.UTC()
		clock.StartedAt = &started
		if !due.Day.IsZero() {
			clock.Duty.Day = due.Day.String()
		}
	}
	clock.Duty.Draft = notice.Draft(library, regime, &regime.Stages[n], due, notice.Incident{ID: q.IncidentID, Title: q.Title, OpenedAt: q.OpenedAt, Facts: q.Facts})
	return clock
}
