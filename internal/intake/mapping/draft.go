package mapping

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// draft is an alert that is being filled in. A field is set once: the mapping
// comes first, guesses fill what it left open.
type draft struct {
	alert soar.Alert
}

// field is one field of an alert that mappings and guesses may set. set answers
// false when the value is no value for it, and then changes nothing.
type field struct {
	name string
	has  func(*soar.Alert) bool
	set  func(*draft, any) bool
}

// fields lists all fields by the names that mappings and Alert.Guessed use.
func fields() []field {
	return slices.Concat(textFields(), valueFields(), listFields())
}

// textField is a field of one line of text.
func textField(name string, at func(*soar.Alert) *string) field {
	return field{
		name: name,
		has:  func(a *soar.Alert) bool { return *at(a) != "" },
		set: func(d *draft, value any) bool {
			if list, ok := value.([]any); ok && len(list) > 0 {
				value = list[0]
			}
			text, ok := scalarText(value)
			if text = line(text); !ok || text == "" {
				return false
			}
			*at(&d.alert) = d.short(name, text, lineMost)
			return true
		},
	}
}

func textFields() []field {
	return []field{
		textField("external_id", func(a *soar.Alert) *string { return &a.ExternalID }),
		textField("reported_severity", func(a *soar.Alert) *string { return &a.Reported }),
		textField("title", func(a *soar.Alert) *string { return &a.Title }),
		textField("rule.id", func(a *soar.Alert) *string { return &a.Rule.ID }),
		textField("rule.name", func(a *soar.Alert) *string { return &a.Rule.Name }),
		textField("host.name", func(a *soar.Alert) *string { return &a.Host.Name }),
		textField("host.id", func(a *soar.Alert) *string { return &a.Host.ID }),
		textField("host.os", func(a *soar.Alert) *string { return &a.Host.OS }),
		textField("user.name", func(a *soar.Alert) *string { return &a.User.Name }),
		textField("user.email", func(a *soar.Alert) *string { return &a.User.Email }),
		textField("user.id", func(a *soar.Alert) *string { return &a.User.ID }),
		addressField("host.ip", func(a *soar.Alert) *string { return &a.Host.IP }),
		addressField("source_ip", func(a *soar.Alert) *string { return &a.SourceIP }),
		addressField("destination_ip", func(a *soar.Alert) *string { return &a.DestIP }),
		{
			name: "description",
			has:  func(a *soar.Alert) bool { return a.Description != "" },
			set: func(d *draft, value any) bool {
				text, ok := scalarText(value)
				if text = strings.TrimSpace(clean(text)); !ok || text == "" {
					return false
				}
				d.alert.Description = d.short("description", text, textMost)
				return true
			},
		},
	}
}

func addressField(name string, at func(*soar.Alert) *string) field {
	return field{
		name: name,
		has:  func(a *soar.Alert) bool { return *at(a) != "" },
		set: func(d *draft, value any) bool {
			text := address(value)
			if text != "" {
				*at(&d.alert) = text
			}
			return text != ""
		},
	}
}

func valueFields() []field {
	return []field{
		{
			name: "severity",
			has:  func(a *soar.Alert) bool { return a.Severity != "" },
			set: func(d *draft, value any) bool {
				text, _ := scalarText(value)
				severity := soar.Severity(text)
				if !severity.Valid() {
					severity = severityWord(text)
				}
				d.alert.Severity = severity
				if severity != "" && d.alert.Reported == "" {
					d.alert.Reported = d.short("reported_severity", line(text), ratingMost)
				}
				return severity != ""
			},
		},
		{
			name: "state",
			has:  func(a *soar.Alert) bool { return a.State != "" },
			set: func(d *draft, value any) bool {
				text, _ := scalarText(value)
				state := stateWord(text)
				if state != "" {
					d.alert.State = state
				}
				return state != ""
			},
		},
		{
			name: "category",
			has:  func(a *soar.Alert) bool { return a.Category != "" },
			set: func(d *draft, value any) bool {
				text, _ := scalarText(value)
				category := soar.Category(strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(text))))
				if !category.Valid() {
					return false
				}
				d.alert.Category = category
				return true
			},
		},
		{
			name: "occurred_at",
			has:  func(a *soar.Alert) bool { return !a.OccurredAt.IsZero() },
			set: func(d *draft, value any) bool {
				at, assumed, ok := parseInstant(value)
				if !ok {
					return false
				}
				d.alert.OccurredAt = at
				if assumed {
					d.guessed("occurred_at.zone")
				}
				return true
			},
		},
	}
}

// listField is a field of several texts; keep says what belongs in it and in which form.
func listField(name string, at func(*soar.Alert) *[]string, keep func(string) string) field {
	return field{
		name: name,
		has:  func(a *soar.Alert) bool { return len(*at(a)) > 0 },
		set: func(d *draft, value any) bool {
			var kept []string
			for _, text := range texts(value) {
				if text = keep(text); text != "" && !slices.Contains(kept, text) {
					kept = append(kept, text)
				}
			}
			*at(&d.alert) = kept
			return len(kept) > 0
		},
	}
}

func listFields() []field {
	asIs := func(text string) string { return text }
	return []field{
		listField("urls", func(a *soar.Alert) *[]string { return &a.URLs }, asIs),
		listField("hashes", func(a *soar.Alert) *[]string { return &a.Hashes }, hashOf),
		listField("domains", func(a *soar.Alert) *[]string { return &a.Domains }, domainOf),
		listField("techniques", func(a *soar.Alert) *[]string { return &a.Techniques }, techniqueOf),
		listField("indicators", func(a *soar.Alert) *[]string { return &a.Indicators }, asIs),
		listField("tags", func(a *soar.Alert) *[]string { return &a.Tags }, asIs),
	}
}

func (d *draft) short(name, text string, limit int) string {
	text, shortened := cut(text, limit)
	if shortened {
		noteCut(&d.alert, name)
	}
	return text
}

func (d *draft) guessed(name string) {
	if !slices.Contains(d.alert.Guessed, name) {
		d.alert.Guessed = append(d.alert.Guessed, name)
	}
}

var (
	hashForm      = regexp.MustCompile(`^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$`)
	domainForm    = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}$`)
	techniqueForm = regexp.MustCompile(`(?i)\bT[01]\d{3}(?:\.\d{3})?\b`)
)

// hashOf gives an MD5, SHA-1, SHA-256 or SHA-512 in lower case, also from
// "sha256:...", or "".
func hashOf(text string) string {
	text = strings.ToLower(text)
	if _, after, ok := strings.Cut(text, ":"); ok {
		text = strings.TrimSpace(after)
	}
	if hashForm.MatchString(text) && strings.Trim(text, "0") != "" {
		return text
	}
	return ""
}

// domainOf gives a domain in lower case without its trailing dot, or "".
func domainOf(text string) string {
	text = strings.TrimSuffix(strings.ToLower(text), ".")
	if len(text) <= 253 && domainForm.MatchString(text) {
		return text
	}
	return ""
}

// techniquesOf gives all ATT&CK ids in a text.
func techniquesOf(text string) []string {
	return techniqueForm.FindAllString(strings.ReplaceAll(strings.ToUpper(text), "_", " "), listMost)
}

// techniqueOf gives the ATT&CK id in a text such as "attack.t1110.001", or "".
func techniqueOf(text string) string {
	return strings.ToUpper(techniqueForm.FindString(strings.ReplaceAll(text, "_", " ")))
}
