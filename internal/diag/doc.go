// Package diag is how faults in text that people wrote are told: where, what was
// wrong, what was expected. A fault is a value in a List, never an error; all
// faults of a file are told at once.
//
// It renders as text with the source line and a caret, as JSON, and as SARIF
// 2.1.0. Playbooks, connector manifests, source mappings and the configuration
// file all use it. The text in a diagnostic may have been written by an attacker:
// rendering escapes control characters and characters that turn the direction of
// text, so a terminal shows what is really there.
//
// Reading YAML strictly, with positions, is strictyaml below this folder.
package diag
