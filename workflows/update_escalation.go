package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// handleEscalations registers what is done about escalations. Whoever acknowledges
// is written down; whether he was told does not matter, because somebody has it.
func (i *incident) handleEscalations(ctx workflow.Context) error {
	return all(
		install(ctx, i, update[protocol.Escalate]{
			name: protocol.UpdateEscalate, about: "Start an escalation policy: tell people until somebody acknowledges.", last: whileOpen,
			check: func(e protocol.Escalate) error {
				if e.Policy == "" {
					return fmt.Errorf("the command does not name a policy")
				}
				return needReason(e.Command)
			},
			do: i.escalate,
		}),
		install(ctx, i, update[protocol.AcknowledgeEscalation]{
			name: protocol.UpdateAcknowledgeEscalation, about: "Say that somebody has taken on what an escalation is about.",
			check: func(a protocol.AcknowledgeEscalation) error { return i.Case.MayAcknowledge(a.EscalationID, a.By) },
			do: func(a protocol.AcknowledgeEscalation) protocol.Reply {
				return reply("acknowledged: %s", strings.Join(i.Case.AcknowledgeEscalation(a.EscalationID, a.By, i.Now()), ", "))
			},
		}),
	)
}

func (i *incident) escalate(e protocol.Escalate) protocol.Reply {
	policy, started := i.Case.Escalate(soar.Escalation{Policy: e.Policy, Reason: e.Reason, StartedBy: e.By}, i.Now())
	if !started {
		return reply("policy %s is under way already as %s", e.Policy, policy.ID)
	}
	return reply("escalation %s by policy %s has started", policy.ID, e.Policy)
}
