package policy

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func shipped(t *testing.T) *Policy {
	t.Helper()
	policy, faults := Load("")
	for _, fault := range faults {
		t.Error(fault)
	}
	if policy == nil {
		t.FailNow()
	}
	return policy
}

// site loads one file over the defaults.
func site(name, source string) (*Policy, []string) {
	policy, faults := load(fstest.MapFS{name: {Data: []byte(source)}}, "site")
	var lines []string
	for _, fault := range faults {
		line := strings.TrimPrefix(fault.String(), "site/"+name+":")
		if fault.Hint != "" {
			line += " | " + fault.Hint
		}
		lines = append(lines, line)
	}
	return policy, lines
}

func TestShippedFilesAreSound(t *testing.T) {
	t.Parallel()
	policy := shipped(t)
	if diff := cmp.Diff(len(Files()), len(policy.Shipped)); diff != "" || len(policy.Digest) != 64 {
		t.Errorf("shipped %v, digest %q", policy.Shipped, policy.Digest)
	}
	if len(policy.PreauthorisedNames(policy.noon())) != 0 {
		t.Error("something is authorised beforehand although nobody agreed to it")
	}
	if !strings.Contains(policy.Objectives.AgreedBy, "nobody yet") {
		t.Error("the shipped objectives claim that somebody agreed to them")
	}
}

func TestLoadFromAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := "version: \"7\"\naudiences:\n  board: {emails: [board@lab.invalid], tlp: red}\n"
	if err := os.WriteFile(filepath.Join(dir, fileAudiences), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, faults := Load(dir)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := &Audience{Name: "board", Emails: []string{"board@lab.invalid"}, TLP: soar.TLPRed}
	if diff := cmp.Diff(want, policy.Audience("board")); diff != "" || policy.Audience("stakeholders") != nil {
		t.Errorf("the site's file was not taken for the shipped one: %s", diff)
	}
	if len(policy.Shipped) != len(Files())-1 || policy.Digest == shipped(t).Digest {
		t.Errorf("shipped %v", policy.Shipped)
	}
}

func TestFolderFaults(t *testing.T) {
	t.Parallel()
	if policy, faults := Load(filepath.Join(t.TempDir(), "nowhere")); policy != nil || !faults.HasErrors() {
		t.Error("a folder that does not exist passed")
	}
	rows := []struct {
		name string
		site fs.FS
		want []string
	}{
		{"misspelt", fstest.MapFS{"assesment.yaml": {}}, []string{`site/assesment.yaml: error: this is not a policy file, nothing would read it [policy_file]`}},
		{"other things may lie there", fstest.MapFS{"README.md": {}, "old/assesment.yaml": {}}, nil},
		{"escalation policies that there are not", fstest.MapFS{fileObjectives: {Data: []byte(`name: site
version: "1"
agreed_by: ciso
agreed_on: 2026-01-02
objectives:
  - {id: a, objective: contain, within: 4h, on_warning: [{escalate: soc}], on_breach: [{escalate: managment}, {escalate: "9"}]}
`)}}, []string{
			`site/objectives.yaml:6:99: error: there is no escalation policy "managment" [policy_unknown]`,
			`site/objectives.yaml:6:122: error: there is no escalation policy "9" [policy_unknown]`,
		}},
		{"empty file", fstest.MapFS{fileSeverity: {}}, []string{`site/severity.yaml:1:1: error: the file is empty [one_document]`}},
	}
	for _, row := range rows {
		var got []string
		_, faults := load(row.site, "site")
		for _, fault := range faults {
			got = append(got, fault.String())
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestAllFaultsOfAllFilesAtOnce(t *testing.T) {
	t.Parallel()
	policy, faults := load(fstest.MapFS{
		fileSeverity:  {Data: []byte("version: \"1\"\nimpact: []\n")},
		fileAudiences: {Data: []byte("version: \"1\"\naudience: {}\n")},
	}, "site")
	if policy != nil || len(faults) != 3 {
		t.Errorf("got %d faults: %v", len(faults), faults)
	}
}
