package interpreter

import (
	"encoding/json"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// known is what expressions see of an ended step, kept because it will not
// change until a person lets the step run again.
type known struct {
	ended *time.Time
	value map[string]any
}

// vars gives the names that an expression at this place may read, as plain data
// within the bounds of internal/playbook/expression.
func (m *Machine) vars(at *place) map[string]any {
	vars := m.basics()
	vars["input"] = plainMap(at.run.Input)
	vars["vars"] = plainMap(at.run.Vars)
	vars["steps"] = m.stepValues(at)
	for _, turn := range at.turns {
		if turn.loop.Kind == plan.KindForEach {
			vars[turn.loop.ForEach.As] = turn.item
		}
	}
	return vars
}

// basics are the names that do not depend on a run.
func (m *Machine) basics() map[string]any {
	if m.alert == nil {
		m.alert = alertValue(m.Case.FirstAlert())
	}
	return map[string]any{
		"alert":    m.alert,
		"incident": incidentValue(m.Case.Incident),
		"policy":   map[string]any{"preauthorised": texts(m.Case.Settings.Preauthorised)},
		"now":      m.Now().Format(time.RFC3339),
	}
}

// stepValues gives every step that one instance of is meant here, also those
// that have not run yet: they are pending.
func (m *Machine) stepValues(at *place) map[string]any {
	steps := make(map[string]any, len(at.lay.byID))
	for id, n := range at.lay.byID { // fills a map: the order does not matter
		if at.sees(n.step) {
			steps[id] = m.stepValue(n.step, at.record(n.step))
		}
	}
	return steps
}

func (m *Machine) stepValue(s *plan.Step, rec *state.Record) map[string]any {
	if rec == nil {
		return map[string]any{"status": string(soar.StepPending), "error": ""}
	}
	if kept, ok := m.values[rec.Key]; ok && kept.ended == rec.EndedAt && rec.EndedAt != nil {
		return kept.value
	}
	value := map[string]any{"status": string(rec.Status), "error": rec.Error}
	if rec.Output != nil {
		value["output"] = plain(rec.Output)
	}
	if s.Kind == plan.KindForEach && rec.Status.Ended() {
		value["items"] = itemValues(rec)
	}
	if approval := m.Case.Approval(rec.Approval); approval != nil {
		value["approval"] = approvalValue(approval)
	}
	if task := m.Case.Task(rec.Task); task != nil {
		value["task"] = map[string]any{"status": string(task.Status), "answer": plainMap(task.Answer)}
	}
	m.values[rec.Key] = known{ended: rec.EndedAt, value: value}
	return value
}

func itemValues(rec *state.Record) []any {
	items := make([]any, 0, len(rec.Items))
	for i := range rec.Items {
		if value := rec.Items[i].Value; value != nil {
			items = append(items, plain(value))
			continue
		}
		items = append(items, map[string]any{"status": string(soar.StepPending), "error": "", "index": i, "item": plain(rec.List[i])})
	}
	return items
}

func approvalValue(a *state.Approval) map[string]any {
	decisions := make([]any, 0, len(a.Decisions))
	for _, d := range a.Decisions {
		decisions = append(decisions, map[string]any{"by": d.By.String(), "approve": d.Approve, "reason": plain(d.Reason)})
	}
	return map[string]any{"status": string(a.Status), "decisions": decisions}
}

func incidentValue(i soar.Incident) map[string]any {
	return map[string]any{
		"id": i.ID, "title": plain(i.Title), "status": string(i.Status), "severity": string(i.Severity),
		"category": string(i.Category), "owner": i.Owner, "tlp": string(i.TLP), "facts": plainMap(i.Facts),
		"impact": string(i.Impact), "urgency": string(i.Urgency), "opened_at": i.OpenedAt.UTC().Format(time.RFC3339),
	}
}

// alertValue has every member even when the tool left it out, so that reading
// it is never an error.
func alertValue(a soar.Alert) map[string]any {
	occurred := ""
	if !a.OccurredAt.IsZero() {
		occurred = a.OccurredAt.UTC().Format(time.RFC3339)
	}
	return plainMap(map[string]any{
		"title": a.Title, "description": a.Description, "severity": string(a.Severity), "category": string(a.Category),
		"source": a.Source, "external_id": a.ExternalID,
		"rule":      map[string]any{"id": a.Rule.ID, "name": a.Rule.Name},
		"host":      map[string]any{"name": a.Host.Name, "id": a.Host.ID, "ip": a.Host.IP, "os": a.Host.OS},
		"user":      map[string]any{"name": a.User.Name, "email": a.User.Email, "id": a.User.ID},
		"source_ip": a.SourceIP, "destination_ip": a.DestIP,
		"urls": texts(a.URLs), "hashes": texts(a.Hashes), "domains": texts(a.Domains),
		"techniques": texts(a.Techniques), "indicators": texts(a.Indicators), "tags": texts(a.Tags),
		"reported_severity": a.Reported, "state": string(a.State),
		"fields": plainMap(a.Fields), "occurred_at": occurred,
	})
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, text := range list {
		out[i] = text
	}
	return out
}

// plain brings a value within the bounds of expressions. It also turns the
// numbers of a carry, which keep their digits, into int and float64.
func plain(v any) any {
	bounded, err := expression.Normalise(v)
	if err != nil {
		return nil // a NaN or a Go type that no JSON gives: nothing that can be read
	}
	return bounded
}

func plainMap(m map[string]any) map[string]any {
	bounded, ok := plain(m).(map[string]any)
	if !ok {
		return map[string]any{}
	}
	return bounded
}

// size gives the bytes that a value takes as JSON.
func size(v any) int {
	body, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(body)
}
