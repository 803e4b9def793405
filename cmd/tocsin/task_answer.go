package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// answerFlags say what the answer to a task is: values by name, or all of it.
type answerFlags struct {
	given []string // name=value, or one JSON object
	file  string
}

// readAnswer gives the answer. form gives the task's form, which is asked for only when
// it decides something: what type a value has, or what to ask a person on a terminal.
func (f answerFlags) readAnswer(cmd *cobra.Command, form func() (map[string]any, error)) (map[string]any, error) {
	const most = 256 << 10
	switch {
	case f.file != "":
		body, err := readInput(cmd, f.file, most)
		if err != nil {
			return nil, err
		}
		return wholeAnswer(f.file, body)
	case len(f.given) == 1 && strings.HasPrefix(strings.TrimSpace(f.given[0]), "{"):
		return wholeAnswer("--answer", []byte(f.given[0]))
	case len(f.given) > 0:
		schema, err := form()
		if err != nil {
			return nil, err
		}
		return namedAnswers(schema, f.given)
	case isTerminal(cmd.InOrStdin()):
		schema, err := form()
		if err != nil {
			return nil, err
		}
		return askAnswers(cmd, schema)
	default:
		return nil, nil
	}
}

func wholeAnswer(where string, body []byte) (map[string]any, error) {
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, usage("%s: expected a JSON object: %v", where, err)
	}
	return answer, nil
}

// namedAnswers reads name=value. A name with dots goes into nested objects of the form.
func namedAnswers(schema map[string]any, given []string) (map[string]any, error) {
	answer := map[string]any{}
	for _, pair := range given {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usage("--answer is %q, expected name=value or a JSON object", pair)
		}
		inner, last, property := place(answer, schema, name)
		if _, twice := inner[last]; twice {
			return nil, usage("--answer names %q twice", name)
		}
		inner[last] = typed(property, value)
	}
	return answer, nil
}

// place finds where a value belongs, and what the form says of it.
func place(answer, schema map[string]any, name string) (into map[string]any, last string, property map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	property, known := properties[name].(map[string]any)
	outer, rest, dotted := strings.Cut(name, ".")
	nested, _ := properties[outer].(map[string]any)
	if known || !dotted || nested == nil {
		return answer, name, property
	}
	inside, ok := answer[outer].(map[string]any)
	if !ok {
		inside = map[string]any{}
		answer[outer] = inside
	}
	return place(inside, nested, rest)
}

// typed reads a value as the form wants it: text stays text, also when it looks like a
// number; anything else is JSON, and text when it is none.
func typed(property map[string]any, value string) any {
	if property["type"] == "string" {
		return value
	}
	if choices, ok := property["enum"].([]any); ok && slices.Contains(choices, any(value)) {
		return value
	}
	var parsed any
	if err := json.Unmarshal([]byte(value), &parsed); err != nil {
		return value
	}
	return parsed
}

// askAnswers asks for the form's properties one by one, the required first. An empty
// line leaves out what need not be given.
func askAnswers(cmd *cobra.Command, schema map[string]any) (map[string]any, error) {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	isRequired := func(name string) bool { return slices.Contains(required, any(name)) }
	names := slices.Sorted(maps.Keys(properties))
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case isRequired(a) == isRequired(b):
			return 0
		case isRequired(a):
			return -1
		default:
			return 1
		}
	})
	lines, answer := bufio.NewReader(cmd.InOrStdin()), map[string]any{}
	for _, name := range names {
		property, _ := properties[name].(map[string]any)
		if property["type"] == "object" || property["type"] == "array" {
			if isRequired(name) {
				return nil, usage("the field %s of the form is asked for as JSON: --answers FILE", name)
			}
			continue
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: ", question(name, property, isRequired(name)))
		line, err := lines.ReadString('\n')
		if err != nil && line == "" {
			return nil, usage("the answers end before %s", name)
		}
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			answer[name] = typed(property, line)
		}
	}
	return answer, nil
}

// question is the title of a property with what it takes.
func question(name string, property map[string]any, required bool) string {
	text := name
	if title, ok := property["title"].(string); ok {
		text = title
	}
	var hints []string
	if choices, ok := property["enum"].([]any); ok {
		hints = append(hints, strings.Trim(strings.ReplaceAll(fmt.Sprint(choices), " ", ", "), "[]"))
	} else if property["type"] == "boolean" {
		hints = append(hints, "true or false")
	} else if format, ok := property["format"].(string); ok {
		hints = append(hints, format)
	} else if kind, ok := property["type"].(string); ok && kind != "string" {
		hints = append(hints, kind)
	}
	if preset, ok := property["default"]; ok {
		hints = append(hints, fmt.Sprintf("else %v", preset))
	} else if !required {
		hints = append(hints, "may be empty")
	}
	if len(hints) > 0 {
		text += " (" + strings.Join(hints, "; ") + ")"
	}
	return diag.Escape(text)
}
