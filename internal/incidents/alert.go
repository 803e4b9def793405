package incidents

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Alerts gives one page of alerts, newest first, without those of incidents that
// the caller does not need to know of.
func (s *Service) Alerts(ctx context.Context, p soar.Principal, filter soar.AlertFilter) ([]soar.Alert, string, error) {
	if err := access.Require(p, access.AlertRead, "incidents.Alerts"); err != nil {
		return nil, "", err
	}
	filter.Viewer = access.ViewerOf(p)
	return s.store.AlertList(ctx, filter)
}

// Alert gives one alert. One that belongs to no incident is for all who may read
// alerts.
func (s *Service) Alert(ctx context.Context, p soar.Principal, id string) (soar.Alert, error) {
	return s.seeAlert(ctx, p, thing{"incidents.Alert", "alert", id})
}

// AlertRaw gives the first message of an alert byte for byte.
func (s *Service) AlertRaw(ctx context.Context, p soar.Principal, id string) ([]byte, error) {
	asked := thing{"incidents.AlertRaw", "alert", id}
	if _, err := s.seeAlert(ctx, p, asked); err != nil {
		return nil, err
	}
	raw, err := s.store.AlertRaw(ctx, id)
	return raw, hide(err, asked.op, asked.noun, asked.id)
}

func (s *Service) seeAlert(ctx context.Context, p soar.Principal, asked thing) (soar.Alert, error) {
	if err := access.Require(p, access.AlertRead, asked.op); err != nil {
		return soar.Alert{}, err
	}
	alert, err := s.store.AlertGet(ctx, asked.id)
	if err != nil {
		return soar.Alert{}, hide(err, asked.op, asked.noun, asked.id)
	}
	if alert.IncidentID == "" {
		return alert, nil
	}
	if _, err := s.see(ctx, p, alert.IncidentID, asked); err != nil {
		return soar.Alert{}, err
	}
	return alert, nil
}
