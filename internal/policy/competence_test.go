package policy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClassesOfActions(t *testing.T) {
	t.Parallel()
	policy, faults := site(fileCompetence, `version: "1"
classes:
  - {name: isolation, title: Take off the network, actions: [edr.isolate_*, "*.contain"]}
  - {name: accounts, title: Disable accounts, actions: [ad.disable_account], least: 1, warn_before: 10d}
`)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := []Class{
		{Name: "isolation", Title: "Take off the network", Actions: []string{"edr.isolate_*", "*.contain"}, Least: 2, WarnBefore: 30 * 24 * time.Hour},
		{Name: "accounts", Title: "Disable accounts", Actions: []string{"ad.disable_account"}, Least: 1, WarnBefore: 240 * time.Hour},
	}
	if diff := cmp.Diff(want, policy.Classes); diff != "" {
		t.Error(diff)
	}
	for name, row := range map[string]struct{ actions, want []string }{
		"nothing":             {nil, nil},
		"exactly":             {[]string{"ad.disable_account"}, []string{"accounts"}},
		"not a part":          {[]string{"ad.disable_accounts", "xad.disable_account", "edr.release_host"}, nil},
		"star":                {[]string{"edr.isolate_host"}, []string{"isolation"}},
		"star before":         {[]string{"firewall.contain"}, []string{"isolation"}},
		"in the file's order": {[]string{"ad.disable_account", "edr.isolate_host", "edr.isolate_group"}, []string{"isolation", "accounts"}},
	} {
		if diff := cmp.Diff(row.want, policy.Demanded(row.actions)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if policy.Class("accounts") == nil || policy.Class("account") != nil || len(policy.ClassNames()) != 2 {
		t.Error("a class is found by its whole name only")
	}
	if len(shipped(t).Classes) != 0 {
		t.Error("the shipped policy demands a qualification, so nobody could approve on the first day")
	}
}

func TestFaultsOfClasses(t *testing.T) {
	t.Parallel()
	const head = "version: \"1\"\nclasses:\n"
	rows := []struct {
		name, source string
		want         []string
	}{
		{"misspelt key", head + "  - {name: a, title: A, actions: [x.y], lest: 2}\n",
			[]string{`3:41: error: a class has no key "lest" [unknown_key] | did you mean "least"?`}},
		{"a pattern of another form", head + "  - {name: a, title: A, actions: [isolate, \"edr.[a-z]*\"]}\n",
			[]string{`3:35: error: a pattern of actions is written connector.action, with * for any characters [policy_form] | such as edr.isolate_*`,
				`3:44: error: a pattern of actions is written connector.action, with * for any characters [policy_form] | such as edr.isolate_*`}},
		{"nobody is enough", head + "  - {name: a, title: A, actions: [x.y], least: 0}\n",
			[]string{`3:48: error: least must be from 1 to 50 [range]`}},
		{"no unit", head + "  - {name: a, title: A, actions: [x.y], warn_before: 30}\n",
			[]string{`3:54: error: warn_before is a number without a unit [duration] | write 30s, 30m, 30h or 30d`}},
		{"twice", head + "  - {name: a, title: A, actions: [x.y]}\n  - {name: a, title: B, actions: [x.z]}\n",
			[]string{`4:12: error: "a" stands here twice [policy_twice] | give each its own name`}},
		{"no actions", head + "  - {name: a, title: A, actions: []}\n",
			[]string{`3:34: error: actions must not be empty [policy_empty]`}},
		{"no title", head + "  - {name: a, actions: [x.y]}\n",
			[]string{`3:5: error: a class needs the key "title" [missing_key]`}},
	}
	for _, row := range rows {
		if _, got := site(fileCompetence, row.source); cmp.Diff(row.want, got) != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, cmp.Diff(row.want, got))
		}
	}
}
