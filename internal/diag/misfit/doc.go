// Package misfit says in sentences what a JSON Schema has against a value: each fault
// with the JSON pointer (RFC 6901) of its place, what was there, and what is expected.
// The sentences repeat little of the value, which may come from an attacker, and
// nothing of the schema but what it asks for.
//
//	jsonschema.ValidationError -> Explain -> [{/host/name, "has 7 characters, expected at most 5"}]
//
// The API's own bodies (api/spec) and the answers to tasks (internal/form) use it.
package misfit
