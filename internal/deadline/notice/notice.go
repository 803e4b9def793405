package notice

import (
	"embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

//go:embed templates/*.txt
var templates embed.FS

// Incident is what a draft says about the incident. Title and facts may have been
// written by an attacker.
type Incident struct {
	ID       string
	Title    string
	OpenedAt time.Time
	Facts    map[string]any
}

// Bounds of a draft, in bytes. Drafts are kept with the incident.
const (
	mostDraft = 4000
	mostValue = 200
)

// field is {name} or {name:rest}; the rest may hold fields of the short form.
var field = regexp.MustCompile(`\{([a-z_]+)(?::((?:[^{}]|\{[a-z_]+\})*))?\}`)

// Draft fills the template of a stage. What is put in is put in once, as one line of
// plain text, and is never read as a template.
func Draft(library *duty.Library, regime *duty.Regime, stage *duty.Stage, due duty.Due, incident Incident) string {
	w := writer{library: library, regime: regime, stage: stage, due: due, incident: incident}
	w.facts, _ = library.Facts(regime, duty.Incident{OpenedAt: incident.OpenedAt, Declared: incident.Facts})
	text := w.fill(Template(library, regime, stage))
	return cut(text, mostDraft-len(duty.NotAdvice)-1) + "\n" + duty.NotAdvice
}

// Template gives the text with its fields: that of the site for the stage, that of
// the pack, that of the site for the family, that which ships.
func Template(library *duty.Library, regime *duty.Regime, stage *duty.Stage) string {
	family := Family(regime, stage)
	for _, text := range []string{library.Site.Notices[regime.ID+"/"+stage.ID], stage.Draft, library.Site.Notices[family]} {
		if text != "" {
			return text
		}
	}
	shipped, err := templates.ReadFile("templates/" + family + ".txt")
	if err != nil {
		panic("notice: family without a template: " + family)
	}
	return string(shipped)
}

// writer fills one draft.
type writer struct {
	library  *duty.Library
	regime   *duty.Regime
	stage    *duty.Stage
	due      duty.Due
	incident Incident
	facts    duty.Facts
}

func (w *writer) fill(template string) string {
	return field.ReplaceAllStringFunc(template, func(found string) string {
		parts := field.FindStringSubmatch(found)
		if text, known := w.value(parts[1], parts[2]); known {
			return text
		}
		return found // braces of the text itself
	})
}

func (w *writer) value(name, rest string) (text string, known bool) {
	switch name {
	case "to":
		return w.stage.Recipient, true
	case "title":
		return w.regime.Name + ": " + w.stage.Name, true
	case "source":
		return w.regime.Source, true
	case "incident":
		return w.incident.ID, true
	case "title_of_incident":
		return plain(w.incident.Title), true
	case "opened":
		return soar.Minute(w.incident.OpenedAt), true
	case "due":
		return w.when(), true
	case "facts":
		return w.all(), true
	case "fact":
		return w.fact(rest), true
	case "fill":
		return "to be filled: " + w.fill(rest), true
	default:
		return "", false
	}
}

// fact gives a fact, or says what is to be filled in.
func (w *writer) fact(name string) string {
	if value, there := w.facts[name]; there {
		text := plain(value.String())
		if value.Assumed {
			text += " (the opening of the incident; nobody declared the moment)"
		}
		return text
	}
	if fact, some := w.library.Fact(name); some {
		return "to be filled: " + fact.Means
	}
	return "to be filled: " + strings.ReplaceAll(name, "_", " ")
}

func (w *writer) when() string {
	switch {
	case w.due.State != duty.Running:
		return w.stage.Term.String()
	case !w.due.Day.IsZero():
		return "by the end of " + w.due.Day.String() + " (" + w.due.At.Location().String() + ")"
	default:
		return "by " + w.due.At.Format("2006-01-02 15:04 MST")
	}
}

// all lists what was declared, by name.
func (w *writer) all() string {
	lines := make([]string, 0, len(w.incident.Facts))
	for _, name := range slices.Sorted(maps.Keys(w.incident.Facts)) {
		lines = append(lines, "- "+plain(name)+": "+plain(fmt.Sprint(w.incident.Facts[name])))
	}
	if len(lines) == 0 {
		return "- nothing"
	}
	return strings.Join(lines, "\n")
}

// plain makes one line without control characters and marks of direction.
func plain(text string) string { return soar.Shorten(text, mostValue) }

// cut ends a text that is too long at the end of a line, and says so.
func cut(text string, most int) string {
	text = strings.TrimRight(text, "\n")
	if len(text) <= most {
		return text
	}
	const rest = "\n[more was declared than fits here]"
	at := strings.LastIndexByte(text[:most-len(rest)], '\n')
	return text[:max(at, 0)] + rest
}
