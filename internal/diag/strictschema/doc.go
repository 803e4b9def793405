// Package strictschema reads a JSON Schema that was written inside a YAML file, with
// the places of its faults: unknown keywords (they are silently ignored elsewhere),
// wrong values, names in required that are no property, patterns that do not compile.
//
// It takes the part of JSON Schema 2020-12 that a form and a type can be made from:
// no $ref, no if, no not. What it accepts, santhosh-tekuri/jsonschema compiles too.
// Playbook inputs, task forms and connector manifests use it; turning a schema into a
// type of expressions is internal/playbook/expression.
package strictschema
