package policy

import (
	"slices"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// quorumMost bounds how many persons a rule asks for.
const quorumMost = 10

// demanding is what the rules of approvals.yaml may read; workflows/asking gives the
// values. It is small on purpose: an incident keeps the rules that it was opened
// with, and must be able to judge by them for as long as it lives.
func demanding() expression.Environment {
	return expression.Environment{
		"incident": expression.ObjectOf(map[string]*expression.Type{
			"severity": expression.EnumOf(words(soar.Severities())...), "category": expression.EnumOf(words(soar.Categories())...),
			"impact": expression.EnumOf(append(words(soar.Levels()), "")...), "urgency": expression.EnumOf(append(words(soar.Levels()), "")...),
			"tlp": expression.EnumOf(words(soar.TLPs())...),
		}),
		"risk":    expression.EnumOf(words(soar.Risks())...),
		"actions": expression.ListOf(expression.Text()),
	}
}

// approvals reads the rules that ask for more than a playbook does.
func (s *sheet) approvals(root *strictyaml.Node) []protocol.ApprovalRule {
	if !s.Keys(root, "the file", []string{"version", "rules"}, []string{"version", "rules"}) {
		return nil
	}
	s.version(root.Get("version"))
	var rules []protocol.ApprovalRule
	seen := map[string]bool{}
	for _, n := range s.items(root.Get("rules"), "rules") {
		if !s.Keys(n, "a rule", []string{"name", "when", "needs", "quorum"}, []string{"name", "when"}) {
			continue
		}
		rule := protocol.ApprovalRule{Name: s.id(n.Get("name"), "name", seen)}
		s.expression(n.Get("when"), demanding(), expression.Bool())
		rule.When = n.Get("when").Text
		for _, item := range s.items(n.Get("needs"), "needs") {
			rule.Needs = append(rule.Needs, s.decider(item))
		}
		if quorum := n.Get("quorum"); quorum != nil {
			rule.Quorum = s.Int(quorum, "quorum", 1, quorumMost)
		}
		if n.Get("needs") == nil && n.Get("quorum") == nil {
			s.Fault(n, ruleEmpty, "this rule asks for nothing", "give needs, quorum or both")
		}
		rules = append(rules, rule)
	}
	return rules
}

// decider reads a role that may decide approvals: another could never say yes.
func (s *sheet) decider(n *strictyaml.Node) soar.Role {
	role := s.role(n, "a role")
	if !n.Bad && !slices.Contains(access.Granted(role), access.ApprovalDecide) {
		s.Fault(n, ruleForm, "the role "+string(role)+" decides no approvals, so nothing would ever be approved", "soc_lead, incident_commander or ciso")
	}
	return role
}
