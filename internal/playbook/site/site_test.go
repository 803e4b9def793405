package site_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/playbook/site"
)

const book = `tocsin: v1
playbook: names
version: 1.0.0
title: Names of a site
steps:
  - id: out
    escalate: {policy: soc, reason: known}
  - id: out_again
    escalate: {policy: sox, reason: misspelt}
  - id: ask
    approval:
      title: May it run?
      approvers: [{role: ciso}]
      expires_in: 1h
      on_expire: escalate
      escalate: [{after: 10m, to: {role: soc_lead}}, {after: 20m, policy: nobody}]
  - id: talk
    task:
      title: Call the owner
      assignee: {roster: night}
      escalate: [{after: 10m, policy: soc}]
`

func TestCheck(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		source string
		known  site.Names
		want   []string
	}{
		{"all known", book, site.Names{Escalations: []string{"soc", "sox", "nobody"}, Rosters: []string{"night"}}, nil},
		{"some", book, site.Names{Escalations: []string{"management", "soc"}}, []string{
			`9:24: there is no escalation policy "sox" | did you mean "soc"? escalation.yaml has management or soc`,
			`16:75: there is no escalation policy "nobody" | escalation.yaml has management or soc`,
			`20:26: there is no roster "night" | rosters.yaml has none`,
		}},
		{"what cannot be read", "steps: [", site.Names{}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, fault := range site.Check("one.yaml", []byte(row.source), row.known) {
				got = append(got, fmt.Sprintf("%d:%d: %s | %s", fault.Line, fault.Column, fault.Message, fault.Hint))
				if fault.Level != diag.Error || fault.File != "one.yaml" {
					t.Errorf("%+v", fault)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}
