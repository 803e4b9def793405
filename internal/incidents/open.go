package incidents

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	// reportSource is the source of what a person reported.
	reportSource = "person"
	// criterionPerson names the decision of a person that this is an incident.
	criterionPerson = "reported_by_person"
	// repeatWithin is how long a request is looked for under the year before.
	repeatWithin = 24 * time.Hour
)

// Open opens an incident for a person and orders its workflow's start, with the
// playbooks that fit and the clocks of the policy. Sent again under the same id it
// gives the incident that was opened.
//
// Who may command incidents assesses by opening; the report of anybody else is
// judged by the policy, and stays reported when no criterion makes it an incident.
func (s *Service) Open(ctx context.Context, p soar.Principal, request OpenRequest) (soar.Incident, error) {
	const op = "incidents.Open"
	if err := access.Require(p, access.IncidentOpen, op); err != nil {
		return soar.Incident{}, err
	}
	if err := request.check(op, p); err != nil {
		return soar.Incident{}, err
	}
	now := s.now()
	seed := p.Actor.String() + "/" + request.RequestID
	if before := now.Add(-repeatWithin); before.Year() != now.Year() {
		if opened, found, err := s.opened(ctx, incidentID(before, seed, idShortest), seed); found || err != nil {
			return opened, err
		}
	}
	input := s.input(p, request, now)
	for length := idShortest; length <= idLongest; length += 2 {
		input.Incident.ID = incidentID(now, seed, length)
		input.Runs = s.matching(ctx, input, request.Input)
		err := s.store.IncidentOpen(ctx, protocol.OpenIncident{Input: input}, s.firstEntries(p, input, seed)...)
		if err == nil {
			return input.Incident, nil
		}
		if soar.CodeOf(err) != soar.CodeConflict {
			return soar.Incident{}, fmt.Errorf("open incident: %w", err)
		}
		// The id is taken: by this request, sent before, or by another incident.
		if opened, found, err := s.opened(ctx, input.Incident.ID, seed); found || err != nil {
			return opened, err
		}
	}
	return soar.Incident{}, soar.Errorf(soar.CodeConflict, op, "all ids for this incident are taken")
}

// opened gives the incident of this id when it was opened by this very request,
// which its first record entry says.
func (s *Service) opened(ctx context.Context, id, seed string) (incident soar.Incident, found bool, err error) {
	entries, err := s.store.RecordList(ctx, id, 0, 1)
	if err != nil || len(entries) == 0 || entries[0].Payload == nil {
		return soar.Incident{}, false, err
	}
	first, err := record.ParsePayload(entries[0].Payload)
	if err != nil {
		return soar.Incident{}, false, soar.Wrap(soar.CodeInternal, "incidents.opened", err, "the record of %s cannot be read", id)
	}
	var by struct {
		Request string `json:"request"`
	}
	// Another incident's entry may have any form: what cannot be read is not ours.
	readable := json.Unmarshal(first.Data, &by) == nil
	if !readable || by.Request != seed {
		return soar.Incident{}, false, nil
	}
	incident, err = s.store.IncidentGet(ctx, id)
	return incident, err == nil, err
}

func (r OpenRequest) check(op string, p soar.Principal) error {
	if err := checkText(op, "request_id", r.RequestID, maxID); err != nil {
		return err
	}
	if err := checkText(op, "title", r.Title, maxTitle); err != nil {
		return err
	}
	if len(r.Description) > maxNote {
		return invalid(op, "description", "description has %d bytes, at most %d are taken", len(r.Description), maxNote)
	}
	if len(r.Owner) > maxID {
		return invalid(op, "owner", "owner has %d bytes, at most %d are taken", len(r.Owner), maxID)
	}
	if r.Owner != "" && !access.Can(p, access.IncidentCommand) {
		return soar.Errorf(soar.CodeDenied, op, "who owns an incident is said by those who work on it: leave owner out")
	}
	if r.Drill && !access.Can(p, access.IncidentCommand) {
		return soar.Errorf(soar.CodeDenied, op, "a drill is opened by those who work on incidents: leave drill out")
	}
	if raw, err := json.Marshal(r); err != nil || len(raw) > maxPayload {
		return soar.Errorf(soar.CodeInvalid, op, "the request is too large: at most %d bytes of JSON are taken", maxPayload)
	}
	return checkLevels(op, levels{r.Severity, r.Category, r.Impact, r.Urgency, r.TLP})
}

// input is what the workflow starts with, without an id and runs.
func (s *Service) input(p soar.Principal, request OpenRequest, now time.Time) protocol.IncidentInput {
	report := request.report(now)
	assessment := s.assess(p, request, report, now)
	status := soar.StatusReported
	if assessment.Incident {
		status = soar.StatusAssessed
	}
	settings := s.settings
	settings.Preauthorised, settings.Approvals = s.policy.PreauthorisedNames(now), s.policy.Approvals
	return protocol.IncidentInput{
		Incident: soar.Incident{
			Title: soar.Shorten(strings.TrimSpace(request.Title), maxTitle), Status: status, Severity: assessment.Severity,
			Impact: assessment.Impact, Urgency: assessment.Urgency, Category: assessment.Category, Owner: request.Owner,
			TLP: first(request.TLP, soar.TLPAmber), Facts: request.facts(), OpenedBy: p.Actor, OpenedAt: now, Drill: request.Drill,
		},
		Alerts: []soar.Alert{report}, Assessment: assessment, Policy: s.policy.Objectives, Settings: settings,
	}
}

// report is the request as playbooks read it: as the incident's first alert.
func (r OpenRequest) report(now time.Time) soar.Alert {
	return soar.Alert{
		Source: reportSource, Parsed: true, Title: soar.Shorten(strings.TrimSpace(r.Title), maxTitle), Description: r.Description,
		Severity: r.Severity, Category: r.Category, Host: r.Host, User: r.User, SourceIP: r.SourceIP, DestIP: r.DestIP, URLs: r.URLs,
		OccurredAt: now, ReceivedAt: now, Count: 1,
	}
}

// facts are those given, and the description, which an incident has no other
// place for.
func (r OpenRequest) facts() map[string]any {
	facts := maps.Clone(r.Facts)
	if _, given := facts["description"]; r.Description == "" || given {
		return facts
	}
	if facts == nil {
		facts = map[string]any{}
	}
	facts["description"] = r.Description
	return facts
}

// assess judges the report: what the request says counts, the policy fills in what
// it does not say, and what nobody says is medium.
func (s *Service) assess(p soar.Principal, request OpenRequest, report soar.Alert, now time.Time) soar.Assessment {
	a := s.policy.Assess(report, now)
	commands := access.Can(p, access.IncidentCommand)
	if commands {
		a.Incident, a.By, a.Criterion, a.Reason = true, p.Actor, criterionPerson, "opened by a person who may"
	}
	a.Category = first(request.Category, a.Category, soar.CategoryUndetermined)
	a.Impact = first(request.Impact, a.Impact, soar.LevelMedium)
	a.Urgency = first(request.Urgency, a.Urgency, soar.LevelMedium)
	judged := a.Severity
	if judged == "" || request.Impact != "" || request.Urgency != "" {
		a.Severity = s.policy.Severity.Of(a.Impact, a.Urgency)
	}
	if commands {
		a.Severity = first(request.Severity, a.Severity)
	} else {
		a.Severity = a.Severity.Worse(judged).Worse(request.Severity) // a reporter may fear more than the policy, not less
	}
	return a
}

// matching gives the playbooks to start, with the inputs that were given. A report
// is never lost because no playbook could be looked for.
func (s *Service) matching(ctx context.Context, input protocol.IncidentInput, given map[string]any) []protocol.RunPin {
	if s.playbooks == nil {
		return nil
	}
	found, err := s.playbooks.Match(ctx, protocol.MatchRequest{Incident: input.Incident, Alert: input.Alerts[0]})
	if err != nil {
		s.log.ErrorContext(ctx, "playbooks cannot be matched, the incident starts without", "incident", input.Incident.ID, "error", err)
		return nil
	}
	for i := range found.Runs {
		found.Runs[i].Input = given // a playbook takes what it declares
	}
	return found.Runs
}

// firstEntries say who opened the incident by which request, and how it was judged
// by which policy.
func (s *Service) firstEntries(p soar.Principal, input protocol.IncidentInput, seed string) []record.Payload {
	incident, assessment := input.Incident, input.Assessment
	return []record.Payload{
		{At: incident.OpenedAt, Kind: protocol.EventIncidentOpened, By: p.Actor, Text: soar.Shorten(fmt.Sprintf("Opened by %s: %s", p.Actor.ID, incident.Title), maxText),
			Data: data(map[string]any{"request": seed, "token": p.Token, "report": input.Alerts[0], "policy_sha256": s.policy.Digest, "playbooks": input.Runs})},
		{At: incident.OpenedAt, Kind: protocol.EventIncidentAssessed, By: assessment.By, Data: data(assessment),
			Text: soar.Shorten(fmt.Sprintf("Assessed as %s, severity %s, by criterion %s: %s", assessment.Category, assessment.Severity, assessment.Criterion, assessment.Reason), maxText)},
	}
}

// first gives the first value that is said.
func first[T ~string](values ...T) T {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
