package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/duty"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/protocol"
)

// viaAPI says in the record by which door a decision came.
const viaAPI = "api"

type commandRoutes struct {
	commands  commander
	incidents incidentKeeper
	duties    duty.Desk
	keys      keys
}

// order is a command before it has an id.
type order struct {
	incidentID string
	key        *string
	name       string // protocol.Update...
	reason     *string
	payload    any // the update's struct of protocol, without its Command
}

func (r commandRoutes) send(ctx context.Context, o order) (gen.CommandReplyJSONResponse, error) {
	reply, err := r.commands.Command(ctx, principal(ctx), incidents.CommandRequest{
		IncidentID: o.incidentID, Name: o.name, Payload: o.payload, Reason: optional.Value(o.reason),
		RequestID: r.keys.id(ctx, o.incidentID, o.key),
	})
	return gen.CommandReplyJSONResponse(reply), err
}

// DeclareIncident changes what is known of the incident.
func (r commandRoutes) DeclareIncident(ctx context.Context, request gen.DeclareIncidentRequestObject) (gen.DeclareIncidentResponseObject, error) {
	body := request.Body
	if request.Params.IfMatch != nil {
		before, err := r.incidents.Show(ctx, principal(ctx), request.IncidentID)
		if err != nil {
			return nil, err
		}
		if !holds(request.Params.IfMatch, tagOf(before.Incident)) {
			return nil, changedMeanwhile("the incident")
		}
	}
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateDeclare, body.Reason, protocol.Declare{
		Title: optional.Value(body.Title), Severity: optional.Value(body.Severity), Impact: optional.Value(body.Impact), Urgency: optional.Value(body.Urgency),
		Category: optional.Value(body.Category), Status: optional.Value(body.Status), Owner: optional.Value(body.Owner), TLP: optional.Value(body.TLP), Facts: body.Facts,
	}})
	return gen.DeclareIncident202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// NoteIncident adds a remark.
func (r commandRoutes) NoteIncident(ctx context.Context, request gen.NoteIncidentRequestObject) (gen.NoteIncidentResponseObject, error) {
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateNote, nil, protocol.Note{Text: request.Body.Text}})
	return gen.NoteIncident202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// AcknowledgeIncident says that a person has taken notice.
func (r commandRoutes) AcknowledgeIncident(ctx context.Context, request gen.AcknowledgeIncidentRequestObject) (gen.AcknowledgeIncidentResponseObject, error) {
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateAcknowledge, optional.Value(request.Body).Reason, protocol.Control{}})
	return gen.AcknowledgeIncident202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// EscalateIncident starts an escalation policy.
func (r commandRoutes) EscalateIncident(ctx context.Context, request gen.EscalateIncidentRequestObject) (gen.EscalateIncidentResponseObject, error) {
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateEscalate, &request.Body.Reason, protocol.Escalate{Policy: request.Body.Policy}})
	return gen.EscalateIncident202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// AcknowledgeEscalation says that somebody has it.
func (r commandRoutes) AcknowledgeEscalation(ctx context.Context, request gen.AcknowledgeEscalationRequestObject) (gen.AcknowledgeEscalationResponseObject, error) {
	body := optional.Value(request.Body)
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateAcknowledgeEscalation, body.Reason, protocol.AcknowledgeEscalation{EscalationID: optional.Value(body.EscalationID)}})
	return gen.AcknowledgeEscalation202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// PauseIncident starts no further step.
func (r commandRoutes) PauseIncident(ctx context.Context, request gen.PauseIncidentRequestObject) (gen.PauseIncidentResponseObject, error) {
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdatePause, &request.Body.Reason, protocol.Control{}})
	return gen.PauseIncident202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// ResumeIncident goes on after a pause.
func (r commandRoutes) ResumeIncident(ctx context.Context, request gen.ResumeIncidentRequestObject) (gen.ResumeIncidentResponseObject, error) {
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateResume, optional.Value(request.Body).Reason, protocol.Control{}})
	return gen.ResumeIncident202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// CancelIncident stops all runs.
func (r commandRoutes) CancelIncident(ctx context.Context, request gen.CancelIncidentRequestObject) (gen.CancelIncidentResponseObject, error) {
	body := request.Body
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateCancel, &body.Reason, protocol.Cancel{Compensate: optional.Value(body.Compensate)}})
	return gen.CancelIncident202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// RetryStep runs a failed step again.
func (r commandRoutes) RetryStep(ctx context.Context, request gen.RetryStepRequestObject) (gen.RetryStepResponseObject, error) {
	body := request.Body
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateRetryStep, &body.Reason, protocol.StepCommand{Key: body.Key}})
	return gen.RetryStep202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// SkipStep goes on without a step.
func (r commandRoutes) SkipStep(ctx context.Context, request gen.SkipStepRequestObject) (gen.SkipStepResponseObject, error) {
	body := request.Body
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateSkipStep, &body.Reason, protocol.StepCommand{Key: body.Key}})
	return gen.SkipStep202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// MarkDone says that an action whose outcome is not known did happen.
func (r commandRoutes) MarkDone(ctx context.Context, request gen.MarkDoneRequestObject) (gen.MarkDoneResponseObject, error) {
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateMarkDone, &request.Body.Reason, protocol.StepCommand{Key: request.Body.Key}})
	return gen.MarkDone202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// ActOnDuty confirms or waives a duty, or says that a notice was sent.
func (r commandRoutes) ActOnDuty(ctx context.Context, request gen.ActOnDutyRequestObject) (gen.ActOnDutyResponseObject, error) {
	body := request.Body
	if body.Do == gen.Sent {
		if err := r.duties.Prove(ctx, principal(ctx), request.IncidentID, optional.Value(body.Proof)); err != nil {
			return nil, err
		}
	}
	command := protocol.DutyCommand{Duty: body.Duty, Do: string(body.Do), Proof: optional.Value(body.Proof), Sent: optional.Value(body.Sent)}
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateDuty, body.Reason, command})
	return gen.ActOnDuty202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// AddAlert puts an alert into the incident.
func (r commandRoutes) AddAlert(ctx context.Context, request gen.AddAlertRequestObject) (gen.AddAlertResponseObject, error) {
	reply, err := r.commands.Attach(ctx, principal(ctx), incidents.AttachRequest{
		IncidentID: request.IncidentID, AlertID: request.Body.AlertID, Reason: request.Body.Reason,
		RequestID: r.keys.id(ctx, request.IncidentID, request.Params.IdempotencyKey),
	})
	return gen.AddAlert202JSONResponse{CommandReplyJSONResponse: gen.CommandReplyJSONResponse(reply)}, err
}

// RunPlaybook starts one more playbook.
func (r commandRoutes) RunPlaybook(ctx context.Context, request gen.RunPlaybookRequestObject) (gen.RunPlaybookResponseObject, error) {
	body := request.Body
	run := protocol.RunPin{Playbook: body.Playbook, Version: optional.Value(body.Version), Input: body.Input, Reason: optional.Value(body.Reason)}
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateRunPlaybook, body.Reason, protocol.RunPlaybook{Run: run}})
	return gen.RunPlaybook202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// ReleaseContainment takes one containment back now.
func (r commandRoutes) ReleaseContainment(ctx context.Context, request gen.ReleaseContainmentRequestObject) (gen.ReleaseContainmentResponseObject, error) {
	body := request.Body
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateRelease, &body.Reason, protocol.Release{ContainmentID: body.ContainmentID}})
	return gen.ReleaseContainment202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// ExtendContainment moves the time at which a containment is released by itself.
func (r commandRoutes) ExtendContainment(ctx context.Context, request gen.ExtendContainmentRequestObject) (gen.ExtendContainmentResponseObject, error) {
	body := request.Body
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateExtend, &body.Reason, protocol.Extend{ContainmentID: body.ContainmentID, Until: body.Until}})
	return gen.ExtendContainment202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// SendEvent tells the incident something that a step waits for.
func (r commandRoutes) SendEvent(ctx context.Context, request gen.SendEventRequestObject) (gen.SendEventResponseObject, error) {
	body := request.Body
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateEvent, body.Reason, protocol.Event{Name: body.Name, Data: body.Data}})
	return gen.SendEvent202JSONResponse{CommandReplyJSONResponse: reply}, err
}

// CloseIncident ends the incident.
func (r commandRoutes) CloseIncident(ctx context.Context, request gen.CloseIncidentRequestObject) (gen.CloseIncidentResponseObject, error) {
	body := request.Body
	reply, err := r.send(ctx, order{request.IncidentID, request.Params.IdempotencyKey, protocol.UpdateClose, &body.Reason, protocol.Close{Resolution: body.Resolution}})
	return gen.CloseIncident202JSONResponse{CommandReplyJSONResponse: reply}, err
}
