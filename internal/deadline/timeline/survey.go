package timeline

import (
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/notice"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Survey says of every regime of the library how it stands towards an incident: its
// stages where it opened, whether it may apply and what decides that where facts are
// missing, and why it does not apply. What needs somebody comes first.
func Survey(library *duty.Library, incident soar.Incident, objectives []soar.Objective) []soar.DutyEntry {
	var open, may, not []soar.DutyEntry
	seen := map[string]bool{}
	for _, o := range objectives {
		if o.Duty != nil {
			seen[o.Duty.Regime] = true
			open = append(open, opened(o))
		}
	}
	for i := range library.Regimes {
		regime := &library.Regimes[i]
		if seen[regime.ID] {
			continue
		}
		if entry := looked(library, regime, incident); entry.Standing == soar.DutyNotApplicable {
			not = append(not, entry)
		} else {
			may = append(may, entry)
		}
	}
	slices.SortStableFunc(open, func(a, b soar.DutyEntry) int { return rank(a.Standing) - rank(b.Standing) })
	return append(append(open, may...), not...)
}

func rank(s soar.DutyStanding) int {
	return slices.Index([]soar.DutyStanding{soar.DutyOpen, soar.DutySent, soar.DutyWaivedBy, soar.DutyDropped}, s)
}

// opened gives a stage that opened.
func opened(o soar.Objective) soar.DutyEntry {
	d := o.Duty
	entry := soar.DutyEntry{
		Duty: o.Name, Title: d.Title, To: d.To, Standing: soar.DutyOpen, State: d.State, If: d.If, Why: d.Why, DueAt: o.DueAt, Late: o.Breached,
		Source: d.Source, Verification: d.Verification, Pack: d.Pack, Packs: d.Packs, Remark: d.Remark, Proof: d.Proof, Confirmed: d.Confirmed != nil,
	}
	switch {
	case o.MetAt != nil:
		entry.Standing, entry.SentAt = soar.DutySent, o.MetAt
	case d.Waived != nil:
		entry.Standing, entry.Why = soar.DutyWaivedBy, "waived by "+d.Waived.By.String()+": "+d.Waived.Reason
	case o.Ended != nil:
		entry.Standing, entry.Why = soar.DutyDropped, o.Ended.Why
	}
	return entry
}

// looked gives a regime that has not opened.
func looked(library *duty.Library, regime *duty.Regime, incident soar.Incident) soar.DutyEntry {
	entry := soar.DutyEntry{
		Duty: regime.ID, Title: regime.Name, Standing: soar.DutyNotApplicable, Source: regime.Source, Verification: string(regime.Verification),
		Pack: regime.Pack, Packs: library.Digest, Remark: regime.Remark,
	}
	about := duty.Incident{OpenedAt: incident.OpenedAt, Declared: incident.Facts}
	outcome, faults := library.Outcome(regime, about, true)
	entry.Why, entry.Faults = outcome.Why, faults
	switch {
	case !library.InScope(regime):
		entry.Why = "the site says that it cannot apply"
		return entry
	case regime.Status != duty.InForce:
		entry.Why = string(regime.Status)
		return entry
	case outcome.Applies == duty.No:
		return entry
	}
	entry.Standing = soar.DutyMayApply
	facts, _ := library.Facts(regime, about)
	decisive := regime.When.Facts()
	if len(regime.Where) > 0 {
		decisive = append(decisive, duty.Jurisdictions)
	}
	for _, name := range decisive {
		if _, known := facts[name]; !known && !slices.Contains(entry.Missing, name) {
			entry.Missing = append(entry.Missing, name)
		}
	}
	if outcome.Applies == duty.Yes {
		entry.Why = "it applies by what the site says; declare a fact and it opens"
	}
	entry.DueAt = first(outcome)
	return entry
}

// first gives when the first stage would be due if the regime applied.
func first(outcome duty.Outcome) time.Time {
	var at time.Time
	for _, due := range outcome.Dues {
		if due.State == duty.Running && (at.IsZero() || due.At.Before(at)) {
			at = due.At.UTC()
		}
	}
	return at
}

// Draft gives the draft of a stage as it is now, also of one that has not opened;
// false when there is no such stage.
func Draft(library *duty.Library, incident soar.Incident, objectives []soar.Objective, regime, stage string) (string, bool) {
	r := library.Regime(regime)
	if r == nil || r.Stage(stage) == nil {
		return "", false
	}
	about := duty.Incident{OpenedAt: incident.OpenedAt, Declared: incident.Facts, Submitted: map[string]map[string]time.Time{regime: {}}}
	for _, o := range objectives {
		if o.Duty != nil && o.Duty.Regime == regime && o.MetAt != nil {
			about.Submitted[regime][o.Duty.Stage] = *o.MetAt
		}
	}
	outcome, _ := library.Outcome(r, about, false)
	return notice.Draft(library, r, r.Stage(stage), *outcome.Due(stage), notice.Incident{ID: incident.ID, Title: incident.Title, OpenedAt: incident.OpenedAt, Facts: incident.Facts}), true
}
