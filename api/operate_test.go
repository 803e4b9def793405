package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func custodian() string { return apitest.Token(soar.RoleEvidenceCustodian) }

// TestWhatIsAsked sends one right request to each of the operations and looks what
// the use case was asked.
func TestWhatIsAsked(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		ask  ask
		want int
		call string
	}{
		{"mark done", ask{Method: "POST", Path: incidentPath + "/commands/mark-done", Token: lead(), Body: `{"key":"r1/isolate","reason":"seen"}`}, 202, `Command INC-2026-0A1B2C mark_done`},
		{"confirm a duty", ask{Method: "POST", Path: incidentPath + "/commands/duty", Token: lead(), Body: `{"duty":"eu-gdpr-33","do":"confirm","reason":"read"}`}, 202, `Command INC-2026-0A1B2C duty`},
		{"a duty that is done nothing", ask{Method: "POST", Path: incidentPath + "/commands/duty", Token: lead(), Body: `{"duty":"eu-gdpr-33","do":"forget"}`}, 400, ""},
		{"add an alert", ask{Method: "POST", Path: incidentPath + "/commands/add-alert", Token: analyst(), Body: `{"alert_id":"ALR-0123456789","reason":"the same"}`}, 202, `Attach INC-2026-0A1B2C ALR-0123456789 reason="the same" id=api-`},
		{"what is held", ask{Path: "/api/v1/containments", Token: analyst()}, 200, "Containments state= held=true"},
		{"all containments", ask{Path: "/api/v1/containments?state=all&target=web", Token: analyst()}, 200, "Containments state= held=false incident= target=web"},
		{"evidence", ask{Path: "/api/v1/evidence?incident_id=INC-2026-0A1B2C", Token: analyst()}, 200, "EvidenceList incident=INC-2026-0A1B2C"},
		{"custody", ask{Method: "POST", Path: "/api/v1/evidence/EVD-0123456789/custody", Token: custodian(), Body: `{"action":"transfer","to":"laboratory","reason":"analysis"}`}, 200, `Custody EVD-0123456789 transfer to="laboratory" reason="analysis"`},
		{"the outbox", ask{Path: "/api/v1/outbox?limit=5", Token: admin()}, 200, "Outbox 5"},
		{"try again", ask{Method: "POST", Path: "/api/v1/outbox/17/retry", Token: admin()}, 204, "Retry 17"},
		{"activate", ask{Method: "PUT", Path: "/api/v1/playbooks/ssh_brute_force/active", Token: author(), Body: `{"version":"1.1.0"}`}, 200, "PlaybookActivate ssh_brute_force 1.1.0"},
		{"disable", ask{Method: "DELETE", Path: "/api/v1/playbooks/ssh_brute_force/active", Token: author()}, 204, "PlaybookDisable ssh_brute_force"},
		{"filters of alerts", ask{Path: "/api/v1/alerts?severity=high&host=web-01&user=root&q=ssh", Token: analyst()}, 200, "Severity:high Host:web-01 User:root Query:ssh"},
		{"one connector", ask{Path: "/api/v1/connectors/edr", Token: analyst()}, 200, ""},
		{"no such connector", ask{Path: "/api/v1/connectors/nothing", Token: analyst()}, 404, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, api.Options{})
			if got := w.send(row.ask); got.StatusCode != row.want {
				t.Fatalf("got %d: %s", got.StatusCode, got.Text)
			}
			if calls := strings.Join(w.fake.Calls(), "\n"); !strings.Contains(calls, row.call) {
				t.Errorf("%q was not asked:\n%s", row.call, calls)
			}
		})
	}
}

// TestChangesKeepToTheirETag changes each thing that has an ETag with the right one and with an
// old one.
func TestChangesKeepToTheirETag(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, read string
		change     ask
	}{
		{"the kill switch", "/api/v1/freeze", ask{Method: "PUT", Path: "/api/v1/freeze", Token: lead(), Body: `{"on":true,"reason":"stop"}`}},
		{"an incident", incidentPath, ask{Method: "POST", Path: incidentPath + "/commands/declare", Token: lead(), Body: `{"severity":"low"}`}},
		{"protected targets", "/api/v1/protected", ask{Method: "PUT", Path: "/api/v1/protected", Token: admin(), Body: `{"items":[],"reason":"none left"}`}},
		{"an active version", "/api/v1/playbooks/ssh_brute_force", ask{Method: "PUT", Path: "/api/v1/playbooks/ssh_brute_force/active", Token: author(), Body: `{"version":"1.1.0"}`}},
		{"an active version taken away", "/api/v1/playbooks/ssh_brute_force", ask{Method: "DELETE", Path: "/api/v1/playbooks/ssh_brute_force/active", Token: author()}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, api.Options{})
			tag := w.send(ask{Path: row.read, Token: apitest.Token(soar.RoleSOCLead, soar.RoleAdmin)}).Header.Get("ETag")
			stale := row.change
			stale.Header = map[string]string{"If-Match": `"stale"`}
			got := w.send(stale)
			if problem := got.problem(t); got.StatusCode != http.StatusPreconditionFailed || problem.Code != "conflict" || text(problem.Field) != "If-Match" {
				t.Errorf("an old ETag gives %d: %s", got.StatusCode, got.Text)
			}
			fresh := row.change
			fresh.Header = map[string]string{"If-Match": `"other", ` + tag}
			if got := w.send(fresh); got.StatusCode >= http.StatusBadRequest || tag == "" {
				t.Errorf("the ETag %s gives %d: %s", tag, got.StatusCode, got.Text)
			}
		})
	}
	w := newWorld(t, api.Options{})
	if got := w.send(ask{Method: "PUT", Path: "/api/v1/protected", Token: admin(), Body: `{"items":[],"reason":"none left"}`}); got.StatusCode != http.StatusBadRequest {
		t.Errorf("the list is replaced without an ETag: %d", got.StatusCode)
	}
}

// TestRefusedAtTheDoorIsNoted: who is known and may not leaves a trace where the
// incident is named; who only reads, and who is not known, does not.
func TestRefusedAtTheDoorIsNoted(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		ask  ask
		want string
	}{
		{"a command", ask{Method: "POST", Path: incidentPath + "/commands/close", Token: analyst(), Body: `{}`}, "NoteRefusal somebody@lab.invalid closeIncident INC-2026-0A1B2C"},
		{"a decision", ask{Method: "POST", Path: "/api/v1/approvals/APR-0123456789/decision", Token: admin()}, "NoteRefusal somebody@lab.invalid decideApproval APR-0123456789"},
		{"a task", ask{Method: "POST", Path: "/api/v1/tasks/TSK-0123456789/completion", Token: admin()}, "NoteRefusal somebody@lab.invalid completeTask TSK-0123456789"},
		{"custody", ask{Method: "POST", Path: "/api/v1/evidence/EVD-0123456789/custody", Token: analyst()}, "NoteRefusal somebody@lab.invalid recordCustody EVD-0123456789"},
		{"reading", ask{Path: incidentPath, Token: admin()}, ""},
		{"somebody unknown", ask{Method: "POST", Path: incidentPath + "/commands/close", Token: apitest.TokenUnknown}, ""},
		{"a path for an id", ask{Method: "POST", Path: "/api/v1/incidents/..%2f..%00/commands/close", Token: analyst()}, ""},
		{"nothing of an incident", ask{Method: "PUT", Path: "/api/v1/freeze", Token: analyst()}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, api.Options{})
			w.send(row.ask)
			calls := strings.Join(w.fake.Calls(), "\n")
			if row.want != "" && !strings.Contains(calls, row.want) || row.want == "" && strings.Contains(calls, "NoteRefusal") {
				t.Errorf("want %q, the use cases were asked:\n%s", row.want, calls)
			}
		})
	}
}

// TestTimelineFilters reads a chain with one entry of another kind in it, page by
// page.
func TestTimelineFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	w.fake.Append(protocol.EventApprovalRequested, "asked")
	w.fake.Append(protocol.EventNote, "seen")
	w.fake.Append(protocol.EventApprovalDecision, "decided")
	read := func(query string) []string {
		var texts []string
		for after := ""; ; {
			var page gen.TimelinePage
			got := w.send(ask{Path: incidentPath + "/timeline?limit=1&" + query + after, Token: analyst()})
			got.into(t, &page)
			for _, entry := range page.Items {
				texts = append(texts, entry.Text)
			}
			if page.Next == nil {
				return texts
			}
			after = "&after=" + strconv.FormatInt(*page.Next, 10)
		}
	}
	for query, want := range map[string]string{"kind=approval": "asked,decided", "kind=approval.decision": "decided", "kind=approv": "", "actor=nobody": "", "kind=approval&actor=workflow": "asked,decided"} {
		if got := strings.Join(read(query), ","); got != want {
			t.Errorf("%s gives %q, want %q", query, got, want)
		}
	}
}
