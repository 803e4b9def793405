package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Message is one alert with the bytes that it came in. The alert has no id, no
// time of receipt and no count yet.
type Message struct {
	Alert soar.Alert
	Raw   []byte
}

// Read makes alerts of a body. The error (soar invalid) is for a body that holds
// nothing: it is empty, too large, of another media type, or holds too many alerts.
// Everything else gives at least one alert; Alert.Parsed and ParseError say when
// nobody could read it.
func (s *Source) Read(contentType string, body []byte) ([]Message, error) {
	paths := s.Split
	if s.Guess != GuessNever {
		paths = append(paths[:len(paths):len(paths)], commonEnvelopes()...)
	}
	pieces, err := split(contentType, body, paths)
	if err != nil {
		return nil, err
	}
	messages := make([]Message, 0, len(pieces))
	for _, p := range pieces {
		alert := s.alert(p)
		sum := sha256.Sum256(p.raw)
		alert.Source, alert.RawSHA256, alert.RawBytes = s.Name, hex.EncodeToString(sum[:]), len(p.raw)
		fit(&alert)
		messages = append(messages, Message{Alert: alert, Raw: p.raw})
	}
	return messages, nil
}

func (s *Source) alert(p piece) soar.Alert {
	if p.fault != "" {
		return s.unreadable(p, p.fault)
	}
	vars, accepted := s.accepts(p)
	if !accepted && s.Guess == GuessNever {
		return s.unreadable(p, fmt.Sprintf("the body is JSON, but not of the shape that %s sends", s.Title))
	}
	d := &draft{}
	if accepted {
		s.apply(d, vars)
	}
	if !accepted || s.Guess == GuessGaps {
		d.guess(p.value)
		d.guess(p.around)
	}
	d.alert.Parsed = true
	if d.alert.Title == "" {
		d.alert.Title = "Alert from " + s.Title
		d.guessed("title")
	}
	if d.alert.Fields == nil {
		d.alert.Fields, _ = prune(p.value, forFields()).(object)
	}
	d.alert.Fingerprint = s.fingerprint(d, vars, accepted, p.value)
	return d.alert
}

// unreadable is the alert for what nobody could read. Its event is its bytes.
func (s *Source) unreadable(p piece, why string) soar.Alert {
	sum := sha256.Sum256(p.raw)
	return soar.Alert{
		Title:       "Alert from " + s.Title + " that could not be read",
		ParseError:  soar.Shorten(why, 500),
		Fingerprint: fingerprint(s.Name, "raw", hex.EncodeToString(sum[:])),
	}
}

// accepts tells whether the mapping is for this body, and gives what its
// expressions read.
func (s *Source) accepts(p piece) (vars map[string]any, ok bool) {
	vars = map[string]any{}
	for name, value := range map[string]object{"body": p.value, "around": p.around} {
		plain, err := expression.Normalise(prune(value, forExpressions()))
		if err != nil {
			return nil, false
		}
		vars[name] = plain
	}
	if s.accept == nil {
		return vars, true
	}
	fits, err := s.accept.Bool(vars)
	return vars, err == nil && fits
}

// apply runs the mapping. An expression that fails, because a tool left something
// out, leaves its field empty.
func (s *Source) apply(d *draft, vars map[string]any) {
	known := map[string]field{}
	for _, f := range fields() {
		known[f.name] = f
	}
	for _, m := range s.fields {
		m.choices.first(vars, func(value any) bool { return known[m.name].set(d, value) })
	}
	if s.all != nil {
		if value, err := s.all.Eval(vars); err == nil {
			d.alert.Fields, _ = prune(value, forFields()).(object)
		}
	}
	for _, m := range s.extra {
		m.choices.first(vars, func(value any) bool {
			if value = prune(value, forFields()); value == nil {
				return false
			}
			if d.alert.Fields == nil {
				d.alert.Fields = object{}
			}
			d.alert.Fields[m.name] = value
			return true
		})
	}
	d.rate(s.severity, vars)
}

// first offers the values of the expressions, one after the other, until one is taken.
func (c choices) first(vars map[string]any, take func(any) bool) {
	for _, program := range c {
		if value, err := program.Eval(vars); err == nil && value != nil && take(value) {
			return
		}
	}
}

// rate sets what the tool said and what it means: the first value that is a
// rating, or else the first that is there.
func (d *draft) rate(r rating, vars map[string]any) {
	said := ""
	r.value.first(vars, func(value any) bool {
		d.alert.Severity = r.of(value)
		if text, _ := scalarText(value); said == "" || d.alert.Severity != "" {
			said = text
		}
		return d.alert.Severity != ""
	})
	if d.alert.Reported == "" {
		d.alert.Reported = d.short("reported_severity", line(said), ratingMost)
	}
}

// of gives the severity of one value; "" when it is no rating.
func (r rating) of(value any) soar.Severity {
	if n, ok := number(value); ok && len(r.steps) > 0 {
		return r.steps.at(n)
	}
	text, _ := scalarText(value)
	if severity, ok := r.words[strings.ToLower(strings.TrimSpace(text))]; ok {
		return severity
	}
	if _, isNumber := number(text); isNumber {
		return ""
	}
	return severityWord(text)
}

// fingerprint says which event this is. A mapping names what makes it one; without
// that, or when none of it is there, only the very same body is the same event: a
// guessed id may be the id of a rule, and would swallow other events. The target
// counts in any case, so that news of another machine is news.
func (s *Source) fingerprint(d *draft, vars map[string]any, accepted bool, body object) string {
	var parts []string
	empty := true
	for _, program := range s.identity {
		if !accepted {
			break
		}
		value, err := program.Eval(vars)
		text, formErr := expression.FormatText(value)
		if err != nil || formErr != nil || value == nil {
			text = ""
		}
		empty = empty && text == ""
		parts = append(parts, same(text))
	}
	if empty {
		return fingerprint(s.Name, "body", canonical(body))
	}
	a := d.alert
	parts = append(parts, same(a.Host.Name), same(a.Host.IP), same(a.User.Name), same(a.User.Email))
	if a.State != "" { // that it is over is news, too
		parts = append(parts, string(a.State))
	}
	return fingerprint(s.Name, append([]string{"event"}, parts...)...)
}
