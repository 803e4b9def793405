package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/deadline/objective"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// rules reads the long form of objectives. Two rules that could both hold for an
// incident, with neither going before the other, are refused.
func (s *sheet) rules(n *strictyaml.Node, policy *protocol.ObjectivePolicy) {
	if n == nil {
		return
	}
	seen := map[string]bool{}
	for _, rule := range policy.Rules {
		seen[rule.ID] = true
	}
	for _, item := range s.some(n, "objectives") {
		rule, ok := s.rule(item, seen, policy.Calendars)
		if !ok {
			continue
		}
		for _, other := range policy.Rules {
			if id := item.Get("id"); objective.Overlap(rule, other) && !id.Bad {
				s.Fault(id, ruleOrder, fmt.Sprintf("%s and %s both hold for some incidents, and neither goes before the other", other.ID, rule.ID),
					"narrow one of them by severities, categories or playbooks")
			}
		}
		policy.Rules = append(policy.Rules, rule)
	}
}

func (s *sheet) rule(n *strictyaml.Node, seen map[string]bool, calendars map[string]json.RawMessage) (protocol.ObjectiveRule, bool) {
	keys := []string{"id", "objective", "severities", "categories", "playbooks", "within", "warn_at", "calendar", "start", "stop", "pause", "on_warning", "on_breach"}
	if !s.Keys(n, "an objective", keys, []string{"id", "objective", "within"}) || n.Get("id") == nil {
		return protocol.ObjectiveRule{}, false
	}
	rule := protocol.ObjectiveRule{
		ID: s.id(n.Get("id"), "id", seen), Objective: s.Choice(n.Get("objective"), "objective", objective.Names()),
		Severities: choices[soar.Severity](s, n.Get("severities"), "severities", soar.Severities()),
		Categories: choices[soar.Category](s, n.Get("categories"), "categories", soar.Categories()),
		Within:     s.Duration(n.Get("within"), "within", clockLeast, clockMost), WarnAt: s.shares(n.Get("warn_at")),
		Start: s.clause(n.Get("start")), Stop: s.clause(n.Get("stop")), Pause: s.clause(n.Get("pause")),
		OnWarning: s.reactions(n.Get("on_warning"), "on_warning"), OnBreach: s.reactions(n.Get("on_breach"), "on_breach"),
	}
	if playbooks := n.Get("playbooks"); playbooks != nil {
		rule.Playbooks = s.texts(playbooks, "playbooks")
	}
	if name := n.Get("calendar"); name != nil {
		rule.Calendar = s.Choice(name, "calendar", slices.Sorted(maps.Keys(calendars)))
	}
	if rule.Objective == objective.Report && n.Get("stop") == nil {
		s.Fault(n.Get("objective"), ruleTotal, "nothing says when a report is done", "give stop: an expression such as incident.facts.report_sent ?? false")
	}
	return rule, true
}

// choices reads a list of known words.
func choices[W ~string](s *sheet, n *strictyaml.Node, what string, known []W) []W {
	var chosen []W
	for _, item := range s.some(n, what) {
		if word := s.Choice(item, "an item of "+what, words(known)); word != "" {
			chosen = append(chosen, W(word))
		}
	}
	return chosen
}

// shares reads warn_at: one share, or several that rise.
func (s *sheet) shares(n *strictyaml.Node) []float64 {
	if n == nil {
		return nil
	}
	items := []*strictyaml.Node{n}
	if n.Kind == strictyaml.List {
		items = n.Items
	}
	var shares []float64
	for _, item := range items {
		share := s.share(item)
		if last := len(shares) - 1; share > 0 && last >= 0 && share <= shares[last] {
			s.Fault(item, ruleOrder, "warnings must rise", "write them as [0.5, 0.75, 0.9]")
		}
		if share > 0 {
			shares = append(shares, share)
		}
	}
	return shares
}

// clause reads a condition over the incident and gives its text.
func (s *sheet) clause(n *strictyaml.Node) string {
	if n == nil || s.condition(n, objective.Environment()) == nil {
		return ""
	}
	return n.Text
}

func (s *sheet) reactions(n *strictyaml.Node, what string) []protocol.ObjectiveAction {
	var actions []protocol.ObjectiveAction
	for _, item := range s.items(n, what) {
		if !s.Keys(item, "an action", []string{"notify", "escalate", "declare"}, nil) {
			continue
		}
		if len(item.Entries) != 1 {
			s.Fault(item, ruleTotal, "an action is one of notify, escalate and declare", "")
			continue
		}
		action := protocol.ObjectiveAction{Notify: choices[soar.Role](s, item.Get("notify"), "notify", soar.Roles())}
		if policy := item.Get("escalate"); policy != nil {
			action.Escalate = s.text(policy, "escalate")
			s.escalates = append(s.escalates, policy)
		}
		if facts := item.Get("declare"); facts != nil && s.Is(facts, strictyaml.Map, "declare") {
			action.Declare, _ = facts.Data().(map[string]any)
		}
		actions = append(actions, action)
	}
	return actions
}
