package asking

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// demand is what approvals.yaml asks for on top of a playbook.
type demand struct {
	quorum int
	needs  []soar.Approver
	rules  []string
}

// demand evaluates the rules that the incident was opened with. A rule that cannot be
// evaluated fits: what is not known is asked for.
func (d Desk) demand(a *state.Approval) demand {
	out := demand{quorum: max(a.Floor, 1)}
	vars := d.vars(a)
	for _, rule := range d.Case.Settings.Approvals {
		if value, err := d.Evaluate(rule.When, vars); err == nil && value != true {
			continue
		}
		out.rules = append(out.rules, rule.Name)
		out.quorum = max(out.quorum, rule.Quorum)
		for _, role := range rule.Needs {
			if !slices.ContainsFunc(out.needs, func(who soar.Approver) bool { return who.Role == role }) {
				out.needs = append(out.needs, soar.Approver{Role: role})
			}
		}
	}
	return out
}

// vars are what rules may read; internal/policy has their types.
func (d Desk) vars(a *state.Approval) map[string]any {
	i, actions := d.Case.Incident, make([]any, 0, len(a.Bound))
	for _, bound := range a.Bound {
		actions = append(actions, bound.Action)
	}
	return map[string]any{
		"incident": map[string]any{
			"severity": string(i.Severity), "category": string(i.Category), "impact": string(i.Impact), "urgency": string(i.Urgency), "tlp": string(i.TLP),
		},
		"risk": string(a.Risk()), "actions": actions,
	}
}

// Judge puts the demand on a request that is about to be asked.
func (d Desk) Judge(a *state.Approval) {
	a.Floor = max(a.Quorum, 1)
	if len(d.Case.Settings.Approvals) == 0 {
		return
	}
	wanted := d.demand(a)
	a.Quorum, a.Needs = wanted.quorum, wanted.needs
}

// Follow judges the open requests again after the severity or category changed. What
// was decided stays counted, and may be enough now. By is who changed it.
func (d Desk) Follow(by soar.Actor) {
	if len(d.Case.Settings.Approvals) == 0 {
		return
	}
	for _, a := range d.Case.Approvals {
		if a.Open() {
			d.follow(a, by)
		}
	}
}

// follow changes one request. Whoever brings the demand down by declaring the incident
// less severe has no part in the decision: four eyes would else be one pair.
func (d Desk) follow(a *state.Approval, by soar.Actor) {
	wanted := d.demand(a)
	fresh := missing(wanted.needs, a.Needs)
	lower := wanted.quorum < a.Quorum || len(missing(a.Needs, wanted.needs)) > 0
	if len(fresh) == 0 && !lower && wanted.quorum == a.Quorum {
		return
	}
	if lower && by.Kind == soar.ActorPerson {
		if a.DecidedBy(by) {
			d.tell(a, by, protocol.EventApprovalChanged, "Approval "+a.ID+" needs what it did before: "+by.ID+" has decided it and cannot lower what it needs", nil)
			return
		}
		a.Shut(by)
	}
	for i := range wanted.needs {
		wanted.needs[i].Since = d.M.Now()
		for _, before := range a.Needs {
			if before.Role == wanted.needs[i].Role {
				wanted.needs[i].Since = before.Since
			}
		}
	}
	a.Quorum, a.Needs = wanted.quorum, wanted.needs
	text := d.describe(a, wanted)
	d.tell(a, by, protocol.EventApprovalChanged, text, map[string]any{"approval": a.ID, "quorum": a.Quorum, "needs": a.Needs, "rules": wanted.rules})
	d.say(a, MessageChanged, a.Approvers, text)
	if len(fresh) > 0 {
		d.Ask(a, MessageRequested, fresh)
	}
	a.Settle(d.M.Now())
	d.touch(a)
}

// missing gives those of list that other has not.
func missing(list, other []soar.Approver) []soar.Approver {
	var out []soar.Approver
	for _, who := range list {
		if !slices.ContainsFunc(other, func(o soar.Approver) bool { return o.Role == who.Role }) {
			out = append(out, who)
		}
	}
	return out
}

func (d Desk) describe(a *state.Approval, wanted demand) string {
	text := "Approval " + a.ID + " needs one yes now"
	if a.Quorum > 1 {
		text = fmt.Sprintf("Approval %s needs the yes of %d persons now", a.ID, a.Quorum)
	}
	for _, need := range a.Needs {
		text += ", and that of " + need.Name()
	}
	text += fmt.Sprintf(": the incident is %s, %s", d.Case.Incident.Severity, d.Case.Incident.Category)
	if len(wanted.rules) > 0 {
		text += " (" + strings.Join(wanted.rules, ", ") + ")"
	}
	return text
}
