package strictschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Compile tells whether a schema in plain data is a valid JSON Schema 2020-12.
func Compile(schema map[string]any) error {
	_, err := compile(schema)
	return err
}

// Validate checks plain data against a schema in plain data. The error says in plain
// words what is wrong first.
func Validate(schema map[string]any, value any) error {
	compiled, err := compile(schema)
	if err != nil {
		return err
	}
	instance, err := asJSON(value)
	if err != nil {
		return err
	}
	return plain(compiled.Validate(instance))
}

func compile(schema map[string]any) (*jsonschema.Schema, error) {
	resource, err := asJSON(schema)
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource("schema.json", resource); err != nil {
		return nil, plain(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		return nil, plain(err)
	}
	return compiled, nil
}

// noLoader refuses to fetch anything: a schema is complete in itself.
type noLoader struct{}

// Load always fails.
func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("references to %q are not followed", url)
}

// asJSON brings plain data into the form that the validator expects.
func asJSON(value any) (any, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(body))
}

// plain takes the first cause out of the validator's tree of errors.
func plain(err error) error {
	if err == nil {
		return nil
	}
	if schema, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		err = schema.Err
	}
	fault, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	for len(fault.Causes) > 0 {
		fault = fault.Causes[0]
	}
	lines := strings.Split(fault.Error(), "\n")
	_, text, found := strings.Cut(lines[len(lines)-1], "': ")
	if !found {
		text = lines[len(lines)-1]
	}
	if len(fault.InstanceLocation) > 0 {
		text = strings.Join(fault.InstanceLocation, ".") + ": " + text
	}
	return errors.New(text)
}
