// Package playbooks holds the playbooks that ship with Tocsin, one folder a
// scenario: <name>/<name>.yaml, its README and its tests. LANGUAGE.md is the
// manual of the language, RULES.md explains each diagnostic, schema/ is what
// editors read.
//
// The code here only embeds the files; internal/library publishes them.
package playbooks
