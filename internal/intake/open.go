package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// titleMost bounds the title that an incident takes from its alert, in bytes.
const titleMost = 200

// open makes an incident of an alert. former is the ended incident that the alert
// belonged to before: what comes again after the end is a new incident.
func (s *Service) open(ctx context.Context, alert soar.Alert, assessment soar.Assessment, group policy.Group, former string) error {
	incident := s.newIncident(alert, assessment, former)
	for length := idShortest; length <= idLongest; length += 2 {
		incident.ID = incidentID(alert.ReceivedAt, alert.ID+"/"+former, length)
		order, events, err := s.order(ctx, incident, alert, assessment, group)
		if err != nil {
			return err
		}
		err = s.store.IncidentOpen(ctx, order, events...)
		if soar.CodeOf(err) != soar.CodeConflict {
			return wrap(err, "open incident for alert "+alert.ID)
		}
		taken, takenErr := s.taken(ctx, incident.ID)
		if takenErr != nil {
			return takenErr
		}
		if !taken {
			return wrap(err, "open incident for alert "+alert.ID)
		}
		// Another alert's incident has this id: take a longer one. If it is this
		// alert's own, opened a moment ago, the link is found by the next try.
		if linked, err := s.store.AlertGet(ctx, alert.ID); err != nil || linked.IncidentID == incident.ID {
			return wrap(err, "look for alert "+alert.ID)
		}
	}
	return soar.Errorf(soar.CodeConflict, "intake.open", "all ids for the incident of alert %s are taken", alert.ID)
}

func wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// taken tells whether an incident has this id.
func (s *Service) taken(ctx context.Context, id string) (bool, error) {
	_, err := s.store.IncidentGet(ctx, id)
	if soar.CodeOf(err) == soar.CodeNotFound {
		return false, nil
	}
	return err == nil, wrap(err, "look for incident "+id)
}

// newIncident is the incident as it starts. Its clocks run from the moment the
// alert was received, so that what waited in the queue is not for free; a new
// incident after an ended one starts now.
func (s *Service) newIncident(alert soar.Alert, assessment soar.Assessment, former string) soar.Incident {
	opened := alert.ReceivedAt
	if former != "" {
		opened = s.now()
	}
	title := soar.Shorten(strings.TrimSpace(alert.Title), titleMost)
	if title == "" {
		title = "Alert from " + alert.Source
	}
	return soar.Incident{
		Title: title, Status: soar.StatusAssessed, Severity: assessment.Severity, Impact: assessment.Impact, Urgency: assessment.Urgency,
		Category: assessment.Category, TLP: soar.TLPAmber, OpenedBy: sender(alert), OpenedAt: opened,
	}
}

// order is what the store commits: the workflow's input and the first entries of
// the incident's record.
func (s *Service) order(ctx context.Context, incident soar.Incident, alert soar.Alert, assessment soar.Assessment, group policy.Group) (protocol.OpenIncident, []record.Payload, error) {
	runs := s.matching(ctx, incident, alert, nil)
	settings := s.settings
	settings.Preauthorised, settings.Approvals = s.policy.PreauthorisedNames(s.now()), s.policy.Approvals
	alert.IncidentID = incident.ID
	order := protocol.OpenIncident{
		Input: protocol.IncidentInput{
			Incident: incident, Alerts: []soar.Alert{alert}, Assessment: assessment,
			Policy: s.policy.Objectives, Runs: runs, Settings: settings,
		},
		AlertID: alert.ID, CorrelationKey: group.Key,
	}
	if group.Key != "" {
		order.CorrelateSince = s.now().Add(-group.Within)
	}
	events, err := s.firstEntries(order.Input, alert, group)
	return order, events, err
}

// firstEntries say what was received and how it was judged, and by which policy.
func (s *Service) firstEntries(input protocol.IncidentInput, alert soar.Alert, group policy.Group) ([]record.Payload, error) {
	opened, err := json.Marshal(struct {
		Alert     any               `json:"alert"`
		Rule      string            `json:"correlation_rule,omitempty"`
		Policy    string            `json:"policy_sha256"`
		Playbooks []protocol.RunPin `json:"playbooks,omitempty"`
	}{openedBy(alert), group.Rule, s.policy.Digest, input.Runs})
	if err != nil {
		return nil, fmt.Errorf("encode record entry: %w", err)
	}
	judged, err := json.Marshal(input.Assessment)
	if err != nil {
		return nil, fmt.Errorf("encode record entry: %w", err)
	}
	at := s.now()
	return []record.Payload{
		{At: at, Kind: protocol.EventIncidentOpened, By: input.Incident.OpenedBy, Data: opened,
			Text: soar.Shorten(fmt.Sprintf("Opened by an alert from %s: %s", alert.Source, alert.Title), 500)},
		{At: at, Kind: protocol.EventIncidentAssessed, By: input.Assessment.By, Data: judged,
			Text: soar.Shorten(fmt.Sprintf("Assessed as %s, severity %s, by criterion %s: %s", input.Assessment.Category, input.Assessment.Severity, input.Assessment.Criterion, input.Assessment.Reason), 500)},
	}, nil
}

// openedBy is what the record says of an alert: enough to find it and to see that
// its bytes are still the same, none of its text.
func openedBy(alert soar.Alert) map[string]any {
	return map[string]any{
		"id": alert.ID, "source": alert.Source, "fingerprint": alert.Fingerprint, "parsed": alert.Parsed,
		"raw_sha256": alert.RawSHA256, "raw_bytes": alert.RawBytes, "received_at": alert.ReceivedAt, "occurred_at": alert.OccurredAt,
	}
}
