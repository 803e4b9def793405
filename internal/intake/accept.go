package intake

import (
	"context"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Receipt says what became of one alert. It is given once the alert is committed.
type Receipt struct {
	AlertID    string
	Duplicate  bool   // the same event was sent before; it is counted
	IncidentID string // set when the alert belongs to an incident already
	Parsed     bool
	ParseError string // why nobody could read it; it is kept and looked at all the same
}

// Accept stores what a detection tool sent, all of a body in one transaction, and
// gives one receipt for each alert in it. Errors: denied when the caller may not send for this source, not_found for a
// source without a mapping, limited when the sender is too fast, invalid for a body
// that holds no alert, unavailable when nothing could be committed. After an error the sender sends all of it again:
// what was stored already is then a duplicate.
func (s *Service) Accept(ctx context.Context, p soar.Principal, source, contentType string, body []byte) ([]Receipt, error) {
	if err := s.Permits(p, source); err != nil {
		return nil, err
	}
	if err := s.limiter.admit(p, s.clock()); err != nil {
		return nil, err
	}
	messages, err := s.read(ctx, source, contentType, body)
	if err != nil {
		return nil, err
	}
	alerts := make([]soar.NewAlert, len(messages))
	for i, message := range messages {
		alerts[i] = s.incoming(message)
	}
	stored, err := s.gatherer.store(ctx, alerts)
	if err != nil {
		return nil, fmt.Errorf("keep %d alerts: %w", len(alerts), err)
	}
	receipts := make([]Receipt, len(stored))
	for i, kept := range stored {
		receipts[i] = Receipt{
			AlertID: kept.Alert.ID, Duplicate: kept.Duplicate, IncidentID: kept.Alert.IncidentID,
			Parsed: kept.Alert.Parsed, ParseError: kept.Alert.ParseError,
		}
	}
	return receipts, nil
}

// read makes alerts of a body. Not all processors read at once: whoever waits for the
// database's answer, with others waiting for his commit, would else stand in line
// behind every body that there is to read.
func (s *Service) read(ctx context.Context, source, contentType string, body []byte) ([]mapping.Message, error) {
	select {
	case s.readers <- struct{}{}:
		defer func() { <-s.readers }()
	case <-ctx.Done():
		return nil, soar.Wrap(soar.CodeUnavailable, "intake.read", ctx.Err(), "the sender did not wait for the answer")
	}
	if message, ok := introduction(source, body); ok {
		return []mapping.Message{message}, nil
	}
	return s.sources.Find(source).Read(contentType, body)
}

// Permits gives nil when the caller may send alerts for the source: denied when he may
// not, not_found when it has no mapping.
func (s *Service) Permits(p soar.Principal, source string) error {
	const op = "intake.Permits"
	if err := access.Require(p, access.AlertSend, op); err != nil {
		return err
	}
	if !speaksFor(p, source) {
		return soar.Errorf(soar.CodeDenied, op, "this token may not send alerts for the source %q", soar.Shorten(source, 40))
	}
	if s.sources.Find(source) == nil {
		return soar.Errorf(soar.CodeNotFound, op, "there is no source %q", soar.Shorten(source, 40))
	}
	return nil
}

// speaksFor tells whether the caller may send for the source: a token bound to one
// source for that one only, and a tool always is bound.
func speaksFor(p soar.Principal, source string) bool {
	if p.Source != "" {
		return p.Source == source
	}
	return !p.Has(soar.RoleTool)
}

// incoming completes an alert with what is known at its receipt.
func (s *Service) incoming(message mapping.Message) soar.NewAlert {
	alert := message.Alert
	alert.ID, alert.ReceivedAt, alert.Count = s.newID(), s.now(), 1
	if alert.OccurredAt.IsZero() {
		alert.OccurredAt = alert.ReceivedAt
		alert.Guessed = append(alert.Guessed, "occurred_at")
	}
	return soar.NewAlert{Alert: alert, Raw: message.Raw}
}
