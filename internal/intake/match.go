package intake

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Match gives the playbooks to start for an incident as it is now: of those whose
// trigger fits, the ones with the highest priority, sorted by name. Playbooks that
// run or ran already are left out before that.
func (s *Service) Match(ctx context.Context, request protocol.MatchRequest) (protocol.MatchResult, error) {
	return protocol.MatchResult{Runs: s.matching(ctx, request.Incident, request.Alert, request.Already)}, nil
}

func pinOf(p *plan.Plan) protocol.RunPin {
	return protocol.RunPin{Playbook: p.Playbook, Version: p.Version, Digest: p.Digest}
}

// matching never fails: a trigger that cannot be evaluated does not fit, is
// logged, and does not keep others from starting.
func (s *Service) matching(ctx context.Context, incident soar.Incident, alert soar.Alert, already []string) []protocol.RunPin {
	vars, err := s.variables(incident, alert)
	if err != nil {
		s.log.ErrorContext(ctx, "no playbook can be matched: the incident cannot be read", "incident", incident.ID, "error", err)
		return nil
	}
	var best []*plan.Plan
	for _, p := range s.playbooks.Active() {
		if p.Trigger == nil || slices.Contains(already, p.Playbook) || !s.fits(ctx, p, vars, incident.ID) {
			continue
		}
		if len(best) > 0 && p.Trigger.Priority > best[0].Trigger.Priority {
			best = nil
		}
		if len(best) == 0 || p.Trigger.Priority == best[0].Trigger.Priority {
			best = append(best, p)
		}
	}
	slices.SortFunc(best, func(a, b *plan.Plan) int { return strings.Compare(a.Playbook, b.Playbook) })
	var pins []protocol.RunPin
	for _, p := range best {
		pin := pinOf(p)
		pin.By, pin.Reason = soar.System("trigger"), "the trigger fits the incident"
		pins = append(pins, pin)
	}
	return pins
}

func (s *Service) fits(ctx context.Context, p *plan.Plan, vars map[string]any, incidentID string) bool {
	program, err := s.triggers.Program(p.Trigger.When.Source)
	if err == nil {
		var fits bool
		if fits, err = program.Bool(vars); err == nil {
			return fits
		}
	}
	s.log.WarnContext(ctx, "a trigger cannot be evaluated, its playbook does not start", "playbook", p.Playbook, "version", p.Version, "incident", incidentID, "error", err)
	return false
}

// variables are what triggers may read: the names that are known before any run.
func (s *Service) variables(incident soar.Incident, alert soar.Alert) (map[string]any, error) {
	alertValues, err := policy.AlertValues(alert)
	if err != nil {
		return nil, err
	}
	incidentValues, err := policy.IncidentValues(incident)
	if err != nil {
		return nil, err
	}
	now := s.now()
	names := []any{}
	for _, name := range s.policy.PreauthorisedNames(now) {
		names = append(names, name)
	}
	return map[string]any{
		"alert": alertValues, "incident": incidentValues, "now": now.Format(time.RFC3339),
		"policy": map[string]any{"preauthorised": names},
	}, nil
}
