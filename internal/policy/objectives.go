package policy

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of one clock.
const (
	clockLeast = time.Minute
	clockMost  = 366 * 24 * time.Hour
)

// clockNames are the objectives in the order of an incident's life; they are the
// names that internal/deadline knows.
func clockNames() []string { return []string{"acknowledge", "contain", "resolve"} }

// needClocks are the severities that must have clocks; informational may.
func needClocks() []soar.Severity {
	return []soar.Severity{soar.SeverityCritical, soar.SeverityHigh, soar.SeverityMedium, soar.SeverityLow}
}

func (s *sheet) objectives(root *strictyaml.Node) protocol.ObjectivePolicy {
	policy := protocol.ObjectivePolicy{Clocks: map[soar.Severity][]protocol.ObjectiveClock{}}
	keys := []string{"name", "version", "agreed_by", "agreed_on", "clocks"}
	if !s.Keys(root, "the file", keys, keys) {
		return policy
	}
	policy.Name = s.id(root.Get("name"), "name", map[string]bool{})
	policy.Version = s.version(root.Get("version"))
	policy.AgreedBy = s.text(root.Get("agreed_by"), "agreed_by")
	policy.AgreedOn = s.date(root.Get("agreed_on"), "agreed_on")
	clocks := root.Get("clocks")
	if clocks == nil || !s.Keys(clocks, "clocks", words(soar.Severities()), words(needClocks())) {
		return policy
	}
	for _, entry := range clocks.Entries {
		if severity := soar.Severity(entry.Key.Text); severity.Valid() {
			policy.Clocks[severity] = s.clocks(entry.Value, "the clocks of severity "+entry.Key.Text)
		}
	}
	if !s.List.HasErrors() {
		s.stricter(clocks, policy)
	}
	return policy
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
