package objective

import (
	"slices"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Names of the objectives.
const (
	Acknowledge = "acknowledge" // somebody took it
	Triage      = "triage"      // assessed: the status is not reported any more
	Contain     = "contain"     // status contained or later
	Eradicate   = "eradicate"
	Recover     = "recover"
	Close       = "close"   // ended
	Report      = "report"  // stops only by its own condition
	Resolve     = "resolve" // another name of close
)

// Names lists the objectives in the order of an incident's life.
func Names() []string {
	return []string{Acknowledge, Triage, Contain, Eradicate, Recover, Close, Resolve, Report}
}

// NamesOf lists the objectives that a policy has rules for, in the order of Names.
func NamesOf(policy protocol.ObjectivePolicy) []string {
	return slices.DeleteFunc(Names(), func(name string) bool {
		return !slices.ContainsFunc(policy.Rules, func(r protocol.ObjectiveRule) bool { return r.Objective == name })
	})
}

// Situation is what rules look at.
type Situation struct {
	Incident  soar.Incident
	Playbooks []string       // that run or ran
	Vars      map[string]any // what expressions read: see Environment
}

// Choose gives the rule of an objective that holds for the situation, or nil.
func Choose(policy protocol.ObjectivePolicy, name string, s Situation) *protocol.ObjectiveRule {
	var best *protocol.ObjectiveRule
	for i := range policy.Rules {
		rule := &policy.Rules[i]
		if rule.Objective == name && fits(rule, s) && (best == nil || weight(rule) > weight(best)) {
			best = rule
		}
	}
	return best
}

func fits(rule *protocol.ObjectiveRule, s Situation) bool {
	return (len(rule.Severities) == 0 || slices.Contains(rule.Severities, s.Incident.Severity)) &&
		(len(rule.Categories) == 0 || slices.Contains(rule.Categories, s.Incident.Category)) &&
		(len(rule.Playbooks) == 0 || slices.ContainsFunc(rule.Playbooks, func(name string) bool { return slices.Contains(s.Playbooks, name) }))
}

// weight ranks rules by how much they narrow down.
func weight(rule *protocol.ObjectiveRule) int {
	weight := 0
	if len(rule.Playbooks) > 0 {
		weight += 2
	}
	if len(rule.Categories) > 0 {
		weight++
	}
	return weight
}

// Overlap tells whether two rules of one objective could both hold for an incident
// with neither going before the other.
func Overlap(a, b protocol.ObjectiveRule) bool {
	return a.Objective == b.Objective && weight(&a) == weight(&b) &&
		meet(a.Severities, b.Severities) && meet(a.Categories, b.Categories)
}

// meet tells whether two lists have something in common, where empty is everything.
// Playbooks are not compared: an incident may run several.
func meet[T comparable](a, b []T) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}
