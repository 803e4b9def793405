package mapping

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// doorsOf tells which source's door the payloads of a folder of the corpus go through.
func doorsOf() map[string]string {
	return map[string]string{
		"alertmanager": "alertmanager", "abnormal": "abnormal", "aws_guardduty": "guardduty", "aws_securityhub": "security_hub", "cloudflare": "cloudflare",
		"crowdstrike": "crowdstrike", "elastic_security": "elastic_security", "falco": "falco", "gcp_scc": "gcp_scc", "github": "github",
		"microsoft_defender_xdr": "defender_xdr", "microsoft_defender_atp": "defender_xdr", "microsoft_graph": "defender_xdr", "microsoft_sentinel": "sentinel",
		"ocsf": "ocsf", "okta": "okta", "pagerduty": "pagerduty", "proofpoint_tap": "proofpoint", "sentinelone": "sentinelone", "suricata": "suricata",
		"sysdig": "sysdig", "trivy_operator": "trivy", "wazuh": "wazuh",
	}
}

// Every label of the payloads of shipped sources is right behind the source's own
// door, save for those that unreachable lists with the reason.
func TestSourcesFindTheLabels(t *testing.T) {
	t.Parallel()
	all, faults := LoadSources("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	doors, right, asked := doorsOf(), map[string]int{}, map[string]int{}
	for _, l := range corpusLabels(t) {
		folder, _, _ := strings.Cut(l.file, "/")
		source := all.Find(doors[folder])
		if source == nil {
			continue
		}
		body, err := os.ReadFile(filepath.Join(corpusDir, l.file))
		if err != nil {
			continue
		}
		messages, err := source.Read("application/json", body)
		if err != nil {
			t.Errorf("%s: %v", l.file, err)
			continue
		}
		asked[folder]++
		if a := messages[0].Alert; l.foundIn(a) && rated(l, a) {
			right[folder]++
		} else if unreachable()[l.file+" "+l.path] == "" {
			t.Errorf("%s %s: %s = %q; got %s", l.field, l.file, l.path, l.value, shown(a))
		}
	}
	for folder, n := range asked {
		t.Logf("%-24s %3d of %3d labels", folder, right[folder], n)
	}
}

func shown(a soar.Alert) string {
	return strings.Join([]string{a.Title, string(a.Severity), a.OccurredAt.String(), a.Host.Name, a.User.Name, a.User.Email, a.SourceIP, a.ExternalID, strings.Join(a.Guessed, " ")}, " | ")
}

// unreachable are labels that are no value of the field, and why.
func unreachable() map[string]string {
	return map[string]string{
		"crowdstrike/panther_crowdstrike_detection_passthrough__Low_Severity_Finding.json Technique": "PUP is no technique of ATT&CK",
	}
}

// rated tells whether the severity is the one that the tool's scale gives.
func rated(l label, a soar.Alert) bool {
	if l.field != "severity" {
		return true
	}
	scale := map[string]map[string]soar.Severity{
		"aws_guardduty": {"9": "critical", "8": "high", "5": "medium", "1": "low"},
		"ocsf":          {"1": "informational", "2": "low", "3": "medium", "4": "high", "5": "critical"},
		"suricata":      {"1": "high", "2": "medium", "3": "low"},
		"okta":          {"HIGH": "high", "INFO": "informational"},
	}
	folder, _, _ := strings.Cut(l.file, "/")
	if want, ok := scale[folder]; ok {
		return want[l.value] == a.Severity
	}
	if folder == "proofpoint_tap" { // the labelled score is one of four; which counts is tested with the samples
		return a.Severity != ""
	}
	return severityWord(l.value) == a.Severity
}
