package connectors_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connectors"
	"github.com/tocsin-soar/tocsin/internal/playbook"
)

func TestAll(t *testing.T) {
	t.Parallel()
	all, err := connectors.All(connectors.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, kind := range all {
		kinds = append(kinds, kind.Manifest().Connector)
		for _, fault := range playbook.CheckManifest(kind.Manifest()) {
			t.Errorf("%s: %s", kind.Manifest().Connector, fault)
		}
	}
	want := []string{"lab_edr", "lab_directory", "lab_firewall", "lab_mail", "lab_intel", "http", "notify", "ldap", "smtp", "teams", "webhook",
		"abuseipdb", "crowdstrike", "defender", "entra", "jira", "okta", "pagerduty", "urlscan", "virustotal"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
}
