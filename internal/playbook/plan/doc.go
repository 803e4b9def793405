// Package plan is what a playbook compiles to: plain data that the interpreter
// walks. It imports only the standard library and knows neither YAML nor
// Temporal.
//
// A plan is immutable and identified by Digest, the SHA-256 of the plan as JSON:
// the digest of the source, the manifests and the playbooks it calls are in it, so
// equal digests mean that exactly the same will run. See Seal and Read.
//
// Steps keep the order of the file. Expressions stand in it as text that
// the checker has passed; the interpreter evaluates them with
// internal/playbook/expression. Reading a plan needs no second look at the
// source: defaults are filled in, durations are parsed, sub-playbooks and
// connector manifests are pinned.
package plan
