package vector

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Vector is one worked case.
type Vector struct {
	ID       string
	Regime   string
	Stage    string // what due times without a name mean; empty: the main one
	Input    map[string]any
	Expected map[string]any
	Why      string
	LeftOut  []string // fields of the file that no vector has
	Fault    string   // why it cannot be read; empty: it can
}

// field gives the field that a name of the file means; empty when there is none.
func field(name string) string {
	for means, names := range map[string][]string{
		"id":       {"id", "name", "case", "title", "case_id", "vector", "vector_id", "test"},
		"regime":   {"regime", "regime_id", "regime_name", "regulation", "law"},
		"stage":    {"stage", "stage_id", "stage_name"},
		"input":    {"input", "inputs", "given", "facts", "in", "events"},
		"expected": {"expected", "expect", "expects", "expectation", "expectations", "want", "output", "outputs", "out", "then", "result", "results"},
		"why":      {"why", "reason", "rationale", "note", "notes", "comment", "because", "explanation", "description"},
	} {
		if slices.Contains(names, strings.Join(words(name), "_")) {
			return means
		}
	}
	if isZone(name) || isHolidays(name) {
		return "input"
	}
	return ""
}

// Load reads a file of vectors: a list, or a mapping with the list in it. A vector
// that cannot be read is among them with its fault, so that it counts.
func Load(file string) ([]Vector, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var content any
	if err := json.Unmarshal(source, &content); err != nil {
		return nil, fmt.Errorf("%s is not a file of vectors: %w", file, err)
	}
	items, ok := content.([]any)
	if top, is := content.(map[string]any); is {
		for _, name := range slices.Sorted(maps.Keys(top)) {
			if list, is := top[name].([]any); is && slices.Contains([]string{"vectors", "cases", "tests", "test_vectors", "examples"}, strings.Join(words(name), "_")) {
				items, ok = append(items, list...), true
			}
		}
	}
	if !ok {
		return nil, fmt.Errorf(`%s is not a file of vectors: write {"vectors": [...]}`, file)
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s holds no vectors", file)
	}
	vectors := make([]Vector, len(items))
	for i, item := range items {
		vectors[i] = read(item)
		if vectors[i].ID == "" {
			vectors[i].ID = fmt.Sprintf("number %d", i+1)
		}
	}
	return vectors, nil
}

func read(item any) Vector {
	v := Vector{Input: map[string]any{}, Expected: map[string]any{}}
	content, ok := item.(map[string]any)
	if !ok {
		v.Fault = "a vector must be a mapping"
		return v
	}
	for _, name := range slices.Sorted(maps.Keys(content)) {
		raw := content[name]
		text, isText := raw.(string)
		switch field(name) {
		case "id":
			v.ID = fmt.Sprint(raw)
		case "regime":
			v.Regime = fmt.Sprint(raw)
		case "why":
			v.Why = fmt.Sprint(raw)
		case "stage":
			if v.Stage = text; !isText {
				v.Fault = name + " must be text"
			}
		case "input":
			if isZone(name) || isHolidays(name) {
				v.Input[name] = raw
			} else {
				flatten(v.Input, "start", raw)
			}
		case "expected":
			flatten(v.Expected, "due", raw)
		default:
			v.LeftOut = append(v.LeftOut, name)
		}
	}
	return v
}

// flatten copies a mapping. A mapping in it becomes names joined by _: {"final":
// {"due": x}} is final_due. What is no mapping gets the name otherwise.
func flatten(into map[string]any, otherwise string, raw any) {
	content, ok := raw.(map[string]any)
	if !ok {
		if list, is := raw.([]any); is && named(into, list) {
			return
		}
		into[otherwise] = raw
		return
	}
	for name, value := range content {
		group := slices.Contains([]string{"facts", "stages", "dues", "due_times", "deadlines", "expected", "input", "settings"}, strings.Join(words(name), "_"))
		sent := slices.Contains([]string{"submitted", "submissions", "sent"}, name)
		inner, nested := value.(map[string]any)
		list, listed := value.([]any)
		switch {
		case group && (nested || listed):
			flatten(into, name, value)
		case nested:
			for part, value := range inner {
				whole := name + "_" + part
				if sent {
					whole = part + "_submitted"
				}
				flatten(into, whole, value)
			}
		case listed && named(into, list):
		default:
			into[name] = value
		}
	}
}

// named copies a list of mappings that each name their stage.
func named(into map[string]any, list []any) bool {
	for _, item := range list {
		content, ok := item.(map[string]any)
		stage, text := content["stage"].(string)
		if !ok || !text {
			return false
		}
		for name, value := range content {
			if name != "stage" {
				into[stage+"_"+name] = value
			}
		}
	}
	return len(list) > 0
}
