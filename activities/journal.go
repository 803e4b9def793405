package activities

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/protocol"
)

// Journal is journal_write: events into the record, views into the projection,
// messages into the outbox, in one transaction, once.
func (a *Activities) Journal(ctx context.Context, batch protocol.JournalBatch) (protocol.JournalReceipt, error) {
	receipt, err := a.deps.Store.JournalWrite(ctx, batch)
	return receipt, passOn(err)
}

// Decisions is decisions_committed: what people decided and the workflow may not have
// been told of.
func (a *Activities) Decisions(ctx context.Context, request protocol.DecisionsRequest) (protocol.CommittedDecisions, error) {
	committed, err := a.deps.Store.DecisionsCommitted(ctx, request)
	return committed, passOn(err)
}

// Match is playbooks_match: which playbooks fit the incident as it is now.
func (a *Activities) Match(ctx context.Context, request protocol.MatchRequest) (protocol.MatchResult, error) {
	result, err := a.deps.Playbooks.Match(ctx, request)
	return result, passOn(err)
}

// EscalationPolicy is escalation_policy: a policy by its name as it is now.
func (a *Activities) EscalationPolicy(_ context.Context, request protocol.EscalationRequest) (protocol.EscalationPolicy, error) {
	if a.deps.EscalationPolicy == nil {
		return protocol.EscalationPolicy{}, nil
	}
	return a.deps.EscalationPolicy(request.Policy), nil
}

// Pin is playbook_pin: a playbook's active version by its name.
func (a *Activities) Pin(ctx context.Context, request protocol.PinRequest) (protocol.RunPin, error) {
	pin, err := a.deps.Playbooks.Pin(ctx, request)
	return pin, passOn(err)
}
