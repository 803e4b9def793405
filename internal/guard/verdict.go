package guard

import "fmt"

// Rule names the check that refused. It stands in the record entry.
type Rule string

// Rules, in the order in which they are asked.
const (
	RuleTarget    Rule = "target"
	RuleRisk      Rule = "risk"
	RuleFreeze    Rule = "freeze"
	RuleProtected Rule = "protected"
	RuleApproval  Rule = "approval"
	RuleBudget    Rule = "budget"
)

// Verdict is the guard's answer. Reason is one sentence for people; it is empty
// when the action may go ahead.
type Verdict struct {
	Allowed bool
	Rule    Rule
	Reason  string
}

func allow() Verdict { return Verdict{Allowed: true} }

func refuse(rule Rule, format string, args ...any) Verdict {
	return Verdict{Rule: rule, Reason: fmt.Sprintf(format, args...)}
}
