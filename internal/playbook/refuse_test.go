package playbook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// The traps that the language promises to tell, each with its rule, its place in the
// part of the playbook that is given here, and a piece of what is said.
func TestPromisedRefusals(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, text, at, rule, message, hint string }{
		{"a comment in an expression", "- when: any(alert.tags, # > 80)\n  set: {x: 1}\n", "1:9", "comment_in_expression", "a comment swallowed", "in quotes"},
		{"a negation that is a tag", "- when: !closed\n  set: {x: 1}\n", "1:9", "no_tag", "!closed as a tag", "not closed"},
		{"a key twice", "- set: {x: 1}\n  title: a\n  title: b\n", "3:3", "duplicate_key", `"title" stands here twice`, "remove one"},
		{"a second document", "- set: {x: 1}\n---\na: 1\n", "2:1", "one_document", "a second document starts here", "one file"},
		{"an anchor", "- set: {x: &a 1}\n", "1:12", "no_anchor", "the anchor &a is not allowed", "write the value out"},
		{"an alias", "- set: {x: *a}\n", "1:12", "no_anchor", "the alias *a is not allowed", "write the value out"},
		{"a merge key", "- set: {<<: {x: 1}}\n", "1:9", "no_merge_key", "<< is not allowed", "write the keys out"},
		{"a subtraction", "- id: contain-host\n  set: {x: 1}\n", "1:7", "identifier", "expressions read - as minus", "write contain_host"},
		{"braces of other tools", "- set: {x: \"{{ alert.title }}\"}\n", "1:13", "bare_braces", "{{ stands without a $", "${{ alert.title }}"},
		{"a template in an expression", "- when: ${{ true }}\n  set: {x: 1}\n", "1:9", "template_in_expression", "bare expression", "write when: true"},
		{"an unknown key", "- set: {x: 1}\n  wehn: true\n", "2:3", "unknown_key", `no key "wehn"`, `did you mean "when"?`},
		{"no way to allow", "- title: a\n  approval: {approvers: [{role: ciso}], expires_in: 5m, on_expire: allow}\n", "2:68", "choice", "deny, escalate or fail", "silence never allows"},
		{"a misspelt member", "- id: a\n  action: edr.host_info\n  with: {host: x}\n- set: {x: \"${{ steps.a.output.isolatd }}\"}\n", "4:32", "expression", `no member "isolatd"`, `did you mean "isolated"?`},
		{"a step that may not have run", "- id: a\n  when: input.host != \"\"\n  action: edr.host_info\n  with: {host: x}\n- set: {x: \"${{ steps.a.output.os }}\"}\n", "5:32", "expression", "may be absent", "?.os"},
		{"the local clock", "- set: {x: \"${{ now() }}\"}\n", "1:17", "expression", "not part of the language", "now is a value"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			before := strings.Count(whole(row.text), "\n") - strings.Count(row.text, "\n")
			faults := faultsOf(t, row.text)
			said := slices.ContainsFunc(faults, func(d diag.Diagnostic) bool {
				return fmt.Sprintf("%d:%d", d.Line-before, d.Column) == row.at && d.Rule == row.rule && strings.Contains(d.Message, row.message) && strings.Contains(d.Hint, row.hint)
			})
			if !said {
				t.Errorf("faults, with %d lines before: %v; want %s %s %q %q", before, faults, row.at, row.rule, row.message, row.hint)
			}
		})
	}
	if faults := faultsOf(t, "on: true\nsteps: [{set: {x: 1}}]\n"); len(faults) != 1 || faults[0].Rule != "unknown_key" || faults[0].Hint != "the key is trigger" {
		t.Errorf("on: gives %v, want the word that is used here", faults)
	}
}
