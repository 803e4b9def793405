package duty

import (
	"maps"
	"slices"
	"time"
)

// Incident is what a library needs to know of an incident.
type Incident struct {
	OpenedAt  time.Time
	Declared  map[string]any                  // facts, by name; names that are no words of the vocabulary are left alone
	Submitted map[string]map[string]time.Time // regime -> stage -> when it was sent
}

// Facts gives the facts for a regime: what the site says, then what was declared,
// then the opening for moments that nobody declared. Faults name values that cannot
// be read; they count as not declared.
func (l *Library) Facts(r *Regime, incident Incident) (facts Facts, faults []string) {
	facts = Facts{}
	zone := l.Zone(r)
	for _, source := range []map[string]any{l.Site.Facts, incident.Declared} {
		for _, name := range slices.Sorted(maps.Keys(source)) {
			fact, known := l.facts[name]
			if !known {
				continue
			}
			value, err := fact.Parse(source[name], zone)
			if err != nil {
				faults = append(faults, err.Error())
				continue
			}
			facts[name] = value
		}
	}
	for _, name := range r.Facts() {
		if _, declared := facts[name]; !declared && l.facts[name].Assumed {
			assumed := At(incident.OpenedAt)
			assumed.Assumed = true
			facts[name] = assumed
		}
	}
	for stage, at := range incident.Submitted[r.ID] {
		facts[Submitted(stage)] = At(at)
	}
	return facts, faults
}

// Outcome computes a regime for an incident. With project, stages that follow a
// submission which has not happened are computed as if it happened at its limit.
func (l *Library) Outcome(r *Regime, incident Incident, project bool) (Outcome, []string) {
	facts, faults := l.Facts(r, incident)
	out := Compute(r, facts, Setting{Zone: l.Zone(r), Days: l.Days(r), Project: project})
	return out, faults
}

// Warns gives the moments at which a running stage warns, at the shares of its real
// time that the site says. A stage that is due before it started has none.
func (l *Library) Warns(due Due) []time.Time {
	length := due.At.Sub(due.Start)
	if due.State != Running || length <= 0 {
		return nil
	}
	warns := make([]time.Time, len(l.Site.WarnAt))
	for i, share := range l.Site.WarnAt {
		warns[i] = due.Start.Add(time.Duration(float64(length) * share)).UTC().Round(time.Second)
	}
	return warns
}
