package trial

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of one trial.
const (
	limitDefault = 1000
	LimitMost    = 5000 // alerts that are looked at
	sinceDefault = 7 * 24 * time.Hour
)

// RulesFile is the name under which faults of given rules are told.
const RulesFile = "correlation.yaml"

// history is where past alerts are. *incidents.Service is one: it shows a caller what
// he may see.
type history interface {
	Alerts(ctx context.Context, p soar.Principal, filter soar.AlertFilter) ([]soar.Alert, string, error)
}

// Service tries rules. It is safe for concurrent use.
type Service struct {
	policy  *policy.Policy
	history history
	now     func() time.Time
}

// New makes the use case.
func New(active *policy.Policy, past history, now func() time.Time) *Service {
	return &Service{policy: active, history: past, now: now}
}

// Request says what to try.
type Request struct {
	Rules []byte    // the text of correlation.yaml; nil: the active rules
	Since time.Time // zero: seven days ago
	Until time.Time // zero: now
	Limit int       // the newest so many alerts; 0: 1,000; at most LimitMost
}

// Result is what the rules would have done.
type Result struct {
	Alerts  int     // looked at
	More    bool    // there were more than the limit: the oldest are left out
	Groups  []Group // one for each incident that would have been opened, oldest first
	Events  int     // alerts that would have stayed events, by the criteria in force
	Changed int     // groups that are not as it happened
}

// Group is one incident that would have been opened.
type Group struct {
	Rule      string // that brought them together; empty: an alert that stands alone
	Alerts    []soar.Alert
	Incidents []string // where these alerts are in fact, sorted
	Change    Change
}

// Change compares a group with what happened.
type Change string

// Changes.
const (
	Same   Change = "same"   // one incident holds these alerts and, of those looked at, no other
	Joined Change = "joined" // they are in several incidents
	Split  Change = "split"  // their incident holds others, too
	Opened Change = "opened" // they are in no incident
)

// Correlation tries correlation rules: each alert in the order of receipt joins the
// group with its key, opens one when the criteria in force make it an incident, or
// stays an event. That an incident was closed in between is not repeated. The list
// holds the faults of the rules; with errors there is no result.
func (s *Service) Correlation(ctx context.Context, p soar.Principal, r Request) (Result, diag.List, error) {
	if err := access.Require(p, access.AlertRead, "trial.Correlation"); err != nil {
		return Result{}, nil, err
	}
	rules := s.policy
	if r.Rules != nil {
		var faults diag.List
		if rules, faults = s.policy.WithCorrelation(RulesFile, r.Rules); faults.HasErrors() {
			return Result{}, faults, nil
		}
	}
	alerts, more, err := s.past(ctx, p, r)
	if err != nil {
		return Result{}, nil, err
	}
	result := Result{Alerts: len(alerts), More: more}
	open := map[string]int{} // group by key
	for _, alert := range alerts {
		result.take(rules, alert, open)
	}
	result.compare()
	return result, nil, nil
}

// past gives alerts, the oldest first.
func (s *Service) past(ctx context.Context, p soar.Principal, r Request) (alerts []soar.Alert, more bool, err error) {
	limit := min(r.Limit, LimitMost)
	if limit <= 0 {
		limit = limitDefault
	}
	if r.Since.IsZero() {
		r.Since = s.now().Add(-sinceDefault)
	}
	if !r.Until.IsZero() && !r.Since.Before(r.Until) {
		fault := soar.Errorf(soar.CodeInvalid, "trial.past", "since must be before until")
		fault.Field = "since"
		return nil, false, fault
	}
	filter := soar.AlertFilter{Since: &r.Since}
	if !r.Until.IsZero() {
		filter.Until = &r.Until
	}
	for {
		filter.Limit = min(soar.PageMost, limit-len(alerts)+1)
		page, next, err := s.history.Alerts(ctx, p, filter)
		if err != nil {
			return nil, false, err
		}
		alerts = append(alerts, page...)
		if more = len(alerts) > limit; more || next == "" {
			break
		}
		filter.After = next
	}
	alerts = alerts[:min(limit, len(alerts))]
	slices.Reverse(alerts)
	return alerts, more, nil
}

func (r *Result) take(rules *policy.Policy, alert soar.Alert, open map[string]int) {
	group, grouped := rules.Correlate(alert)
	if grouped {
		at, ok := open[group.Key]
		if ok && alert.ReceivedAt.Sub(r.Groups[at].Alerts[0].ReceivedAt) <= group.Within {
			r.Groups[at].Alerts = append(r.Groups[at].Alerts, alert)
			return
		}
	}
	if !rules.Assess(alert, alert.ReceivedAt).Incident {
		r.Events++
		return
	}
	if grouped {
		open[group.Key] = len(r.Groups)
	}
	r.Groups = append(r.Groups, Group{Rule: group.Rule, Alerts: []soar.Alert{alert}})
}

func (r *Result) compare() {
	holds := map[string]int{} // alerts looked at, by the incident they are in
	for _, group := range r.Groups {
		for _, alert := range group.Alerts {
			holds[alert.IncidentID]++
		}
	}
	for i := range r.Groups {
		group := &r.Groups[i]
		loose := 0
		for _, alert := range group.Alerts {
			if alert.IncidentID == "" {
				loose++
				continue
			}
			group.Incidents = append(group.Incidents, alert.IncidentID)
		}
		slices.Sort(group.Incidents)
		group.Incidents = slices.Compact(group.Incidents)
		switch {
		case len(group.Incidents) == 0:
			group.Change = Opened
		case len(group.Incidents) > 1 || loose > 0:
			group.Change = Joined
		case holds[group.Incidents[0]] > len(group.Alerts):
			group.Change = Split
		default:
			group.Change = Same
			continue
		}
		r.Changed++
	}
}
