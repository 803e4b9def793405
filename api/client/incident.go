package client

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// IncidentQuery narrows a list of incidents.
type IncidentQuery struct {
	Status   soar.IncidentStatus
	Severity soar.Severity
	Category soar.Category
	Owner    string
	Open     *bool
	Query    string
	Since    *time.Time // opened at or after
	Until    *time.Time // opened before
	Page
}

// Incidents gives one page.
func (c *Client) Incidents(ctx context.Context, q IncidentQuery) (*gen.IncidentPage, error) {
	r, err := c.api.ListIncidentsWithResponse(ctx, &gen.ListIncidentsParams{
		Status: optional(q.Status), Severity: optional(q.Severity), Category: optional(q.Category), Owner: optional(q.Owner),
		Open: q.Open, Q: optional(q.Query), Since: q.Since, Until: q.Until, Limit: q.limit(), After: q.after(),
	})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Incident gives one incident with all that belongs to it.
func (c *Client) Incident(ctx context.Context, id string) (*gen.IncidentDetail, error) {
	r, err := c.api.ShowIncidentWithResponse(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// IncidentOpen opens an incident. key makes it happen once; see NewKey.
func (c *Client) IncidentOpen(ctx context.Context, key string, body gen.OpenIncident) (*gen.Incident, error) {
	r, err := c.api.OpenIncidentWithResponse(ctx, &gen.OpenIncidentParams{IdempotencyKey: &key}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON201)
}

// Command is one command to an incident: one of the gen.*Command structs, except
// those of which several operations take the same, which have their own type here.
type Command any

// Commands whose body says too little to tell them apart.
type (
	// Acknowledge says that a person has taken notice.
	Acknowledge gen.PlainCommand
	// Resume goes on after a pause.
	Resume gen.PlainCommand
	// Pause starts no further step.
	Pause gen.ReasonedCommand
	// RetryStep runs a failed step again.
	RetryStep gen.StepCommand
	// SkipStep goes on without a step.
	SkipStep gen.StepCommand
	// MarkDone says that an action whose outcome is not known did happen.
	MarkDone gen.StepCommand
)

// Command sends one. key makes it happen once; see NewKey.
func (c *Client) Command(ctx context.Context, incidentID, key string, command Command) (*gen.CommandReply, error) {
	reply, err := c.dispatch(ctx, incidentID, key, command)
	if err != nil {
		return nil, err
	}
	return answer(reply)
}

func (c *Client) dispatch(ctx context.Context, id, key string, command Command) (*gen.CommandReply, error) {
	switch body := command.(type) {
	case Acknowledge:
		r, err := c.api.AcknowledgeIncidentWithResponse(ctx, id, &gen.AcknowledgeIncidentParams{IdempotencyKey: &key}, gen.PlainCommand(body))
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.EscalateCommand:
		r, err := c.api.EscalateIncidentWithResponse(ctx, id, &gen.EscalateIncidentParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.AcknowledgeEscalationCommand:
		r, err := c.api.AcknowledgeEscalationWithResponse(ctx, id, &gen.AcknowledgeEscalationParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case Resume:
		r, err := c.api.ResumeIncidentWithResponse(ctx, id, &gen.ResumeIncidentParams{IdempotencyKey: &key}, gen.PlainCommand(body))
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case Pause:
		r, err := c.api.PauseIncidentWithResponse(ctx, id, &gen.PauseIncidentParams{IdempotencyKey: &key}, gen.ReasonedCommand(body))
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case RetryStep:
		r, err := c.api.RetryStepWithResponse(ctx, id, &gen.RetryStepParams{IdempotencyKey: &key}, gen.StepCommand(body))
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case SkipStep:
		r, err := c.api.SkipStepWithResponse(ctx, id, &gen.SkipStepParams{IdempotencyKey: &key}, gen.StepCommand(body))
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case MarkDone:
		r, err := c.api.MarkDoneWithResponse(ctx, id, &gen.MarkDoneParams{IdempotencyKey: &key}, gen.StepCommand(body))
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.DutyCommand:
		r, err := c.api.ActOnDutyWithResponse(ctx, id, &gen.ActOnDutyParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.AddAlertCommand:
		r, err := c.api.AddAlertWithResponse(ctx, id, &gen.AddAlertParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.DeclareCommand:
		r, err := c.api.DeclareIncidentWithResponse(ctx, id, &gen.DeclareIncidentParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.NoteCommand:
		r, err := c.api.NoteIncidentWithResponse(ctx, id, &gen.NoteIncidentParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.CancelCommand:
		r, err := c.api.CancelIncidentWithResponse(ctx, id, &gen.CancelIncidentParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.RunPlaybookCommand:
		r, err := c.api.RunPlaybookWithResponse(ctx, id, &gen.RunPlaybookParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.ReleaseCommand:
		r, err := c.api.ReleaseContainmentWithResponse(ctx, id, &gen.ReleaseContainmentParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.ExtendCommand:
		r, err := c.api.ExtendContainmentWithResponse(ctx, id, &gen.ExtendContainmentParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.EventCommand:
		r, err := c.api.SendEventWithResponse(ctx, id, &gen.SendEventParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	case gen.CloseCommand:
		r, err := c.api.CloseIncidentWithResponse(ctx, id, &gen.CloseIncidentParams{IdempotencyKey: &key}, body)
		return reply(r, err, func() *gen.CommandReply { return r.JSON202 })
	default:
		return nil, soar.Errorf(soar.CodeInternal, "client.Command", "there is no command %T", command)
	}
}

// reply reads the body only when there is an answer.
func reply[R any](_ R, err error, body func() *gen.CommandReply) (*gen.CommandReply, error) {
	if err != nil {
		return nil, err
	}
	return body(), nil
}
