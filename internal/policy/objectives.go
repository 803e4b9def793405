package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/objective"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of one clock.
const (
	clockLeast = time.Minute
	clockMost  = 366 * 24 * time.Hour
)

// clockNames are the objectives that the short form, clocks, has.
func clockNames() []string {
	return []string{objective.Acknowledge, objective.Contain, objective.Resolve}
}

// needClocks are the severities that must have clocks; informational may.
func needClocks() []soar.Severity {
	return []soar.Severity{soar.SeverityCritical, soar.SeverityHigh, soar.SeverityMedium, soar.SeverityLow}
}

// objectives reads the file: who agreed to what, calendars, the short form clocks
// and the long form objectives. Either form may be left out, not both.
func (s *sheet) objectives(root *strictyaml.Node) protocol.ObjectivePolicy {
	policy := protocol.ObjectivePolicy{Clocks: map[soar.Severity][]protocol.ObjectiveClock{}}
	required := []string{"name", "version", "agreed_by", "agreed_on"}
	if root.Get("objectives") == nil {
		required = append(required, "clocks")
	}
	if !s.Keys(root, "the file", []string{"name", "version", "agreed_by", "agreed_on", "calendars", "clocks", "objectives"}, required) {
		return policy
	}
	policy.Name = s.id(root.Get("name"), "name", map[string]bool{})
	policy.Version = s.version(root.Get("version"))
	policy.AgreedBy = s.text(root.Get("agreed_by"), "agreed_by")
	policy.AgreedOn = s.date(root.Get("agreed_on"), "agreed_on")
	policy.Calendars = s.calendars(root.Get("calendars"))
	if clocks := root.Get("clocks"); clocks != nil && s.Keys(clocks, "clocks", words(soar.Severities()), words(needClocks())) {
		s.shortForm(clocks, &policy)
	}
	s.rules(root.Get("objectives"), &policy)
	return policy
}

// calendars reads the calendars that rules may name, as they are kept with an
// incident.
func (s *sheet) calendars(n *strictyaml.Node) map[string]json.RawMessage {
	if n == nil || !s.Is(n, strictyaml.Map, "calendars") {
		return nil
	}
	calendars := map[string]json.RawMessage{}
	for _, entry := range n.Entries {
		spec := calendar.Read(&s.Reader, entry.Value, entry.Key.Text)
		encoded, err := json.Marshal(spec)
		if err != nil {
			s.Fault(entry.Key, ruleForm, "the calendar cannot be kept: "+err.Error(), "")
		}
		calendars[entry.Key.Text] = encoded
	}
	return calendars
}

// shortForm reads clocks: for each severity the time for acknowledge, contain and
// resolve.
func (s *sheet) shortForm(clocks *strictyaml.Node, policy *protocol.ObjectivePolicy) {
	for _, entry := range clocks.Entries {
		severity := soar.Severity(entry.Key.Text)
		if !severity.Valid() {
			continue
		}
		policy.Clocks[severity] = s.clocks(entry.Value, "the clocks of severity "+entry.Key.Text)
		for _, clock := range policy.Clocks[severity] {
			rule := protocol.ObjectiveRule{ID: clock.Name + "_" + entry.Key.Text, Objective: clock.Name, Severities: []soar.Severity{severity}, Within: clock.Within}
			if clock.WarnAt > 0 {
				rule.WarnAt = []float64{clock.WarnAt}
			}
			policy.Rules = append(policy.Rules, rule)
		}
	}
	if !s.List.HasErrors() {
		s.stricter(clocks, *policy)
	}
}

// clocks reads the clocks of one severity, in the order of an incident's life.
func (s *sheet) clocks(n *strictyaml.Node, what string) []protocol.ObjectiveClock {
	if !s.Keys(n, what, clockNames(), []string{"acknowledge"}) {
		return nil
	}
	var clocks []protocol.ObjectiveClock
	for _, name := range clockNames() {
		value := n.Get(name)
		if value == nil || !s.Keys(value, name, []string{"within", "warn_at"}, []string{"within"}) {
			continue
		}
		clock := protocol.ObjectiveClock{Name: name, Within: s.Duration(value.Get("within"), "within", clockLeast, clockMost), WarnAt: s.share(value.Get("warn_at"))}
		if last := len(clocks) - 1; last >= 0 && clock.Within > 0 && clock.Within < clocks[last].Within {
			s.Fault(value.Get("within"), ruleOrder, fmt.Sprintf("%s is due before %s", name, clocks[last].Name), "an incident is acknowledged, then contained, then resolved")
		}
		clocks = append(clocks, clock)
	}
	return clocks
}

// share reads warn_at: a part of the time, above 0 and below 1; absent is 0.
func (s *sheet) share(n *strictyaml.Node) float64 {
	if n == nil || n.Bad {
		return 0
	}
	share, err := strconv.ParseFloat(n.Text, 64)
	if !n.IsScalar() || n.Quoted() || err != nil || share <= 0 || share >= 1 {
		s.Fault(n, strictyaml.RuleRange, "warn_at must be a number above 0 and below 1", "0.75 warns after three quarters of the time")
		return 0
	}
	return share
}

// stricter warns where a worse severity has more time than a milder one.
func (s *sheet) stricter(n *strictyaml.Node, policy protocol.ObjectivePolicy) {
	mildest := soar.Severities()
	for i := 1; i < len(mildest); i++ {
		for _, worse := range policy.Clocks[mildest[i]] {
			milder := policy.Clocks[mildest[i-1]]
			at := slices.IndexFunc(milder, func(c protocol.ObjectiveClock) bool { return c.Name == worse.Name })
			if at >= 0 && worse.Within > milder[at].Within {
				s.warn(n.Get(string(mildest[i])).Get(worse.Name), ruleOrder,
					fmt.Sprintf("%s of severity %s has more time than of severity %s", worse.Name, mildest[i], mildest[i-1]), "")
			}
		}
	}
}
