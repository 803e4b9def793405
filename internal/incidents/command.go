package incidents

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// accepted answers for a command that the workflow was not yet told of.
const accepted = "accepted, will be carried out"

// Command commits an order to an incident with its record entry, and tells the
// workflow at once. The reply is the workflow's; when that cannot be reached, it
// says that the command will be carried out: the outbox does it. Sent again under
// the same id it is carried out once. Who may not gets denied, what the incident
// is not in a state for is a conflict, and both go into its record.
func (s *Service) Command(ctx context.Context, p soar.Principal, request CommandRequest) (protocol.Reply, error) {
	const op = "incidents.Command"
	rule, ok := ruleOf(request.Name)
	if !ok {
		return protocol.Reply{}, invalid(op, "name", "%s is not a command for incidents", soar.Shorten(request.Name, 100))
	}
	if err := checkText(op, "request_id", request.RequestID, maxID); err != nil {
		return protocol.Reply{}, err
	}
	reason, err := cleanReason(op, request.Reason, rule.reason)
	if err != nil {
		return protocol.Reply{}, err
	}
	trying := attempt{p, request.IncidentID, "send " + request.Name, reason}
	incident, err := s.seeToChange(ctx, trying, rule.needs, thing{op, "incident", request.IncidentID})
	if err != nil {
		return protocol.Reply{}, err
	}
	header := protocol.Command{ID: request.RequestID, By: p.Actor, Reason: reason, At: s.now()}
	payload, err := rule.take(op, request.Payload, header)
	if err != nil {
		return protocol.Reply{}, err
	}
	if err := s.knownPolicy(op, payload); err != nil {
		return protocol.Reply{}, err
	}
	if payload, err = s.chooseVersion(ctx, op, payload); err != nil {
		return protocol.Reply{}, err
	}
	return s.command(ctx, trying, order{request.IncidentID, request.Name, request.RequestID, payload, commandWait, incident.Status.Ended()})
}

// command commits and delivers.
func (s *Service) command(ctx context.Context, trying attempt, o order) (protocol.Reply, error) {
	const op = "incidents.command"
	raw, err := json.Marshal(o.payload)
	if err != nil {
		return protocol.Reply{}, soar.Wrap(soar.CodeInvalid, op, err, "the command cannot be written as JSON")
	}
	if len(raw) > maxPayload {
		return protocol.Reply{}, soar.Errorf(soar.CodeInvalid, op, "the command has %d bytes, at most %d are taken", len(raw), maxPayload)
	}
	text := fmt.Sprintf("%s asked for %s", trying.p.Actor.ID, o.name)
	if trying.reason != "" {
		text += ": " + trying.reason
	}
	event := record.Payload{
		At: s.now(), Kind: protocol.EventCommand, By: trying.p.Actor, Text: soar.Shorten(text, maxText),
		Data: data(map[string]any{"update": o.name, "payload": json.RawMessage(raw), "token": trying.p.Token}),
	}
	if err := s.store.CommandInsert(ctx, o.incidentID, o.name, o.id, o.payload, event); err != nil {
		return protocol.Reply{}, s.refuse(ctx, trying, err)
	}
	reply, delivered, err := s.deliver(ctx, o)
	if err == nil && !delivered {
		return protocol.Reply{Message: accepted}, nil
	}
	return reply, err
}

// knownPolicy refuses a policy that escalation.yaml does not have: later nobody would
// look at the answer.
func (s *Service) knownPolicy(op string, payload any) error {
	asked, ok := payload.(protocol.Escalate)
	if !ok || s.policy.EscalationPolicy(asked.Policy).Name != "" {
		return nil
	}
	return invalid(op, "policy", "there is no escalation policy %s; there are %s", asked.Policy, strings.Join(s.policy.EscalationNames(), ", "))
}

// chooseVersion finds the playbook that is to run. Without a version only whether
// there is one is looked at: the workflow takes the active one when it starts it.
func (s *Service) chooseVersion(ctx context.Context, op string, payload any) (any, error) {
	run, ok := payload.(protocol.RunPlaybook)
	if !ok || s.pins == nil {
		return payload, nil
	}
	pin, err := s.pins.Pin(ctx, protocol.PinRequest{Playbook: run.Run.Playbook, Version: run.Run.Version})
	if soar.CodeOf(err) == soar.CodeNotFound {
		return nil, invalid(op, "playbook", "%s", soar.MessageOf(err))
	}
	if err != nil {
		return nil, fmt.Errorf("look for playbook %s: %w", run.Run.Playbook, err)
	}
	if run.Run.Version != "" {
		run.Run.Digest = pin.Digest
	}
	return run, nil
}
