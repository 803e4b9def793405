package app

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/tocsin-soar/tocsin/internal/observe/metrics"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// incidentRunner is the Temporal side of the outbox.
type incidentRunner interface {
	StartIncident(ctx context.Context, input protocol.IncidentInput) (already bool, err error)
	UpdateIncident(ctx context.Context, incidentID, update, updateID string, payload json.RawMessage) (protocol.Reply, error)
}

// dispatcher turns a stored alert into an incident.
type dispatcher interface {
	Dispatch(ctx context.Context, alertID string) error
}

// recorder writes what became of a delivery.
type recorder interface {
	RecordAppend(ctx context.Context, chain string, events ...record.Payload) error
}

// deliveries are the outbox's handlers for alerts and incidents.
type deliveries struct {
	runner   incidentRunner
	intake   dispatcher
	recorder recorder
	metrics  *metrics.Metrics
	clock    clock
	log      *slog.Logger
}

func (d deliveries) dispatchAlert(ctx context.Context, item soar.OutboxItem) error {
	payload, err := decode[soar.AlertDispatch](item)
	if err != nil {
		return err
	}
	return d.intake.Dispatch(ctx, payload.AlertID)
}

func (d deliveries) startIncident(ctx context.Context, item soar.OutboxItem) error {
	input, err := decode[protocol.IncidentInput](item)
	if err != nil {
		return err
	}
	already, err := d.runner.StartIncident(ctx, input)
	if already {
		d.log.InfoContext(ctx, "the incident runs already", "incident", input.Incident.ID)
	} else if err == nil && len(input.Alerts) > 0 {
		d.metrics.IncidentOpened(d.clock().Sub(input.Alerts[0].ReceivedAt))
	}
	return err
}

// updateIncident delivers a committed command. A refusal by the workflow, or a
// workflow that has ended, is final: it goes into the record and the command is
// done with.
func (d deliveries) updateIncident(ctx context.Context, item soar.OutboxItem) error {
	update, err := decode[soar.IncidentUpdate](item)
	if err != nil {
		return err
	}
	_, err = d.runner.UpdateIncident(ctx, update.IncidentID, update.Update, update.UpdateID, update.Payload)
	switch soar.CodeOf(err) {
	case soar.CodeConflict, soar.CodeInvalid, soar.CodeNotFound:
		d.log.WarnContext(ctx, "an update was refused", "incident", update.IncidentID, "update", update.Update, "error", err)
		return d.recorder.RecordAppend(ctx, update.IncidentID, d.refusal(update, err))
	default:
		return err
	}
}

func (d deliveries) refusal(update soar.IncidentUpdate, cause error) record.Payload {
	data, err := json.Marshal(map[string]string{"update": update.Update, "update_id": update.UpdateID})
	if err != nil {
		data = nil // two plain strings always marshal
	}
	return record.Payload{
		At: d.clock().UTC(), Kind: protocol.EventCommandRefused, By: soar.System("outbox"),
		Text: "The incident did not take " + update.Update + ": " + soar.Shorten(soar.MessageOf(cause), 500), Data: data,
	}
}

// decode reads an item's payload; one that cannot be read will never be, and is
// parked for a person.
func decode[T any](item soar.OutboxItem) (T, error) {
	var payload T
	if err := json.Unmarshal(item.Payload, &payload); err != nil {
		return payload, soar.Wrap(soar.CodeInvalid, "app.deliver", err, "outbox item %d cannot be read", item.ID)
	}
	return payload, nil
}
