package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/oncall"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	waitLeast  = time.Minute
	waitMost   = 7 * 24 * time.Hour
	repeatMost = 10
	stepsMost  = 50 // with those of the policies that are gone through
	dueMost    = 30 * 24 * time.Hour
)

// EscalationPolicy gives the policy of this name; its name is empty when there is
// none.
func (p *Policy) EscalationPolicy(name string) protocol.EscalationPolicy {
	for _, known := range p.Escalation {
		if known.Name == name {
			known.Digest = p.Digest
			return known
		}
	}
	return protocol.EscalationPolicy{}
}

// EscalationNames lists the policies in the order of the file.
func (p *Policy) EscalationNames() []string {
	names := make([]string, len(p.Escalation))
	for i, known := range p.Escalation {
		names[i] = known.Name
	}
	return names
}

// RosterNames lists the rosters in the order of the file.
func (p *Policy) RosterNames() []string {
	names := make([]string, len(p.Rosters))
	for i, roster := range p.Rosters {
		names[i] = roster.Name
	}
	return names
}

// policySheet reads escalation.yaml: policies name each other and rosters.
type policySheet struct {
	*sheet
	rosters []oncall.Roster
	nodes   map[string]*strictyaml.Node
	read    map[string][]protocol.EscalationStep
	open    []string // policies that are being read, the outermost first
}

func (s *sheet) escalation(root *strictyaml.Node, rosters []oncall.Roster) []protocol.EscalationPolicy {
	if !s.Keys(root, "the file", []string{"version", "policies"}, []string{"version", "policies"}) {
		return nil
	}
	s.version(root.Get("version"))
	list := root.Get("policies")
	if list == nil || !s.Is(list, strictyaml.Map, "policies") {
		return nil
	}
	p := &policySheet{sheet: s, rosters: rosters, nodes: map[string]*strictyaml.Node{}, read: map[string][]protocol.EscalationStep{}}
	seen := map[string]bool{}
	for _, entry := range list.Entries {
		p.nodes[s.id(entry.Key, "the name of a policy", seen)] = entry.Value
	}
	var policies []protocol.EscalationPolicy
	for _, entry := range list.Entries {
		if entry.Key.Bad {
			continue
		}
		policies = append(policies, p.policy(entry.Key.Text, entry.Value))
	}
	return policies
}

func (p *policySheet) policy(name string, n *strictyaml.Node) protocol.EscalationPolicy {
	policy := protocol.EscalationPolicy{Name: name}
	if !p.Keys(n, "a policy", []string{"description", "repeat", "stale_after", "steps", "final"}, []string{"description", "steps"}) {
		return policy
	}
	p.text(n.Get("description"), "description")
	if repeat := n.Get("repeat"); repeat != nil {
		policy.Repeat = p.Int(repeat, "repeat", 0, repeatMost)
	}
	if stale := n.Get("stale_after"); stale != nil {
		policy.StaleAfter = p.Duration(stale, "stale_after", waitLeast, waitMost)
	}
	policy.Steps = p.steps(name)
	if final := n.Get("final"); final != nil {
		if steps := p.step(final); len(steps) == 1 {
			policy.Final = &steps[0]
		} else if len(steps) > 1 {
			p.Fault(final, ruleForm, "the final step is one step, not a policy", "write to, crisis or continuity")
		}
	}
	return policy
}

// steps gives the steps of a policy with those of the policies it goes through.
func (p *policySheet) steps(name string) []protocol.EscalationStep {
	if known, done := p.read[name]; done {
		return known
	}
	n := p.nodes[name].Get("steps")
	p.open = append(p.open, name)
	var steps []protocol.EscalationStep
	for _, item := range p.some(n, "steps") {
		steps = append(steps, p.step(item)...)
	}
	p.open = p.open[:len(p.open)-1]
	if len(steps) > stepsMost {
		p.Fault(n, strictyaml.RuleRange, fmt.Sprintf("a policy has at most %d steps, and this has %d", stepsMost, len(steps)), "")
		steps = steps[:stepsMost]
	}
	p.read[name] = steps
	return steps
}

// step reads one step; that of a policy gives its steps.
func (p *policySheet) step(n *strictyaml.Node) []protocol.EscalationStep {
	kinds := []string{"to", "crisis", "continuity", "policy"}
	if !p.Keys(n, "a step", append([]string{"wait"}, kinds...), nil) {
		return nil
	}
	has := slices.DeleteFunc(kinds, func(kind string) bool { return n.Get(kind) == nil })
	if len(has) != 1 {
		p.Fault(n, ruleForm, "a step has exactly one of to, crisis, continuity and policy", "")
		return nil
	}
	value := n.Get(has[0])
	wait := n.Get("wait")
	if has[0] == "policy" {
		if wait != nil {
			p.Fault(wait, strictyaml.RuleUnknownKey, "a step that goes through a policy does not wait", "its steps do")
		}
		return p.through(value)
	}
	step := protocol.EscalationStep{Wait: p.wait(n, wait)}
	switch has[0] {
	case "to":
		step.To = p.approvers(value, "to")
	case "crisis":
		step.Crisis = p.crisis(value)
	case "continuity":
		step.Continuity = p.continuity(value)
	}
	return []protocol.EscalationStep{step}
}

// wait must be there: without it nobody has time to answer, and a repeat would run
// through at once.
func (p *policySheet) wait(step, n *strictyaml.Node) time.Duration {
	if n == nil {
		p.Fault(step, strictyaml.RuleMissingKey, `a step needs the key "wait"`, "how long to wait for an acknowledgement before the next step, such as 10m")
		return 0
	}
	if n.Text == "0" || n.Text == "0s" || n.Text == "0m" || n.Text == "0h" {
		p.Fault(n, strictyaml.RuleRange, "wait must be at least 1m", "without it nobody has time to answer, and a repeat would never pause")
		return 0
	}
	return p.Duration(n, "wait", waitLeast, waitMost)
}

// through gives the steps of another policy.
func (p *policySheet) through(n *strictyaml.Node) []protocol.EscalationStep {
	name := p.Text(n, "policy")
	if n.Bad {
		return nil
	}
	if _, known := p.nodes[name]; !known {
		p.Fault(n, ruleUnknown, fmt.Sprintf("there is no policy %.60q", name), hintOf(name, p.names(), "policies"))
		return nil
	}
	if at := slices.Index(p.open, name); at >= 0 {
		p.Fault(n, ruleCycle, "policies go in a circle: "+strings.Join(append(slices.Clone(p.open[at:]), name), " -> "), "take one of the steps out")
		return nil
	}
	return p.steps(name)
}

func (p *policySheet) names() []string {
	var names []string
	for name := range p.nodes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (p *policySheet) approvers(n *strictyaml.Node, what string) []soar.Approver {
	var out []soar.Approver
	for _, item := range p.some(n, what) {
		out = append(out, p.approver(item))
	}
	return out
}

// approver reads {role: ...}, {person: ...} or {roster: ...}.
func (p *policySheet) approver(n *strictyaml.Node) soar.Approver {
	who := soar.Approver{}
	if !p.Keys(n, "who is told", []string{"role", "person", "roster"}, nil) {
		return who
	}
	if len(n.Entries) != 1 {
		p.Fault(n, ruleForm, "who is told is exactly one of role, person and roster", "write each on its own, such as [{role: soc_lead}, {roster: soc}]")
		return who
	}
	if role := n.Get("role"); role != nil {
		who.Role = p.role(role, "role")
	}
	if person := n.Get("person"); person != nil {
		who.Person = p.text(person, "person")
	}
	if roster := n.Get("roster"); roster != nil {
		who.Roster = p.text(roster, "roster")
		var names []string
		for _, known := range p.rosters {
			names = append(names, known.Name)
		}
		if !roster.Bad && !slices.Contains(names, who.Roster) {
			p.Fault(roster, ruleUnknown, fmt.Sprintf("there is no roster %.60q", who.Roster), hintOf(who.Roster, names, "rosters of rosters.yaml"))
		}
	}
	return who
}

func hintOf(name string, known []string, what string) string {
	if hint := diag.DidYouMean(name, known); hint != "" {
		return hint
	}
	if len(known) == 0 {
		return "there are no " + what
	}
	return what + ": " + diag.OneOf(known)
}

func (p *policySheet) crisis(n *strictyaml.Node) *protocol.EscalationCrisis {
	crisis := &protocol.EscalationCrisis{}
	if !p.Keys(n, "crisis", []string{"title", "team", "due", "severity", "status", "facts"}, []string{"title", "team"}) {
		return crisis
	}
	crisis.Title, crisis.Team = p.text(n.Get("title"), "title"), p.approvers(n.Get("team"), "team")
	if due := n.Get("due"); due != nil {
		crisis.DueIn = p.Duration(due, "due", waitLeast, dueMost)
	}
	if severity := n.Get("severity"); severity != nil {
		crisis.Severity = soar.Severity(p.Choice(severity, "severity", words(soar.Severities())))
	}
	if status := n.Get("status"); status != nil {
		open := slices.DeleteFunc(soar.IncidentStatuses(), soar.IncidentStatus.Ended)
		crisis.Status = soar.IncidentStatus(p.Choice(status, "status", words(open)))
	}
	if facts := n.Get("facts"); facts != nil && p.Is(facts, strictyaml.Map, "facts") {
		for _, entry := range facts.Entries {
			if !idForm.MatchString(entry.Key.Text) || !entry.Value.IsScalar() {
				p.Fault(entry.Key, ruleForm, "a fact is a name in snake_case with a text, number, true or false", "such as crisis_called: true")
			}
		}
		crisis.Facts, _ = facts.Data().(map[string]any)
	}
	return crisis
}

func (p *policySheet) continuity(n *strictyaml.Node) *protocol.EscalationContinuity {
	plan := &protocol.EscalationContinuity{}
	if !p.Keys(n, "continuity", []string{"plan", "owner", "due"}, []string{"plan", "owner"}) {
		return plan
	}
	plan.Plan = p.text(n.Get("plan"), "plan")
	plan.Owner = p.approver(n.Get("owner"))
	if due := n.Get("due"); due != nil {
		plan.DueIn = p.Duration(due, "due", waitLeast, dueMost)
	}
	return plan
}
