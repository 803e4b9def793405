package incidents

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// AttachRequest puts an alert into an incident.
type AttachRequest struct {
	IncidentID string
	AlertID    string
	Reason     string
	RequestID  string // sent again, is carried out once
}

// Attach puts an alert into an incident that the rules did not put there, with a
// reason. An alert of another open incident is a conflict. The workflow hears of
// it as it hears of any other alert.
func (s *Service) Attach(ctx context.Context, p soar.Principal, request AttachRequest) (protocol.Reply, error) {
	const op = "incidents.Attach"
	if err := checkText(op, "request_id", request.RequestID, maxID); err != nil {
		return protocol.Reply{}, err
	}
	reason, err := cleanReason(op, request.Reason, true)
	if err != nil {
		return protocol.Reply{}, err
	}
	trying := attempt{p, request.IncidentID, "add alert " + soar.Shorten(request.AlertID, 100), reason}
	incident, err := s.seeToChange(ctx, trying, access.IncidentCommand, thing{op, "incident", request.IncidentID})
	if err != nil {
		return protocol.Reply{}, err
	}
	alert, err := s.seeAlert(ctx, p, thing{op, "alert", request.AlertID})
	if err != nil {
		return protocol.Reply{}, err
	}
	if alert.IncidentID == incident.ID {
		return protocol.Reply{Message: "alert " + alert.ID + " is in the incident already", Already: true}, nil
	}
	alert.IncidentID = incident.ID
	update := protocol.AddAlert{Command: protocol.Command{ID: request.RequestID, By: p.Actor, Reason: reason, At: s.now()}, Alert: alert}
	if err := s.store.IncidentJoin(ctx, incident.ID, alert.ID, update); err != nil {
		return protocol.Reply{}, s.refuse(ctx, trying, err)
	}
	reply, delivered, err := s.deliver(ctx, order{incident.ID, protocol.UpdateAddAlert, request.RequestID, update, commandWait, false})
	if err == nil && !delivered {
		return protocol.Reply{Message: accepted}, nil
	}
	return reply, err
}
