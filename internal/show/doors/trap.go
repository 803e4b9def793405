package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/show/labels"
)

// trap is what makes a payload hard to read.
type trap struct{ file, kind, detail string }

func readTraps(path string) ([]trap, error) {
	file, err := os.Open(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := labels.Table(file)
	if err != nil {
		return nil, fmt.Errorf("traps.tsv: %w", err)
	}
	traps := make([]trap, 0, len(rows))
	for _, row := range rows {
		traps = append(traps, trap{row["file"], row["trap"], row["detail"]})
	}
	return traps, nil
}

// survived says what was lost to the trap, or nothing. What is refused with a
// reason, or kept as unparsed with one, is not lost; a payload that can be read
// must have been read.
func (t trap) lost(p *payload) string {
	switch {
	case p.fault != "":
		return p.fault
	case t.kind == "invalid-json":
		if len(p.alerts) == 0 && p.reason == "" {
			return "neither kept nor refused"
		}
		return ""
	case len(p.alerts) == 0:
		return "no alert: " + p.reason
	}
	switch t.kind {
	case "int>2^53":
		return lostDigits(p)
	case "json-in-string":
		return lostInner(p, t.detail)
	case "dotted-keys":
		return lostDotted(p)
	case "top-level-array":
		if want, err := strconv.Atoi(t.detail); err == nil && len(p.ids) < want {
			return fmt.Sprintf("%d alerts of %d", len(p.ids), want)
		}
	}
	return unreadReason(p)
}

func unreadReason(p *payload) string {
	if p.unparsed > 0 && json.Valid(p.body) {
		return fmt.Sprintf("%d alerts could not be read: %s", p.unparsed, p.alerts[0].ParseError)
	}
	return ""
}

// lostDigits looks for whole numbers that float64 cannot hold and that no alert of
// the payload has with the same digits.
func lostDigits(p *payload) string {
	held := texts(p)
	for _, digits := range bigNumbers(p.body) {
		if !held[digits] && !p.cut() && !p.keeps(digits) {
			return "the digits of " + digits + " are not in the alert"
		}
	}
	return unreadReason(p)
}

func (p *payload) cut() bool {
	for _, a := range p.alerts {
		if slices.Contains(a.Truncated, "fields") {
			return true // too long to be kept beside: the bytes as they came are
		}
	}
	return false
}

// keeps tells whether the bytes beside the alert hold a text. A mapping chooses
// which fields an alert has; what it leaves out is there, and nowhere else.
func (p *payload) keeps(text string) bool { return bytes.Contains(p.raw, []byte(text)) }

// bigNumbers lists the whole numbers beyond 2^53 in a body.
func bigNumbers(body []byte) []string {
	var found []string
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return found
		}
		digits, ok := token.(json.Number)
		if n, err := digits.Int64(); ok && err == nil && (n > 1<<53 || n < -(1<<53)) {
			found = append(found, string(digits))
		}
	}
}

// lostInner follows the path of a text that holds JSON and wants one of the values
// in it, or the whole text, in an alert.
func lostInner(p *payload, path string) string {
	var whole any
	if json.Unmarshal(p.body, &whole) != nil {
		return unreadReason(p)
	}
	held := texts(p)
	for _, text := range follow(whole, path) {
		var inner any
		if quoted, err := json.Marshal(text); held[text] || err != nil || p.keeps(string(quoted)) || json.Unmarshal([]byte(text), &inner) != nil {
			return unreadReason(p)
		}
		for value := range textsOf(inner) {
			if held[value] {
				return unreadReason(p)
			}
		}
	}
	if p.cut() {
		return unreadReason(p)
	}
	return "nothing of the JSON in " + path + " is in the alert"
}

// follow gives the texts at a path such as .Records[].Sns.Message, in which names
// may hold dots.
func follow(value any, path string) []string {
	switch v := value.(type) {
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, follow(item, strings.TrimPrefix(path, "[]"))...)
		}
		return all
	case map[string]any:
		var all []string
		for name, inner := range v {
			if rest, ok := strings.CutPrefix(path, "."+name); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
				all = append(all, follow(inner, rest)...)
			}
		}
		return all
	case string:
		if path == "" {
			return []string{v}
		}
	}
	return nil
}

// lostDotted wants one name with a dot in it where the payload has it.
func lostDotted(p *payload) string {
	var whole any
	if json.Unmarshal(p.body, &whole) != nil {
		return unreadReason(p)
	}
	wanted, held := dotted(whole), map[string]bool{}
	for _, a := range p.alerts {
		for name := range dotted(map[string]any{"fields": a.Fields}) {
			held[name] = true
		}
	}
	for name := range wanted {
		if held[name] || p.keeps(`"`+name+`"`) {
			return unreadReason(p)
		}
	}
	if p.cut() || len(wanted) == 0 {
		return unreadReason(p)
	}
	return "no name with a dot in it is in the alert"
}

func dotted(value any) map[string]bool {
	found := map[string]bool{}
	walk(value, func(name string, _ any) {
		if strings.Contains(name, ".") {
			found[name] = true
		}
	})
	return found
}

// texts gives every text and number that stands in an alert of the payload.
func texts(p *payload) map[string]bool {
	all := map[string]bool{}
	for _, a := range p.alerts {
		body, err := json.Marshal(a)
		if err != nil {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var value any
		if decoder.Decode(&value) == nil {
			for text := range textsOf(value) {
				all[text] = true
			}
		}
	}
	return all
}

func textsOf(value any) map[string]bool {
	all := map[string]bool{}
	walk(value, func(_ string, leaf any) {
		switch v := leaf.(type) {
		case string:
			all[v] = v != ""
		case json.Number:
			all[string(v)] = true
		case float64:
			all[strconv.FormatFloat(v, 'f', -1, 64)] = true
		}
	})
	return all
}

// walk visits every member and item of a value.
func walk(value any, visit func(name string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			visit(name, inner)
			walk(inner, visit)
		}
	case []any:
		for _, inner := range v {
			visit("", inner)
			walk(inner, visit)
		}
	}
}
