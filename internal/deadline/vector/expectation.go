package vector

import (
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

// about is what an expected value speaks of.
type about int

const (
	aboutNothing about = iota // a due time
	aboutApplies
	aboutRuns
	aboutFixed
	aboutStatus
	aboutState
	aboutTerm
	aboutRecipient
	aboutCapped
	aboutLaw
)

// expectation is what the name of an expected value says.
type expectation struct {
	about   about
	stage   []string // words of the stage; empty: the regime, or its main stage
	nominal bool     // before relief
	not     bool     // the opposite is asked
	unit    string   // of a number; the word of aboutLaw
}

// subjects are the words that say what is compared.
func subjects() map[string]about {
	return map[string]about{
		"applicable": aboutApplies, "applies": aboutApplies, "required": aboutApplies, "reportable": aboutApplies, "notifiable": aboutApplies, "mandatory": aboutApplies, "triggered": aboutApplies,
		"running": aboutRuns, "runs": aboutRuns, "started": aboutRuns, "clock": aboutRuns, "ticking": aboutRuns,
		"fixed": aboutFixed, "numeric": aboutFixed, "status": aboutStatus, "state": aboutState,
		"hours": aboutTerm, "days": aboutTerm, "months": aboutTerm, "amount": aboutTerm, "unit": aboutTerm, "term": aboutTerm, "duration": aboutTerm,
		"recipient": aboutRecipient, "recipients": aboutRecipient, "capped": aboutCapped,
		"force": aboutLaw, "proposed": aboutLaw, "voluntary": aboutLaw,
	}
}

// timeWords say that a value is a time, and nothing more.
func timeWords() []string {
	return []string{"due", "date", "datetime", "deadline", "by", "limit", "at", "on", "time", "relief", "with", "latest", "until", "expires", "expiry", "ends", "day", "local", "utc", "instant", "stage", "the", "of", "is", "must", "be", "has"}
}

// expectation reads a name. A name that a stage has as a whole is that stage's, even
// when it holds such words.
func (c comparison) expectation(key string) expectation {
	all := words(key)
	e := expectation{}
	for n := len(all); n > 0; n-- {
		whole := strings.Join(all[:n], "_")
		if c.named(whole) && !slices.ContainsFunc(all[n:], func(word string) bool { return !slices.Contains(timeWords(), word) }) {
			e.stage = all[:n]
			return e
		}
	}
	for _, word := range all {
		subject, known := subjects()[word]
		switch {
		case word == "nominal" || word == "strict" || word == "without" || word == "unadjusted" || word == "raw":
			e.nominal = true
		case word == "not" || word == "no" || word == "never":
			e.not = true
		case known:
			if e.about == aboutNothing || e.about == aboutTerm {
				e.about = subject
			}
			if subject == aboutLaw {
				e.unit = word
			}
			if subject == aboutTerm && unitOf(word) != "" && e.unit == "" {
				e.unit = unitOf(word)
			}
		case e.about != aboutTerm && (word == "business" || word == "working" || word == "calendar"):
			if word != "calendar" {
				e.unit = "working"
			}
		case slices.Contains(timeWords(), word):
		default:
			e.stage = append(e.stage, word)
		}
	}
	if e.about == aboutStatus || e.about == aboutLaw {
		e.stage = nil // these are the regime's
	}
	return e
}

// named tells whether a stage of the regime has this name.
func (c comparison) named(name string) bool {
	return slices.ContainsFunc(c.outcome.Regime.Stages, func(s duty.Stage) bool { return s.ID == name || slices.Contains(s.Keys, name) })
}

// find gives the due time of the stage that words name; of several that fit as well
// the one that applies. Without words it is the stage of the vector, or the main one.
func (c comparison) find(named []string) *duty.Due {
	if len(named) == 0 && c.stage != "" {
		named = words(c.stage)
	}
	best, fits := -1, 0
	for i, stage := range c.outcome.Regime.Stages {
		fit := fitOf(stage, named)
		if fit > fits || fit > 0 && fit == fits && c.rank(i, named) < c.rank(best, named) {
			best, fits = i, fit
		}
	}
	if best < 0 {
		return nil
	}
	return &c.outcome.Dues[best]
}

// fitOf says how well words name a stage: its own name before words that it has
// among others, before words that name more than it has; 0 when they do not.
func fitOf(stage duty.Stage, named []string) int {
	const exact, part, several = 10_000, 1_000, 10
	name := strings.Join(named, "_")
	if len(named) == 0 || stage.ID == name || slices.Contains(stage.Keys, name) {
		return exact
	}
	asked := meaning(name, "to", "the", "under", "over", "than", "more", "less", "least", "for", "and", "500", "250")
	if within(asked, meaning(stage.ID+" "+stage.Name)) {
		return part
	}
	most := 0
	for _, key := range append([]string{stage.ID, stage.Name}, stage.Keys...) {
		if has := meaning(key, "to", "the", "of", "a"); within(has, asked) {
			// Of names with as many words, the one that comes first is meant.
			most = max(most, len(has)*several+several-min(several, slices.Index(asked, has[0])))
		}
	}
	if most == 0 && within(asked, meaning(stage.Recipient+" "+stage.Name)) {
		most = 1
	}
	return most
}

// rank orders stages: running for certain, running on a condition, no clock, not
// due; without a name the main stage goes before the others that are as good.
func (c comparison) rank(i int, named []string) int {
	due, rank := c.outcome.Dues[i], 0
	switch {
	case due.State == duty.Running && due.If == "":
	case due.State == duty.Running:
		rank = 2
	case due.State != duty.NotDue:
		rank = 4
	default:
		rank = 6
	}
	if len(named) == 0 && !c.outcome.Regime.Stages[i].Main {
		rank++
	}
	return rank
}
