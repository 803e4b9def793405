package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each row is a file with its faults; a row without faults is a file that is right.
func TestFaultsAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	const judge = "version: \"1\"\ndefault: {incident: false, reason: no}\ncriteria:\n"
	rows := []struct {
		name, file, source string
		want               []string
	}{
		{"a criterion that is right", fileAssessment, judge + "  - {id: a, when: alert.count > 3, incident: true, impact: low, urgency: low, reason: often}\n", nil},
		{"a condition that is always true", fileAssessment, judge + "  - {id: a, when: true, incident: false, reason: r}\n", nil},
		{"unknown member", fileAssessment, judge + "  - {id: a, when: alert.severty == \"high\", incident: false, reason: r}\n",
			[]string{`4:25: error: alert has no member "severty" [policy_expression] | did you mean "severity"?`}},
		{"a severity that is none", fileAssessment, judge + "  - {id: a, when: alert.severity == \"hihg\", incident: false, reason: r}\n",
			[]string{`4:37: error: alert.severity is never "hihg" [policy_expression] | did you mean "high"?`}},
		{"no condition", fileAssessment, judge + "  - {id: a, when: alert.count, incident: false, reason: r}\n",
			[]string{`4:19: error: this must be true or false, but it is a whole number [policy_expression]`}},
		{"a comment swallows the rest", fileAssessment, judge + "  - id: a\n    when: any(alert.tags, # == \"x\")\n    incident: false\n    reason: r\n",
			[]string{`5:26: error: the expression ends too early [policy_expression] | YAML took the text from # on for a comment: put the expression in quotes`}},
		{"not closed becomes a tag", fileAssessment, judge + "  - {id: a, when: !parsed, incident: false, reason: r}\n",
			[]string{`4:19: error: YAML reads !parsed as a tag, not as text [no_tag] | write "not parsed" for a negation in an expression, or put the text in quotes`}},
		{"an incident without levels", fileAssessment, judge + "  - {id: a, when: true, incident: true, reason: r}\n",
			[]string{`4:5: error: an incident needs the key "impact" [missing_key] | write impact: low, medium or high`,
				`4:5: error: an incident needs the key "urgency" [missing_key] | write urgency: low, medium or high`}},
		{"an event with a level", fileAssessment, judge + "  - {id: a, when: true, incident: false, impact: low, reason: r}\n",
			[]string{`4:50: error: an event that is no incident has no impact [unknown_key] | remove it, or write incident: true`}},
		{"an id twice, also across lists", fileAssessment, judge + "  - {id: a, when: true, incident: false, reason: r}\ncategories:\n  - {id: a, when: true, category: spam}\n",
			[]string{`4:10: error: "a" stands here twice [policy_twice] | give each its own name`}},
		{"a reserved id", fileAssessment, judge + "  - {id: criterion_failed, when: true, incident: false, reason: r}\n",
			[]string{`4:10: error: "criterion_failed" stands here twice [policy_twice] | give each its own name`}},
		{"unknown category", fileAssessment, judge + "  - {id: a, when: true, incident: false, category: phising, reason: r}\n",
			[]string{`4:52: error: category must be spam, harmful_speech, violence, infected_system, c2_server, malware_distribution, malware_configuration, scanner, sniffing, social_engineering, ids_alert, brute_force or …, not "phising" [choice] | did you mean "phishing"?`}},
		{"no criteria", fileAssessment, "version: \"1\"\ndefault: {incident: false, reason: no}\ncriteria: []\n",
			[]string{`3:11: error: criteria must not be empty [policy_empty]`}},
		{"an empty reason", fileAssessment, judge + "  - {id: a, when: true, incident: false, reason: \"\"}\n",
			[]string{`4:50: error: reason must have 1 to 2000 bytes [policy_empty]`}},
		{"a matrix with a hole", fileSeverity, "version: \"1\"\nimpact:\n  high: {high: critical, medium: high, low: medium}\n  medium: {high: high, low: low}\n  low: {high: medium, medium: low, low: low}\n",
			[]string{`4:11: error: the row of impact medium has no severity for urgency medium [policy_total] | every pair of impact and urgency needs one`}},
		{"a matrix without a row", fileSeverity, "version: \"1\"\nimpact:\n  high: {high: critical, medium: high, low: medium}\n  low: {high: medium, medium: low, low: low}\n",
			[]string{`3:3: error: impact needs the key "medium" [missing_key]`}},
		{"a matrix upside down", fileSeverity, "version: \"1\"\nimpact:\n  high: {high: low, medium: high, low: medium}\n  medium: {high: low, medium: medium, low: low}\n  low: {high: low, medium: low, low: low}\n",
			[]string{`3:16: warning: impact high with urgency high is less severe than the step below [policy_order]`,
				`4:18: warning: impact medium with urgency high is less severe than the step below [policy_order]`}},
		{"clocks in the wrong order", fileObjectives, objectives("{acknowledge: {within: 2h}, contain: {within: 1h}}", "3h"),
			[]string{`6:59: error: contain is due before acknowledge [policy_order] | an incident is acknowledged, then contained, then resolved`}},
		{"worse has more time", fileObjectives, objectives("{acknowledge: {within: 4h}}", "3h"),
			[]string{`6:27: warning: acknowledge of severity critical has more time than of severity high [policy_order]`}},
		{"a number without a unit", fileObjectives, objectives("{acknowledge: {within: 15}}", "3h"),
			[]string{`6:36: error: within is a number without a unit [duration] | write 15s, 15m, 15h or 15d`}},
		{"a warning after the end", fileObjectives, objectives("{acknowledge: {within: 15m, warn_at: 1.5}}", "3h"),
			[]string{`6:50: error: warn_at must be a number above 0 and below 1 [range] | 0.75 warns after three quarters of the time`}},
		{"agreed on no day", fileObjectives, "name: n\nversion: 1.10\nagreed_by: ciso\nagreed_on: 2026-02-30\nclocks: {critical: {acknowledge: {within: 1h}}, high: {acknowledge: {within: 1h}}, medium: {acknowledge: {within: 1h}}, low: {acknowledge: {within: 1h}}}\n",
			[]string{`4:12: error: agreed_on must be a date [policy_form] | write it as 2026-01-31`}},
		{"a severity without clocks", fileObjectives, "name: n\nversion: 1\nagreed_by: ciso\nagreed_on: 2026-02-03\nclocks: {critical: {acknowledge: {within: 1h}}, high: {contain: {within: 1h}}, medium: {acknowledge: {within: 1h}}}\n",
			[]string{`5:9: error: clocks needs the key "low" [missing_key]`, `5:55: error: the clocks of severity high needs the key "acknowledge" [missing_key]`}},
		{"a rule without a key", fileCorrelation, "version: \"1\"\nrules:\n  - {id: a, key: [], within: 1h}\n",
			[]string{`3:18: error: key must not be empty [policy_empty]`}},
		{"a rule for ever", fileCorrelation, "version: \"1\"\nrules:\n  - {id: a, key: [alert.title], within: 91d}\n",
			[]string{`3:41: error: within must be from 1m to 90d [range]`}},
		{"no rules at all", fileCorrelation, "version: \"1\"\nrules: []\n", nil},
		{"an audience of nobody", fileAudiences, "version: \"1\"\naudiences:\n  all: {description: x}\n",
			[]string{`3:8: error: nobody is in this audience [policy_empty] | give emails, roles or both`}},
		{"no address", fileAudiences, "version: \"1\"\naudiences:\n  all: {emails: [\"SOC <soc@lab.invalid>\"], roles: [boss], tlp: yellow}\n",
			[]string{`3:18: error: this is not an e-mail address [policy_form] | write one bare address such as soc@lab.invalid`,
				`3:52: error: a role must be reporter, analyst, soc_lead, incident_commander, ciso, evidence_custodian, playbook_engineer, manager, comms, legal, admin, auditor or …, not "boss" [choice]`,
				`3:64: error: tlp must be clear, green, amber, amber+strict or red, not "yellow" [choice]`}},
		{"authorised by nobody", filePreauthorised, "version: \"1\"\npreauthorised:\n  - {name: contain_host, actions: [edr], agreed_on: 2026-01-02, expires_on: 2026-01-01, reason: r}\n",
			[]string{`3:5: error: an entry needs the key "agreed_by" [missing_key]`,
				`3:36: error: an action is written connector.action [policy_form] | such as edr.isolate_host`,
				`3:77: error: it expires before it was agreed [policy_order]`}},
		{"protected", fileProtected, "version: \"1\"\nprotected:\n  - {class: address, patterns: [192.0.2.0/24, 192.0.2.1, office], reason: r}\n  - {class: server, patterns: [x], reason: r}\n",
			[]string{`3:58: error: this is neither an address nor a network [policy_form] | write 192.0.2.10 or 192.0.2.0/24`,
				`4:13: error: class must be host, user or address, not "server" [choice]`}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, got := site(row.file, row.source)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func objectives(critical, high string) string {
	return "name: n\nversion: \"1\"\nagreed_by: ciso\nagreed_on: 2026-01-02\nclocks:\n  critical: " + critical +
		"\n  high: {acknowledge: {within: " + high + "}}\n  medium: {acknowledge: {within: 5h}}\n  low: {acknowledge: {within: 6h}}\n"
}

func FuzzFile(f *testing.F) {
	for _, name := range Files() {
		source, err := defaults.ReadFile("defaults/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, string(source))
	}
	f.Fuzz(func(t *testing.T, name, source string) {
		policy := &Policy{}
		for _, fault := range policy.read(name, name, []byte(source)) {
			if fault.Message == "" || fault.Rule == "" {
				t.Errorf("a fault without a message or a rule: %+v", fault)
			}
		}
	})
}
