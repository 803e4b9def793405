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
	vars, accepted := s.accepts(p.value)
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
func (s *Source) accepts(body object) (vars map[string]any, ok bool) {
	plain, err := expression.Normalise(prune(body, forExpressions()))
	if err != nil {
		return nil, false
	}
	vars = map[string]any{"body": plain}
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
		if value, err := m.program.Eval(vars); err == nil && value != nil {
			known[m.name].set(d, value)
		}
	}
	if s.all != nil {
		if value, err := s.all.Eval(vars); err == nil {
			d.alert.Fields, _ = prune(value, forFields()).(object)
		}
	}
	for _, m := range s.extra {
		value, err := m.program.Eval(vars)
		if value = prune(value, forFields()); err != nil || value == nil {
			continue
		}
		if d.alert.Fields == nil {
			d.alert.Fields = object{}
		}
		d.alert.Fields[m.name] = value
	}
	d.rate(s.severity, vars)
}

// rate sets what the tool said and what it means.
func (d *draft) rate(r rating, vars map[string]any) {
	if r.value == nil {
		return
	}
	value, err := r.value.Eval(vars)
	if err != nil {
		return
	}
	d.alert.Severity = r.of(value)
	if text, ok := scalarText(value); ok && d.alert.Reported == "" {
		d.alert.Reported = d.short("reported_severity", line(text), ratingMost)
	}
}

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
	return fingerprint(s.Name, append([]string{"event"}, parts...)...)
}
