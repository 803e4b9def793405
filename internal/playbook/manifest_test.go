package playbook_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
)

func TestManifestsOfTheProductAreSound(t *testing.T) {
	t.Parallel()
	for instance, m := range playbooktest.Catalog(t) {
		if faults := playbook.CheckManifest(m); len(faults) > 0 {
			t.Errorf("%s: %v", instance, faults)
		}
	}
}

func TestCheckManifest(t *testing.T) {
	t.Parallel()
	const source = `connector: example
version: 1.0.0
title: Example
description: An example.
tested: In tests.
actions:
  block:
    title: Block
    description: Blocks.
    risk: change
    target: host
    undo: {action: free, with: {host: "${{ args.hots }}", ids: "${{ output.id }}"}}
    reconcile: {action: look, with: {host: "${{ output.id }}"}, done: output.blocked and args.force}
    input: {type: object, required: [host], properties: {host: {type: string}, force: {type: boolean}}}
    output: {type: object, properties: {id: {type: string}}}
  free:
    title: Free
    description: Frees.
    risk: change
    target: host
    irreversible: true
    input: {type: object, required: [host, ids], properties: {host: {type: string}, ids: {type: array, items: {type: string}}}}
    output: {type: object}
  look:
    title: Look
    description: Looks.
    risk: read
    input: {type: object, required: [host], properties: {host: {type: string}}}
    output: {type: object, properties: {isolated: {type: boolean}}}
`
	m, faults := manifest.Parse("m.yaml", []byte(source))
	if m == nil {
		t.Fatal(faults)
	}
	var got []string
	for _, fault := range playbook.CheckManifest(m) {
		got = append(got, fmt.Sprintf("%d:%d %s", fault.Line, fault.Column, fault.Message))
	}
	want := []string{
		`12:49 args has no member "hots"`, "12:69 this must be a list of text, but it is text",
		`13:49 there is no value called "output"`, `13:78 output has no member "blocked"`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("faults:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
