package playbook_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

const tools = `connector: example
version: 1.0.0
title: Example
description: An example.
tested: In tests.
actions:
  label:
    title: Label
    description: Labels.
    risk: change
    target: host
    timeout: 4m
    undo: {action: unlabel, with: {host: "${{ args.host }}", note: "taken off ${{ args.host }}", mode: soft}}
    input: {type: object, required: [host], properties: {host: {type: string}}}
    output: {type: object}
  unlabel:
    title: Unlabel
    description: Takes a label off.
    risk: change
    target: host
    irreversible: true
    input: {type: object, required: [host], properties: {host: {type: string}, note: {type: string}, mode: {type: string}}}
    output: {type: object}
`

// compileWith compiles steps against one connector, called tool.
func compileWith(t *testing.T, steps string) *plan.Plan {
	t.Helper()
	m, faults := manifest.Parse("m.yaml", []byte(tools))
	if m == nil {
		t.Fatal(faults)
	}
	compiled, faults := playbook.Compile("f.yaml", []byte(head+"steps:\n"+steps), manifest.Catalog{"tool": m}, nil)
	if compiled == nil {
		t.Fatal(faults)
	}
	if want := map[string]string{"tool": m.Digest}; !cmp.Equal(compiled.Pins, want) {
		t.Errorf("pins are %v, want %v", compiled.Pins, want)
	}
	return compiled
}

func TestWhatAStepLeavesOut(t *testing.T) {
	t.Parallel()
	action := compileWith(t, "  - action: tool.label\n    with: {host: srv-1}\n").Steps[0].Action
	expr := func(source string) *plan.Expr { return &plan.Expr{Source: source} }
	want := &plan.Action{
		Connector: "tool", Name: "label", Risk: "change", Target: "host",
		With:  []plan.Field{{Name: "host", Value: plan.Value{Kind: "literal", Literal: "srv-1"}}},
		Retry: plan.Retry{MaxAttempts: 3, Initial: 2 * time.Second, Backoff: 2, Maximum: time.Minute, On: []string{"transient", "limited"}},
		// Three attempts of the manifest's 4 minutes must have room.
		AttemptTimeout: 4 * time.Minute, TotalTimeout: 12 * time.Minute,
		Undo: &plan.Undo{Connector: "tool", Name: "unlabel", With: []plan.Field{
			{Name: "host", Value: plan.Value{Kind: "expr", Expr: expr("args.host")}},
			{Name: "note", Value: plan.Value{Kind: "text", Text: []plan.Part{{Text: "taken off "}, {Expr: expr("args.host")}}}},
			{Name: "mode", Value: plan.Value{Kind: "literal", Literal: "soft"}},
		}},
	}
	if diff := cmp.Diff(want, action); diff != "" {
		t.Errorf("action (-want +got):\n%s", diff)
	}
}

func TestPathsAndPhases(t *testing.T) {
	t.Parallel()
	compiled := compileWith(t, `  - id: outer
    phase: contain
    steps:
      - action: tool.label
        with: {host: a}
      - id: each
        phase: learn
        for_each: alert.urls
        as: link
        action: tool.label
        with: {host: "${{ link }}"}
      - parallel:
          left: [{set: {x: 1}}]
          right: [{id: named, switch: [{when: "true", steps: [{set: {y: 1}}]}, {else: [{set: {z: 1}}]}]}]
      - repeat: {until: "true", max_times: 2, steps: [{set: {w: 1}}]}
`)
	var got [][3]string
	plan.Walk(compiled.Steps, func(s *plan.Step) bool {
		got = append(got, [3]string{s.Path, s.ID, s.Phase})
		return true
	})
	want := [][3]string{
		{"outer", "outer", "contain"}, {"outer/action_1", "@outer/action_1", "contain"}, {"outer/each", "each", "learn"},
		{"outer/each/action_1", "@outer/each/action_1", "learn"}, {"outer/parallel_3", "@outer/parallel_3", "contain"},
		{"outer/parallel_3/left/set_1", "@outer/parallel_3/left/set_1", "contain"}, {"outer/parallel_3/right/named", "named", "contain"},
		{"outer/parallel_3/right/named/1/set_1", "@outer/parallel_3/right/named/1/set_1", "contain"},
		{"outer/parallel_3/right/named/else/set_1", "@outer/parallel_3/right/named/else/set_1", "contain"},
		{"outer/repeat_4", "@outer/repeat_4", "contain"}, {"outer/repeat_4/set_1", "@outer/repeat_4/set_1", "contain"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths, ids and phases (-want +got):\n%s", diff)
	}
}

// Another word that runs gives another digest, and so does another word that does not:
// incidents pin a text.
func TestEveryTextHasItsDigest(t *testing.T) {
	t.Parallel()
	first := compileWith(t, "  - action: tool.label\n    with: {host: a}\n")
	comment := compileWith(t, "  - action: tool.label\n    with: {host: a} # why\n")
	other := compileWith(t, "  - action: tool.label\n    with: {host: b}\n")
	if first.Source == comment.Source || first.Digest == comment.Digest || first.Digest == other.Digest {
		t.Errorf("another text has the same digest: %s %s %s", first.Digest, comment.Digest, other.Digest)
	}
}
