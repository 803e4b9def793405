package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
)

const incidentPath = "/api/v1/incidents/" + apitest.IncidentID

// TestOperations asks every operation once as somebody who may. Each answer is
// compared with the description by the harness.
func TestOperations(t *testing.T) {
	t.Parallel()
	command := incidentPath + "/commands/"
	for _, row := range []struct {
		name   string
		ask    ask
		status int
		call   string // what reaches the use case, when it matters
	}{
		{"send alert", ask{Method: "POST", Path: "/api/v1/alerts", Token: tool(), Body: `{"title":"x"}`}, 202, "Accept wazuh wazuh application/json 13 bytes"},
		{"send alert as a person", ask{Method: "POST", Path: "/api/v1/alerts", Token: analyst(), Body: `{"title":"x"}`}, 202, "Accept somebody@lab.invalid generic application/json 13 bytes"},
		{"send half an alert", ask{Method: "POST", Path: "/api/v1/alerts", Token: tool(), Body: `{"title":`}, 202, "Accept wazuh wazuh application/json 9 bytes"},
		{"hook", ask{Method: "POST", Path: "/api/v1/hooks/wazuh", Token: tool(), Body: `{"rule":1}`}, 202, "Accept wazuh wazuh application/json 10 bytes"},
		{"hook with text", ask{Method: "POST", Path: "/api/v1/hooks/wazuh", Token: tool(), Type: "text/plain", Body: "not json"}, 202, "Accept wazuh wazuh text/plain 8 bytes"},
		{"hook without a type", ask{Method: "POST", Path: "/api/v1/hooks/wazuh", Token: tool(), Type: ";", Body: "{"}, 202, "Accept wazuh wazuh application/octet-stream 1 bytes"},
		{"list alerts", ask{Path: "/api/v1/alerts?parsed=false&limit=2", Token: analyst()}, 200, ""},
		{"last page of alerts", ask{Path: "/api/v1/alerts?after=page2", Token: analyst()}, 200, ""},
		{"try the active correlation rules", ask{Method: "POST", Path: "/api/v1/correlation/try", Token: analyst(), Body: `{}`}, 200, "Correlation 0 bytes since=0001-01-01 00:00:00 +0000 UTC limit=0"},
		{"try other rules", ask{Method: "POST", Path: "/api/v1/correlation/try", Token: analyst(), Body: `{"rules":"rules: []","since":"2026-01-02T03:04:05Z","limit":9}`}, 200, "Correlation 9 bytes since=2026-01-02 03:04:05 +0000 UTC limit=9"},
		{"try broken rules", ask{Method: "POST", Path: "/api/v1/correlation/try", Token: analyst(), Body: `{"rules":"broken"}`}, 422, ""},
		{"show alert", ask{Path: "/api/v1/alerts/" + apitest.AlertID, Token: analyst()}, 200, "Alert " + apitest.AlertID},
		{"open incident", ask{Method: "POST", Path: "/api/v1/incidents", Token: analyst(), Body: `{"title":"Phishing","severity":"low","facts":{"mails":3}}`}, 201, ""},
		{"list incidents", ask{Path: "/api/v1/incidents?severity=high&open=true&q=web&limit=10", Token: analyst()}, 200, "List status= severity=high q=web limit=10 after="},
		{"list no incidents", ask{Path: "/api/v1/incidents?q=nothing", Token: analyst()}, 200, ""},
		{"show incident", ask{Path: incidentPath, Token: analyst()}, 200, ""},
		{"declare", ask{Method: "POST", Path: command + "declare", Token: analyst(), Body: `{"severity":"critical"}`}, 202, ""},
		{"note", ask{Method: "POST", Path: command + "note", Token: analyst(), Body: `{"text":"called the owner"}`}, 202, ""},
		{"acknowledge", ask{Method: "POST", Path: command + "acknowledge", Token: analyst()}, 202, ""},
		{"acknowledge with a reason", ask{Method: "POST", Path: command + "acknowledge", Token: analyst(), Body: `{"reason":"mine"}`}, 202, ""},
		{"pause", ask{Method: "POST", Path: command + "pause", Token: analyst(), Body: `{"reason":"wait"}`}, 202, ""},
		{"resume", ask{Method: "POST", Path: command + "resume", Token: analyst()}, 202, ""},
		{"cancel", ask{Method: "POST", Path: command + "cancel", Token: lead(), Body: `{"reason":"wrong host","compensate":true}`}, 202, ""},
		{"retry step", ask{Method: "POST", Path: command + "retry-step", Token: analyst(), Body: `{"key":"r1/isolate","reason":"edr is back"}`}, 202, ""},
		{"skip step", ask{Method: "POST", Path: command + "skip-step", Token: lead(), Body: `{"key":"r1/isolate","reason":"done by hand"}`}, 202, ""},
		{"run playbook", ask{Method: "POST", Path: command + "run-playbook", Token: analyst(), Body: `{"playbook":"phishing","input":{"a":[1,null]}}`}, 202, ""},
		{"release", ask{Method: "POST", Path: command + "release", Token: lead(), Body: `{"containment_id":"key1","reason":"clean"}`}, 202, ""},
		{"extend", ask{Method: "POST", Path: command + "extend", Token: lead(), Body: `{"containment_id":"key1","until":"2030-01-01T00:00:00Z","reason":"not clean yet"}`}, 202, ""},
		{"event", ask{Method: "POST", Path: command + "event", Token: analyst(), Body: `{"name":"user.called","data":{"ok":true}}`}, 202, ""},
		{"close", ask{Method: "POST", Path: command + "close", Token: lead(), Body: `{"resolution":"resolved","reason":"all done"}`}, 202, ""},
		{"timeline", ask{Path: incidentPath + "/timeline?limit=2", Token: analyst()}, 200, "Timeline " + apitest.IncidentID + " 0 2"},
		{"evidence", ask{Path: "/api/v1/evidence/" + apitest.EvidenceID, Token: analyst()}, 200, ""},
		{"list clocks", ask{Path: "/api/v1/clocks", Token: analyst()}, 200, "Clocks kind= state= all=false severity= incident= due=false limit=0 after="},
		{"list some clocks", ask{Path: "/api/v1/clocks?kind=objective&state=warning&severity=high&incident_id=" + apitest.IncidentID + "&due_before=2026-01-02T03:04:05Z&limit=5", Token: analyst()}, 200, "Clocks kind=objective state=warning all=false severity=high incident=" + apitest.IncidentID + " due=true limit=5 after="},
		{"clocks as a calendar", ask{Path: "/api/v1/clocks.ics", Token: analyst()}, 200, ""},
		{"programme", ask{Path: "/api/v1/metrics/programme", Token: analyst()}, 200, "Programme from=false until=false by="},
		{"programme by month", ask{Path: "/api/v1/metrics/programme?from=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z&by=month", Token: analyst()}, 200, "Programme from=true until=true by=month"},
		{"list all clocks", ask{Path: "/api/v1/clocks?state=all", Token: analyst()}, 200, "Clocks kind= state= all=true severity= incident= due=false limit=0 after="},
		{"list approvals", ask{Path: "/api/v1/approvals?status=pending", Token: analyst()}, 200, ""},
		{"show approval", ask{Path: "/api/v1/approvals/" + apitest.ApprovalID, Token: analyst()}, 200, ""},
		{"approve", ask{Method: "POST", Path: "/api/v1/approvals/" + apitest.ApprovalID + "/decision", Token: lead(), Body: `{"decision":"approve","reason":"confirmed","digest":"` + apitest.Digest + `"}`}, 200, ""},
		{"deny", ask{Method: "POST", Path: "/api/v1/approvals/" + apitest.ApprovalID + "/decision", Token: lead(), Body: `{"decision":"deny","reason":"no"}`}, 200, ""},
		{"ask", ask{Method: "POST", Path: "/api/v1/approvals/" + apitest.ApprovalID + "/questions", Token: analyst(), Body: `{"question":"Whose is it?"}`}, 200, "Ask {ApprovalID:APR-0123456789 QuestionID:api-id00000002 Text:Whose is it? Via:api}"},
		{"answer", ask{Method: "POST", Path: "/api/v1/approvals/" + apitest.ApprovalID + "/questions/" + apitest.QuestionID + "/answer", Token: analyst(), Body: `{"answer":"The shop's."}`}, 200, "Answer {ApprovalID:APR-0123456789 QuestionID:q-1 AnswerID:api-id00000002 Text:The shop's. Via:api}"},
		{"list tasks", ask{Path: "/api/v1/tasks?status=open", Token: analyst()}, 200, ""},
		{"show task", ask{Path: "/api/v1/tasks/" + apitest.TaskID, Token: analyst()}, 200, ""},
		{"claim task", ask{Method: "POST", Path: "/api/v1/tasks/" + apitest.TaskID + "/claim", Token: analyst()}, 200, ""},
		{"assign task", ask{Method: "POST", Path: "/api/v1/tasks/" + apitest.TaskID + "/assignment", Token: lead(), Body: `{"to":{"roster":"soc"},"reason":"end of shift"}`}, 200, ""},
		{"release task", ask{Method: "POST", Path: "/api/v1/tasks/" + apitest.TaskID + "/release", Token: analyst(), Body: `{}`}, 200, ""},
		{"complete task", ask{Method: "POST", Path: "/api/v1/tasks/" + apitest.TaskID + "/completion", Token: analyst(), Body: `{"answer":{"confirmed":true}}`}, 200, ""},
		{"list playbooks", ask{Path: "/api/v1/playbooks", Token: author()}, 200, ""},
		{"show playbook", ask{Path: "/api/v1/playbooks/ssh_brute_force", Token: author()}, 200, ""},
		{"show an old playbook", ask{Path: "/api/v1/playbooks/ssh_brute_force?version=1.1.0", Token: author()}, 200, ""},
		{"publish", ask{Method: "PUT", Path: "/api/v1/playbooks/ssh_brute_force", Token: author(), Type: "application/yaml", Body: "playbook: ssh_brute\n"}, 200, "PlaybookPublish ssh_brute_force 20 bytes"},
		{"lint", ask{Method: "POST", Path: "/api/v1/playbooks/lint", Token: author(), Type: "text/yaml; charset=utf-8", Body: "a broken text"}, 200, ""},
		{"connectors", ask{Path: "/api/v1/connectors", Token: author()}, 200, ""},
		{"list people", ask{Path: "/api/v1/people", Token: analyst()}, 200, "People "},
		{"show person", ask{Path: "/api/v1/people/ada@lab.invalid", Token: analyst()}, 200, "Person ada@lab.invalid"},
		{"add person", ask{Method: "PUT", Path: "/api/v1/people/bob@lab.invalid", Token: admin(), Body: `{"name":"Bob","roles":["analyst"],"active":true,"reason":"new here"}`}, 200, `Put bob@lab.invalid before="" active=true roles=[analyst] zone= reason="new here"`},
		{"change person", ask{Method: "PUT", Path: "/api/v1/people/ada@lab.invalid", Token: admin(), Body: `{"name":"Ada","roles":[],"active":false,"reason":"left"}`}, 200, `Put ada@lab.invalid before="ada@lab.invalid" active=false roles=[] zone= reason="left"`},
		{"list qualifications", ask{Path: "/api/v1/qualifications?person=ada@lab.invalid", Token: analyst()}, 200, "Qualifications ada@lab.invalid"},
		{"record qualification", ask{Method: "POST", Path: "/api/v1/qualifications", Token: lead(), Body: `{"person":"ada@lab.invalid","class":"host_isolation","source":"drill","title":"Spring","valid_until":"2030-01-01T00:00:00Z"}`}, 201, `Record ada@lab.invalid host_isolation drill "Spring" until=2030-01-01T00:00:00Z`},
		{"revoke qualification", ask{Method: "DELETE", Path: "/api/v1/qualifications/QUA-0123456789?reason=failed", Token: lead()}, 204, `Revoke QUA-0123456789 "failed"`},
		{"list absences", ask{Path: "/api/v1/absences", Token: analyst()}, 200, "Absences "},
		{"set absence", ask{Method: "POST", Path: "/api/v1/absences", Token: analyst(), Body: `{"person":"somebody@lab.invalid","delegate":"ada@lab.invalid","until":"2030-01-01T00:00:00Z","reason":"leave"}`}, 201, `Away somebody@lab.invalid delegate="ada@lab.invalid" until=2030-01-01T00:00:00Z reason="leave"`},
		{"end absence", ask{Method: "DELETE", Path: "/api/v1/absences/ABS-0123456789?reason=back", Token: analyst()}, 204, `Back ABS-0123456789 "back"`},
		{"list Slack users", ask{Path: "/api/v1/slack/identities", Token: analyst()}, 200, "List "},
		{"claim a Slack code", ask{Method: "POST", Path: "/api/v1/slack/identities", Token: analyst(), Body: `{"code":"7Q2M-9XKD-4T1C-PA5E"}`}, 201, `Claim "7Q2M-9XKD-4T1C-PA5E"`},
		{"unlink a Slack user", ask{Method: "DELETE", Path: "/api/v1/slack/identities/T0LAB/U0ANA", Token: analyst()}, 204, `Unlink T0LAB/U0ANA`},
		{"on call", ask{Path: "/api/v1/oncall?at=2030-01-01T00:00:00%2B01:00", Token: analyst()}, 200, `At "" 2029-12-31T23:00:00Z`},
		{"shifts", ask{Path: "/api/v1/oncall/shifts?roster=soc&from=2030-01-01T00:00:00Z", Token: analyst()}, 200, `Shifts soc 2030-01-01T00:00:00Z 2030-01-15T00:00:00Z`},
		{"list overrides", ask{Path: "/api/v1/oncall/overrides?roster=soc", Token: analyst()}, 200, "Overrides soc"},
		{"set override", ask{Method: "POST", Path: "/api/v1/oncall/overrides", Token: lead(), Body: `{"roster":"soc","person":"ada@lab.invalid","until":"2030-01-01T00:00:00Z","reason":"swapped"}`}, 201, `Override soc ada@lab.invalid until=2030-01-01T00:00:00Z "swapped"`},
		{"end override", ask{Method: "DELETE", Path: "/api/v1/oncall/overrides/OVR-0123456789?reason=back", Token: lead()}, 204, `EndOverride OVR-0123456789 "back"`},
		{"list notifications", ask{Path: "/api/v1/notifications?person=ada@lab.invalid&state=gave_up&way=email", Token: analyst()}, 200, "Notices ada@lab.invalid email gave_up"},
		{"one notification", ask{Path: "/api/v1/notifications/5a1c0e0123456789abcdef0123456789", Token: analyst()}, 200, "Notice 5a1c0e0123456789abcdef0123456789"},
		{"test a notification", ask{Method: "POST", Path: "/api/v1/notifications/test", Token: admin(), Body: `{"way":"email","person":"ada@lab.invalid"}`}, 200, "Test email ada@lab.invalid"},
		{"list approvers", ask{Path: "/api/v1/approvers?at=2030-01-01T00:00:00Z&class=host_isolation", Token: analyst()}, 200, `Slate class="host_isolation"`},
		{"list tokens", ask{Path: "/api/v1/tokens", Token: admin()}, 200, ""},
		{"create token", ask{Method: "POST", Path: "/api/v1/tokens", Token: admin(), Body: `{"name":"new","person":"p@lab.invalid","roles":["analyst"],"expires_in_days":2}`}, 201, ""},
		{"revoke token", ask{Method: "DELETE", Path: "/api/v1/tokens/tok0000001?reason=lost", Token: admin()}, 204, `TokenRevoke tok0000001 "lost"`},
		{"me", ask{Path: "/api/v1/me", Token: tool()}, 200, ""},
		{"freeze", ask{Path: "/api/v1/freeze", Token: analyst()}, 200, ""},
		{"set freeze", ask{Method: "PUT", Path: "/api/v1/freeze", Token: lead(), Body: `{"on":true,"scope":"edr","reason":"storm"}`}, 200, `SetFreeze true "edr" "storm"`},
		{"health", ask{Path: "/healthz"}, 200, ""},
		{"ready", ask{Path: "/readyz"}, 200, ""},
		{"description", ask{Path: "/openapi.yaml"}, 200, ""},
		{"docs", ask{Path: "/docs"}, 200, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, api.Options{})
			got := w.send(row.ask)
			if got.StatusCode != row.status {
				t.Fatalf("got %d, want %d: %s", got.StatusCode, row.status, got.Text)
			}
			if row.call != "" && !contains(w.fake.Calls(), row.call) {
				t.Errorf("use cases were asked %q, want %q", w.fake.Calls(), row.call)
			}
		})
	}
}

func contains(calls []string, wanted string) bool {
	for _, call := range calls {
		if call == wanted {
			return true
		}
	}
	return false
}

func TestOpenedIncidentSaysWhereItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	got := w.send(ask{Method: http.MethodPost, Path: "/api/v1/incidents", Token: analyst(), Body: `{"title":"Phishing"}`})
	if want := incidentPath; got.Header.Get("Location") != want {
		t.Errorf("Location is %q, want %q", got.Header.Get("Location"), want)
	}
}

func TestPlanAndVersionsOfAPlaybook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	var got struct {
		Version  string
		Plan     map[string]any
		Versions []struct{ Version string }
	}
	w.send(ask{Path: "/api/v1/playbooks/ssh_brute_force", Token: author()}).into(t, &got)
	if got.Version != "1.2.0" || got.Plan["playbook"] != "ssh_brute_force" || len(got.Versions) != 2 {
		t.Errorf("got %+v", got)
	}
	if missing := w.send(ask{Path: "/api/v1/playbooks/ssh_brute_force?version=9", Token: author()}); missing.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown version gives %d", missing.StatusCode)
	}
}

func TestCommandCarriesWhatWasSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	w.send(ask{Method: "POST", Path: incidentPath + "/commands/cancel", Token: lead(), Body: `{"reason":"wrong host","compensate":true}`})
	w.send(ask{Method: "POST", Path: incidentPath + "/commands/retry-step", Token: lead(), Body: `{"key":"r1/isolate","reason":"again"}`})
	calls := strings.Join(w.fake.Calls(), "\n")
	for _, want := range []string{
		"Command " + apitest.IncidentID + " cancel {Command:{", `Compensate:true} reason="wrong host" id=api-id`,
		"Command " + apitest.IncidentID + " retry_step {Command:{", `Key:r1/isolate} reason="again"`,
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("use cases were asked\n%s\nwant %q in it", calls, want)
		}
	}
}
