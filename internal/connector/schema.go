package connector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const maxFaults = 5 // shown of one value

// Schemas are a manifest's schemas, compiled once. They are safe for concurrent
// use.
type Schemas struct {
	input, output map[string]*jsonschema.Schema // by action
}

// CompileSchemas compiles the input and output schema of every action. An action
// without an input schema takes no arguments; without an output schema it may
// answer any object. References outside the schema are errors.
func CompileSchemas(m *manifest.Manifest) (*Schemas, error) {
	s := &Schemas{input: map[string]*jsonschema.Schema{}, output: map[string]*jsonschema.Schema{}}
	for _, action := range m.Actions {
		input, output := action.Input, action.Output
		if input == nil {
			input = map[string]any{"type": "object", "additionalProperties": false}
		}
		if output == nil {
			output = map[string]any{"type": "object"}
		}
		var err error
		if s.input[action.Name], err = compileSchema(input); err != nil {
			return nil, fmt.Errorf("%s.%s: input schema: %w", m.Connector, action.Name, err)
		}
		if s.output[action.Name], err = compileSchema(output); err != nil {
			return nil, fmt.Errorf("%s.%s: output schema: %w", m.Connector, action.Name, err)
		}
	}
	return s, nil
}

// CheckInput holds arguments against the action's input schema.
func (s *Schemas) CheckInput(action string, args map[string]any) error {
	return check(s.input[action], args)
}

// CheckOutput holds a result against the action's output schema.
func (s *Schemas) CheckOutput(action string, output map[string]any) error {
	return check(s.output[action], output)
}

type noLoader struct{}

// Load refuses: a schema must stand by itself.
func (noLoader) Load(address string) (any, error) {
	return nil, fmt.Errorf("schemas may not refer to %s", address)
}

func compileSchema(schema map[string]any) (*jsonschema.Schema, error) {
	document, err := plainJSON(schema)
	if err != nil {
		return nil, err
	}
	const name = "tocsin:///schema.json"
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(name, document); err != nil {
		return nil, err
	}
	return compiler.Compile(name)
}

func check(schema *jsonschema.Schema, value map[string]any) error {
	if schema == nil {
		return errors.New("the manifest declares no such action")
	}
	if value == nil {
		value = map[string]any{}
	}
	document, err := plainJSON(value)
	if err != nil {
		return err
	}
	err = schema.Validate(document)
	if invalid, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		return errors.New(faults(invalid))
	}
	return err
}

// faults names the places and what is wrong there, a few of them.
func faults(invalid *jsonschema.ValidationError) string {
	var lines []string
	for _, unit := range invalid.BasicOutput().Errors {
		if unit.Error == nil {
			continue
		}
		place := strings.ReplaceAll(strings.TrimPrefix(unit.InstanceLocation, "/"), "/", ".")
		line := soar.Shorten(strings.TrimPrefix(place+": "+unit.Error.String(), ": "), maxQuoted)
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if len(lines) > maxFaults {
		lines = append(lines[:maxFaults], "and more")
	}
	return strings.Join(lines, "; ")
}

// plainJSON brings a value into the shapes that the validator knows; manifests
// come from YAML and arguments from expressions.
func plainJSON(value any) (any, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, errors.New("the value cannot be written as JSON")
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(body))
}
