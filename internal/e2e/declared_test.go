package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/lab"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// siteEDR is a connector file of a site, for the EDR of the lab.
const siteEDR = `connector: site_edr
version: 1.0.0
title: EDR of the site
description: Isolates hosts.
tested: Run against the lab server.
settings:
  token: {description: "API token", required: true, secret: true}
http:
  auth: {bearer: {secret: token}}
actions:
  host:
    title: Look up a host
    description: Whether a host is isolated.
    risk: read
    idempotent: true
    input: {type: object, required: [host], properties: {host: {type: string, minLength: 1}}}
    request: {method: GET, path: "/edr/hosts/${{ args.host }}"}
    result: {isolated: "${{ response.body.isolated }}"}
    output: {type: object, required: [isolated], properties: {isolated: {type: boolean}}}
  isolate:
    title: Isolate a host
    description: Cuts a host off.
    risk: change
    target: host
    protects: host
    undo: {action: release, with: {host: "${{ args.host }}"}}
    reconcile: {action: host, with: {host: "${{ args.host }}"}, done: output.isolated}
    input: {type: object, required: [host], properties: {host: {type: string, minLength: 1}}}
    request: {method: POST, path: "/edr/hosts/${{ args.host }}/isolate"}
    result: {host: "${{ args.host }}"}
    output: {type: object, required: [host], properties: {host: {type: string}}}
  release:
    title: Release a host
    description: Takes an isolation back.
    risk: change
    target: host
    protects: host
    undo: {action: isolate, with: {host: "${{ args.host }}"}}
    reconcile: {action: host, with: {host: "${{ args.host }}"}, done: not output.isolated}
    input: {type: object, required: [host], properties: {host: {type: string, minLength: 1}}}
    request: {method: POST, path: "/edr/hosts/${{ args.host }}/release"}
    result: {host: "${{ args.host }}"}
    output: {type: object, required: [host], properties: {host: {type: string}}}
`

const siteIsolation = `tocsin: v1
playbook: site_isolation
version: 1.0.0
title: Isolation by the connector of the site
owner: soc_engineering
trigger:
  when: incident.category == "brute_force"
input:
  type: object
  required: [host]
  properties:
    host: {type: string, default: "${{ alert.host.name }}"}
steps:
  - id: ask
    approval:
      title: "Isolate ${{ input.host }}?"
      approvers: [{role: soc_lead}]
      bind: [isolate]
      expires_in: 15m
      on_expire: deny
  - id: isolate
    when: steps.ask.status == "approved"
    action: site.isolate
    with: {host: "${{ input.host }}"}
    expires_in: 24h
  - id: watch
    wait: {for: 1h}
`

// TestConnectorFileOfTheSite isolates a host by a connector that is one YAML file.
// The answer is lost, so the system is asked instead of told again; the measure is taken
// back when a person releases it.
func TestConnectorFileOfTheSite(t *testing.T) {
	t.Parallel()
	given := shared(t)
	given["load_shipped_playbooks"], given["connectors_dir"] = "false", t.TempDir()
	if err := os.WriteFile(filepath.Join(given["connectors_dir"], "edr.yaml"), []byte(siteEDR), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStand(t, given)
	engineer, _ := s.issue(t, access.TokenRequest{Name: "engineer", Person: "engineer@lab.invalid", Roles: []soar.Role{soar.RolePlaybookEngineer}})
	if _, err := engineer.PlaybookPublish(t.Context(), "site_isolation", "", []byte(siteIsolation)); err != nil {
		t.Fatal(err)
	}
	incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
	approval := s.pendingApproval(t, incident)
	s.requireNone(t)
	s.lab.Misbehave(lab.Fault{Path: "/edr/hosts/web-01/isolate", Mode: lab.ModeDropAfter, Times: 1})
	s.decide(t, approval, gen.Approve)
	detail := s.detail(t, incident, "the host is isolated", func(d protocol.Detail) bool {
		return len(d.Containments) == 1 && stepOf(d, "isolate").Status == soar.StepSucceeded
	})
	s.requireOnce(t, "edr.isolate_host web-01")
	if calls := s.calls.of("POST /edr/hosts/web-01/isolate"); calls != 1 {
		t.Errorf("the EDR was told to isolate %d times", calls)
	}
	requireText(t, ofKind(s.verify(t, incident), protocol.EventActionOutcome), "site.isolate on web-01 was found done by asking")

	release := gen.ReleaseCommand{ContainmentID: detail.Containments[0].ID, Reason: "the host is clean"}
	if _, err := s.lead.Command(t.Context(), incident, "release-1", release); err != nil {
		t.Fatal(err)
	}
	s.detail(t, incident, "the host is released", func(protocol.Detail) bool { return s.happened(t)["edr.release_host web-01"] > 0 })
	s.requireOnce(t, "edr.isolate_host web-01", "edr.release_host web-01")
}
