package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func (p *Policy) noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

func TestAssessWithTheShippedCriteria(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name      string
		alert     soar.Alert
		criterion string
		severity  soar.Severity // empty: no incident
		category  soar.Category
	}{
		{"cannot be read", soar.Alert{Parsed: false, Severity: ""}, "not_readable", soar.SeverityMedium, soar.CategoryUndetermined},
		{"critical", soar.Alert{Parsed: true, Severity: soar.SeverityCritical, Title: "x"}, "critical", soar.SeverityCritical, soar.CategoryUndetermined},
		{"high", soar.Alert{Parsed: true, Severity: soar.SeverityHigh}, "high", soar.SeverityHigh, soar.CategoryUndetermined},
		{"medium", soar.Alert{Parsed: true, Severity: soar.SeverityMedium}, "medium", soar.SeverityMedium, soar.CategoryUndetermined},
		{"medium, root", soar.Alert{Parsed: true, Severity: soar.SeverityMedium, User: soar.User{Name: "ROOT"}}, "privileged_account", soar.SeverityHigh, soar.CategoryUndetermined},
		{"low", soar.Alert{Parsed: true, Severity: soar.SeverityLow}, "default", "", soar.CategoryUndetermined},
		{"nobody rated it", soar.Alert{Parsed: true, Title: "User login"}, "default", "", soar.CategoryUndetermined},
		{"phishing nobody rated", soar.Alert{Parsed: true, Title: "Reported phish"}, "reported_phishing", soar.SeverityMedium, soar.CategoryPhishing},
		{"brute force by technique", soar.Alert{Parsed: true, Severity: soar.SeverityMedium, Techniques: []string{"T1110.001"}}, "medium", soar.SeverityMedium, soar.CategoryBruteForce},
		{"brute force by title", soar.Alert{Parsed: true, Severity: soar.SeverityHigh, Title: "sshd: Brute-force attempt"}, "high", soar.SeverityHigh, soar.CategoryBruteForce},
		{"what the mapping says counts", soar.Alert{Parsed: true, Severity: soar.SeverityHigh, Title: "malware", Category: soar.CategoryPhishing}, "high", soar.SeverityHigh, soar.CategoryPhishing},
		{"undetermined is no word", soar.Alert{Parsed: true, Severity: soar.SeverityHigh, Title: "malware", Category: soar.CategoryUndetermined}, "high", soar.SeverityHigh, "infected_system"},
		{"it is over", soar.Alert{Parsed: true, Severity: soar.SeverityCritical, State: soar.StateResolved}, "over", "", soar.CategoryUndetermined},
		{"it is harmless", soar.Alert{Parsed: true, Severity: soar.SeverityHigh, State: soar.StateBenign}, "harmless", "", soar.CategoryUndetermined},
		{"a drill", soar.Alert{Parsed: true, Severity: soar.SeverityHigh, State: soar.StateTest}, "no_event", "", soar.CategoryUndetermined},
		{"a schema", soar.Alert{Parsed: true, Severity: soar.SeverityHigh, State: soar.StateSchema}, "no_event", "", soar.CategoryUndetermined},
		{"a test", soar.Alert{Parsed: true, Severity: soar.SeverityCritical, Category: "test"}, "test", "", "test"},
	}
	policy := shipped(t)
	for _, row := range rows {
		got := policy.Assess(row.alert, policy.noon())
		want := soar.Assessment{
			Incident: row.severity != "", Category: row.category, Severity: row.severity, Criterion: row.criterion,
			By: soar.System("assessment 1"), At: policy.noon(), Reason: got.Reason, Impact: got.Impact, Urgency: got.Urgency,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
		if got.Reason == "" || (got.Incident && (got.Impact == "" || got.Urgency == "")) {
			t.Errorf("%s: no reason or no level: %+v", row.name, got)
		}
	}
}

// An attacker writes the alert; a criterion that fails on it must not hide it.
func TestFailingCriterionOpensAnIncident(t *testing.T) {
	t.Parallel()
	policy, faults := site(fileAssessment, `version: "1"
default: {incident: false, reason: nothing fits}
criteria:
  - {id: score, when: alert.fields.score > 3, incident: true, impact: low, urgency: low, reason: scored}
`)
	if faults != nil {
		t.Fatal(faults)
	}
	got := policy.Assess(soar.Alert{Parsed: true, Fields: map[string]any{"score": "many"}, Severity: soar.SeverityHigh}, policy.noon())
	if !got.Incident || got.Criterion != criterionFailed || got.Severity != soar.SeverityHigh || !strings.Contains(got.Reason, "criterion score") {
		t.Errorf("got %+v", got)
	}
	if got := policy.Assess(soar.Alert{Parsed: true, Fields: map[string]any{"score": 4}}, policy.noon()); got.Criterion != "score" || got.Severity != soar.SeverityLow {
		t.Errorf("got %+v", got)
	}
}

func TestAlertTextIsNeverEvaluated(t *testing.T) {
	t.Parallel()
	policy := shipped(t)
	for _, text := range []string{`${{ 1 + 1 }}`, `{{ alert }}`, `" or true or "`, `#`, "\x00\xff", strings.Repeat("(", 100_000)} {
		alert := soar.Alert{Parsed: true, Severity: soar.SeverityLow, Title: text, Description: text, Tags: []string{text}, Fields: map[string]any{text: text}}
		if got := policy.Assess(alert, policy.noon()); got.Incident || got.Criterion != "default" {
			t.Errorf("%.20q: got %+v", text, got)
		}
	}
}

func TestMatrixIsTotal(t *testing.T) {
	t.Parallel()
	m := shipped(t).Severity
	for _, impact := range append(soar.Levels(), "", "unknown") {
		for _, urgency := range append(soar.Levels(), "", "unknown") {
			if !m.Of(impact, urgency).Valid() {
				t.Errorf("impact %q, urgency %q: no severity", impact, urgency)
			}
		}
	}
	if got := m.Of("", soar.LevelLow); got != m.Of(soar.LevelHigh, soar.LevelLow) {
		t.Errorf("an impact that nobody named counts as %s", got)
	}
}

func TestCorrelate(t *testing.T) {
	t.Parallel()
	policy := shipped(t)
	key := func(a soar.Alert) string {
		group, ok := policy.Correlate(a)
		if ok && (group.Within != 24*time.Hour || !strings.HasPrefix(group.Key, group.Rule+":")) {
			t.Errorf("group %+v", group)
		}
		return group.Key
	}
	base := soar.Alert{Parsed: true, Source: "wazuh", Rule: soar.Rule{ID: "5763"}, Host: soar.Host{Name: "web-1"}}
	with := func(change func(*soar.Alert)) soar.Alert { a := base; change(&a); return a }
	rows := []struct {
		name string
		a, b soar.Alert
		same bool
	}{
		{"same rule, same host", base, with(func(a *soar.Alert) { a.Host.Name = "WEB-1"; a.Title = "other words" }), true},
		{"another host", base, with(func(a *soar.Alert) { a.Host.Name = "web-2" }), false},
		{"another rule", base, with(func(a *soar.Alert) { a.Rule.ID = "5764" }), false},
		{"another source", base, with(func(a *soar.Alert) { a.Source = "generic" }), false},
		{"no host, same user", with(func(a *soar.Alert) { a.Host.Name, a.User.Name = "", "anna" }), with(func(a *soar.Alert) { a.Host.Name, a.User.Name = "", "Anna" }), true},
		{"guessing from one address on two hosts", with(func(a *soar.Alert) { a.Techniques, a.SourceIP = []string{"T1110"}, "192.0.2.9" }),
			with(func(a *soar.Alert) {
				a.Techniques, a.SourceIP, a.Host.Name = []string{"T1110.003"}, "192.0.2.9", "web-9"
			}), true},
		{"values cannot run into each other", with(func(a *soar.Alert) { a.Rule.ID, a.Host.Name = "ab", "c" }), with(func(a *soar.Alert) { a.Rule.ID, a.Host.Name = "a", "bc" }), false},
		{"two that cannot be read", soar.Alert{Source: "wazuh"}, soar.Alert{Source: "wazuh", ParseError: "x"}, true},
	}
	for _, row := range rows {
		a, b := key(row.a), key(row.b)
		if a == "" || b == "" || (a == b) != row.same {
			t.Errorf("%s: %s and %s", row.name, a, b)
		}
	}
	if group, ok := policy.Correlate(soar.Alert{Parsed: true, Source: "generic", Title: "x"}); ok {
		t.Errorf("an alert without host, user and rule belongs to %+v", group)
	}
}

func TestPreauthorisedNames(t *testing.T) {
	t.Parallel()
	policy, faults := site(filePreauthorised, `version: "1"
preauthorised:
  - {name: always, actions: [edr.isolate_host], agreed_by: ciso, agreed_on: 2026-01-02, reason: r}
  - {name: until_today, actions: [edr.isolate_host], agreed_by: ciso, agreed_on: 2026-01-02, expires_on: 2026-03-02, reason: r}
  - {name: until_yesterday, actions: [edr.isolate_host], agreed_by: ciso, agreed_on: 2026-01-02, expires_on: 2026-03-01, reason: r}
  - {name: from_tomorrow, actions: [edr.isolate_host], agreed_by: ciso, agreed_on: 2026-03-03, reason: r}
`)
	if faults != nil {
		t.Fatal(faults)
	}
	if diff := cmp.Diff([]string{"always", "until_today"}, policy.PreauthorisedNames(policy.noon())); diff != "" {
		t.Error(diff)
	}
	for _, row := range []struct {
		name, action string
		want         bool
	}{
		{"always", "edr.isolate_host", true},
		{"always", "edr.wipe_host", false}, // agreed for something else
		{"until_today", "edr.isolate_host", true},
		{"until_yesterday", "edr.isolate_host", false},
		{"from_tomorrow", "edr.isolate_host", false},
		{"", "edr.isolate_host", false},
	} {
		if got := policy.Preauthorises(row.name, row.action, policy.noon()); got != row.want {
			t.Errorf("%s for %s: %v", row.name, row.action, got)
		}
	}
}

// What AlertValues gives must fit what AlertType promises, for full and for empty alerts.
func TestValuesFitTheirType(t *testing.T) {
	t.Parallel()
	env := expression.Environment{"alert": AlertType()}
	for _, src := range []string{
		`alert.title + alert.description + alert.source + alert.external_id + alert.occurred_at + alert.source_ip + alert.destination_ip`,
		`alert.severity + alert.category + alert.rule.id + alert.rule.name`,
		`alert.host.name + alert.host.id + alert.host.ip + alert.host.os + alert.user.name + alert.user.email + alert.user.id`,
		`concat(alert.urls, alert.hashes, alert.domains, alert.techniques, alert.tags, alert.guessed)`,
		`keys(alert.fields)`, `alert.count + 1`, `not alert.parsed`,
	} {
		program, problems := expression.Compile(src, env, nil)
		if len(problems) > 0 {
			t.Fatal(src, problems)
		}
		for _, alert := range []soar.Alert{{}, {Title: "t", Severity: "high", URLs: []string{"u"}, Fields: map[string]any{"a": 1}, Parsed: true, OccurredAt: time.Unix(0, 0)}} {
			values, err := AlertValues(alert)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := program.Eval(map[string]any{"alert": values}); err != nil {
				t.Errorf("%s: %v", src, err)
			}
		}
	}
}

func TestIncidentValues(t *testing.T) {
	t.Parallel()
	got, err := IncidentValues(soar.Incident{ID: "INC-2026-ABC123", Status: soar.StatusAssessed, Severity: soar.SeverityHigh, OpenedAt: time.Unix(0, 0)})
	want := map[string]any{
		"id": "INC-2026-ABC123", "title": "", "status": "assessed", "severity": "high", "category": "", "owner": "", "tlp": "",
		"facts": map[string]any{}, "impact": "", "urgency": "", "opened_at": "1970-01-01T00:00:00Z",
	}
	if diff := cmp.Diff(any(want), got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
