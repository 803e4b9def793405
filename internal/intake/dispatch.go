package intake

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// dispatchTries bounds how often one dispatch looks again after somebody else was
// faster; then the outbox brings it back later.
const dispatchTries = 5

// Dispatch finds out what an alert means: it joins the open incident it belongs
// to, or it is assessed and stays an event, or it opens an incident. Doing it again
// changes nothing. not_found when there is no such alert.
func (s *Service) Dispatch(ctx context.Context, alertID string) error {
	var last error
	for range dispatchTries {
		alert, err := s.store.AlertGet(ctx, alertID)
		if err != nil {
			return fmt.Errorf("dispatch: %w", err)
		}
		if last = s.dispatch(ctx, alert); soar.CodeOf(last) != soar.CodeConflict {
			return last
		}
		// A conflict: another alert opened the incident, or the incident ended.
	}
	return soar.Wrap(soar.CodeUnavailable, "intake.Dispatch", last, "alert %s meets others all the time, it is tried again later", alertID)
}

// dispatch is one try. A conflict means that the world changed meanwhile.
func (s *Service) dispatch(ctx context.Context, alert soar.Alert) error {
	former := ""
	if alert.IncidentID != "" {
		incident, err := s.store.IncidentGet(ctx, alert.IncidentID)
		if err != nil {
			return fmt.Errorf("dispatch: %w", err)
		}
		if !incident.Status.Ended() {
			return s.sentAgain(ctx, alert, incident)
		}
		former = incident.ID
	}
	group, grouped := s.policy.Correlate(alert)
	if grouped {
		incident, err := s.store.IncidentFindOpen(ctx, group.Key, s.now().Add(-group.Within))
		switch {
		case err == nil:
			return s.join(ctx, alert, incident, "belongs to this incident by rule "+group.Rule)
		case soar.CodeOf(err) != soar.CodeNotFound:
			return fmt.Errorf("dispatch: %w", err)
		}
	}
	assessment := s.policy.Assess(alert, s.now())
	if !assessment.Incident {
		return s.stayEvent(ctx, alert, assessment)
	}
	return s.open(ctx, alert, assessment, group, former)
}

// sentAgain tells an open incident that its alert came again with a worse rating
// than the incident has. Otherwise there is nothing to do: it is linked.
func (s *Service) sentAgain(ctx context.Context, alert soar.Alert, incident soar.Incident) error {
	if alert.Count < 2 || alert.Severity.Rank() <= incident.Severity.Rank() {
		return nil
	}
	return s.join(ctx, alert, incident, "sent again, now rated "+string(alert.Severity))
}

// join puts the alert into an open incident. The command's id follows from alert
// and severity, so the same news is told once.
func (s *Service) join(ctx context.Context, alert soar.Alert, incident soar.Incident, why string) error {
	update := protocol.AddAlert{
		Command: protocol.Command{ID: "alert:" + alert.ID + ":" + incident.ID + ":" + string(alert.Severity), By: sender(alert), Reason: why, At: s.now()},
		Alert:   slim(alert),
	}
	update.Alert.IncidentID = incident.ID
	if err := s.store.IncidentJoin(ctx, incident.ID, alert.ID, update); err != nil {
		return fmt.Errorf("join alert %s: %w", alert.ID, err)
	}
	return nil
}

// stayEvent writes down why an alert is no incident.
func (s *Service) stayEvent(ctx context.Context, alert soar.Alert, assessment soar.Assessment) error {
	data, err := json.Marshal(struct {
		AlertID    string          `json:"alert_id"`
		Source     string          `json:"source"`
		Severity   soar.Severity   `json:"severity,omitempty"`
		Assessment soar.Assessment `json:"assessment"`
	}{alert.ID, alert.Source, alert.Severity, assessment})
	if err != nil {
		return fmt.Errorf("write down the assessment of alert %s: %w", alert.ID, err)
	}
	event := record.Payload{
		At: assessment.At, Kind: protocol.EventAlertAssessed, By: assessment.By, Data: data,
		Text: soar.Shorten(fmt.Sprintf("Alert %s is an event, no incident: %s (%s)", alert.ID, assessment.Reason, assessment.Criterion), 500),
	}
	if err := s.store.RecordAppend(ctx, record.ChainSystem, event); err != nil {
		return fmt.Errorf("write down the assessment of alert %s: %w", alert.ID, err)
	}
	return nil
}

// slim leaves out what an incident reads of its first alert only. The whole alert
// is in the store.
func slim(alert soar.Alert) soar.Alert {
	alert.Fields, alert.Description = nil, soar.Shorten(alert.Description, 1<<10)
	return alert
}

// sender is the tool that sent the alert.
func sender(alert soar.Alert) soar.Actor { return soar.Actor{Kind: soar.ActorTool, ID: alert.Source} }
