package objective

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Environment is what start, stop and pause may read: the incident with its facts,
// and whether somebody acknowledged it.
func Environment() expression.Environment {
	text := expression.Text()
	return expression.Environment{
		"incident": expression.ObjectOf(map[string]*expression.Type{
			"id": text, "title": text, "status": text, "severity": text, "category": text, "owner": text, "tlp": text,
			"facts": expression.OpenObject(nil), "opened_at": text, "acknowledged": expression.Bool(), "paused": expression.Bool(),
		}),
		"playbooks": expression.ListOf(text),
	}
}

// Values gives the situation's variables.
func Values(incident soar.Incident, playbooks []string) (map[string]any, error) {
	facts := incident.Facts
	if facts == nil {
		facts = map[string]any{}
	}
	names := make([]any, len(playbooks))
	for i, name := range playbooks {
		names[i] = name
	}
	value, err := expression.Normalise(map[string]any{
		"id": incident.ID, "title": incident.Title, "status": string(incident.Status), "severity": string(incident.Severity),
		"category": string(incident.Category), "owner": incident.Owner, "tlp": string(incident.TLP), "facts": facts,
		"opened_at": incident.OpenedAt.UTC().Format(time.RFC3339), "acknowledged": incident.AcknowledgedAt != nil, "paused": incident.Paused,
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"incident": value, "playbooks": names}, nil
}

// Situate gives the situation of an incident.
func Situate(incident soar.Incident, playbooks []string) (Situation, error) {
	vars, err := Values(incident, playbooks)
	return Situation{Incident: incident, Playbooks: playbooks, Vars: vars}, err
}
