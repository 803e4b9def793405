package mapping

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/show/labels"
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
		folder, _, _ := strings.Cut(l.File, "/")
		source := all.Find(doors[folder])
		if source == nil {
			continue
		}
		body, err := os.ReadFile(filepath.Join(corpusDir, l.File))
		if err != nil {
			continue
		}
		messages, err := source.Read("application/json", body)
		if err != nil {
			t.Errorf("%s: %v", l.File, err)
			continue
		}
		a := messages[min(l.Position(), len(messages)-1)].Alert
		asked[folder]++
		switch {
		case l.Right(a) && rated(l, a):
			right[folder]++
		case unreachable()[l.File+" "+l.Path] == "":
			t.Errorf("%s %s: %s = %q; got %q, severity %q, guessed %v", l.Field, l.File, l.Path, l.Value, l.Got(a), a.Severity, a.Guessed)
		}
	}
	for folder, n := range asked {
		t.Logf("%-24s %3d of %3d labels", folder, right[folder], n)
	}
}

// unreachable are labels that are no value of the field, and why.
func unreachable() map[string]string {
	return map[string]string{
		"crowdstrike/panther_crowdstrike_detection_passthrough__Low_Severity_Finding.json Technique": "PUP is no technique of ATT&CK",
		"sentinelone/icon_sentinelone__get_valid_threat_1.json data[0].threatInfo.sha1":              "the word string is no hash",
	}
}

// rated tells whether the severity is the one that the tool's scale gives.
func rated(l labels.Label, a soar.Alert) bool {
	if l.Field != "severity" {
		return true
	}
	scale := map[string]map[string]soar.Severity{
		"aws_guardduty": {"9": "critical", "8": "high", "5": "medium", "1": "low"},
		"ocsf":          {"1": "informational", "2": "low", "3": "medium", "4": "high", "5": "critical"},
		"suricata":      {"1": "high", "2": "medium", "3": "low"},
		"okta":          {"HIGH": "high", "INFO": "informational"},
	}
	folder, _, _ := strings.Cut(l.File, "/")
	if want, ok := scale[folder]; ok {
		return want[l.Value] == a.Severity
	}
	if folder == "proofpoint_tap" { // the labelled score is one of four; which counts is tested with the samples
		return a.Severity != ""
	}
	return severityWord(l.Value) == a.Severity
}
