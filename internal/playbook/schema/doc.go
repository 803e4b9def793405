// Package schema makes the JSON Schema 2020-12 that editors use to complete and to
// check playbooks while they are written. It is generated from the tables of
// internal/playbook/grammar, so that it cannot say something else than the parser;
// with a catalog it also knows each action and its arguments.
//
// An editor sees less than the checker: types of expressions, names of steps and the
// rules about people and measures are told by internal/playbook alone.
package schema
