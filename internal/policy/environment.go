package policy

import (
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// AlertType is the type of alert in the expressions of policy files: what
// playbooks see, and parsed, guessed and count besides. What a tool did not say
// is empty text, an empty list or an empty object, never absent.
func AlertType() *expression.Type {
	text, texts := expression.Text(), expression.ListOf(expression.Text())
	object := func(names ...string) *expression.Type {
		fields := map[string]*expression.Type{}
		for _, name := range names {
			fields[name] = text
		}
		return expression.ObjectOf(fields)
	}
	return expression.ObjectOf(map[string]*expression.Type{
		"title": text, "description": text, "source": text, "external_id": text, "occurred_at": text, "reported_severity": text,
		"severity":  expression.EnumOf(append(words(soar.Severities()), "")...),
		"category":  expression.EnumOf(append(words(soar.Categories()), "")...),
		"state":     expression.EnumOf(append(words(soar.AlertStates()), "")...),
		"rule":      object("id", "name"),
		"host":      object("name", "id", "ip", "os"),
		"user":      object("name", "email", "id"),
		"source_ip": text, "destination_ip": text,
		"urls": texts, "hashes": texts, "domains": texts, "techniques": texts, "indicators": texts, "tags": texts, "guessed": texts,
		"fields": expression.OpenObject(nil),
		"parsed": expression.Bool(), "count": expression.Int(),
	})
}

// AlertValues gives an alert as the value that AlertType describes, within the
// bounds of expressions: longer texts are cut and longer lists shortened, so that
// they stay what the type says.
func AlertValues(a soar.Alert) (any, error) {
	return expression.Normalise(map[string]any{
		"title": clip(a.Title), "description": clip(a.Description), "source": clip(a.Source), "external_id": clip(a.ExternalID),
		"occurred_at": instant(a.OccurredAt), "severity": string(a.Severity), "category": string(a.Category),
		"reported_severity": clip(a.Reported), "state": string(a.State),
		"rule":      map[string]any{"id": clip(a.Rule.ID), "name": clip(a.Rule.Name)},
		"host":      map[string]any{"name": clip(a.Host.Name), "id": clip(a.Host.ID), "ip": clip(a.Host.IP), "os": clip(a.Host.OS)},
		"user":      map[string]any{"name": clip(a.User.Name), "email": clip(a.User.Email), "id": clip(a.User.ID)},
		"source_ip": clip(a.SourceIP), "destination_ip": clip(a.DestIP),
		"urls": listed(a.URLs), "hashes": listed(a.Hashes), "domains": listed(a.Domains), "techniques": listed(a.Techniques),
		"indicators": listed(a.Indicators), "tags": listed(a.Tags), "guessed": listed(a.Guessed), "fields": object(a.Fields),
		"parsed": a.Parsed, "count": a.Count,
	})
}

// IncidentValues gives an incident as playbook triggers see it.
func IncidentValues(i soar.Incident) (any, error) {
	return expression.Normalise(map[string]any{
		"id": i.ID, "title": i.Title, "status": string(i.Status), "severity": string(i.Severity), "category": string(i.Category),
		"owner": i.Owner, "tlp": string(i.TLP), "facts": object(i.Facts),
		"impact": string(i.Impact), "urgency": string(i.Urgency), "opened_at": instant(i.OpenedAt),
	})
}

func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

func listed(texts []string) []any {
	list := make([]any, min(len(texts), expression.MaxListItems))
	for i := range list {
		list[i] = clip(texts[i])
	}
	return list
}

// clip cuts text to what expressions may hold, at a rune's border.
func clip(text string) string {
	if len(text) <= expression.MaxTextBytes {
		return text
	}
	return strings.ToValidUTF8(text[:expression.MaxTextBytes-len("\uFFFD")], "")
}

func object(fields map[string]any) map[string]any {
	if fields == nil {
		return map[string]any{}
	}
	return fields
}
