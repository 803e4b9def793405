// Package spec reads openapi.yaml once, at start, and answers two questions
// with it: who may call an operation, and is this input as described.
//
// The description is the source: a field, a bound or a permission is changed
// there and nowhere else. Schemas are JSON Schema 2020-12, as OpenAPI 3.1 says,
// compiled when the description is read.
//
//	openapi.yaml -> Parse -> Operation{permissions, parameters, body}
//	request      -> CheckParameters, DecodeBody -> value, or all that was wrong
//
// Routing and the answers of refusals are in package api, the generated types
// in api/gen. What a permission means is in internal/access.
package spec
