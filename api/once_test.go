package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/spec"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// onceAsks is one right request to each operation that keeps its key here, with the
// name of what it asks.
func onceAsks() map[string]struct {
	ask
	call string
} {
	type row = struct {
		ask
		call string
	}
	return map[string]row{
		"putPerson":           {ask{Method: "PUT", Path: "/api/v1/people/bob@lab.invalid", Token: admin(), Body: `{"name":"Bob","roles":["analyst"],"active":true,"reason":"new here"}`}, "Put "},
		"recordQualification": {ask{Method: "POST", Path: "/api/v1/qualifications", Token: lead(), Body: `{"person":"ada@lab.invalid","class":"host_isolation","source":"drill","title":"Spring","valid_until":"2030-01-01T00:00:00Z"}`}, "Record "},
		"revokeQualification": {ask{Method: "DELETE", Path: "/api/v1/qualifications/QUA-0123456789?reason=failed", Token: lead()}, "Revoke "},
		"setAbsence":          {ask{Method: "POST", Path: "/api/v1/absences", Token: analyst(), Body: `{"person":"somebody@lab.invalid","until":"2030-01-01T00:00:00Z"}`}, "Away "},
		"claimSlackCode":      {ask{Method: "POST", Path: "/api/v1/slack/identities", Token: analyst(), Body: `{"code":"7Q2M-9XKD-4T1C-PA5E"}`}, "Claim "},
		"unlinkSlackUser":     {ask{Method: "DELETE", Path: "/api/v1/slack/identities/T0LAB/U0ANA", Token: analyst()}, "Unlink "},
		"endAbsence":          {ask{Method: "DELETE", Path: "/api/v1/absences/ABS-0123456789?reason=back", Token: analyst()}, "Back "},
		"setOverride":         {ask{Method: "POST", Path: "/api/v1/oncall/overrides", Token: lead(), Body: `{"roster":"soc","person":"ada@lab.invalid","until":"2030-01-01T00:00:00Z","reason":"swapped"}`}, "Override "},
		"endOverride":         {ask{Method: "DELETE", Path: "/api/v1/oncall/overrides/OVR-0123456789?reason=back", Token: lead()}, "EndOverride "},
		"testNotification":    {ask{Method: "POST", Path: "/api/v1/notifications/test", Token: admin(), Body: `{"way":"email","person":"ada@lab.invalid"}`}, "Test "},
		"createToken":         {ask{Method: "POST", Path: "/api/v1/tokens", Token: admin(), Body: `{"name":"wazuh","source":"wazuh"}`}, "TokenCreate "},
		"revokeToken":         {ask{Method: "DELETE", Path: "/api/v1/tokens/tok0000001?reason=stolen", Token: admin()}, "TokenRevoke "},
		"retryOutboxItem":     {ask{Method: "POST", Path: "/api/v1/outbox/17/retry", Token: admin()}, "Retry "},
		"setFreeze":           {ask{Method: "PUT", Path: "/api/v1/freeze", Token: lead(), Body: `{"on":true,"reason":"stop"}`}, "SetFreeze "},
		"replaceProtected":    {ask{Method: "PUT", Path: "/api/v1/protected", Token: admin(), Body: `{"items":[],"reason":"none left"}`}, "Protect "},
		"publishPlaybook":     {ask{Method: "PUT", Path: "/api/v1/playbooks/ssh_brute_force", Token: author(), Type: "text/yaml", Body: "tocsin: v1"}, "PlaybookPublish "},
		"activatePlaybook":    {ask{Method: "PUT", Path: "/api/v1/playbooks/ssh_brute_force/active", Token: author(), Body: `{"version":"1.1.0"}`}, "PlaybookActivate "},
		"disablePlaybook":     {ask{Method: "DELETE", Path: "/api/v1/playbooks/ssh_brute_force/active", Token: author()}, "PlaybookDisable "},
		"recordCustody":       {ask{Method: "POST", Path: "/api/v1/evidence/EVD-0123456789/custody", Token: custodian(), Body: `{"action":"seal","reason":"analysis"}`}, "Custody "},
	}
}

// TestEveryOperationThatActsTakesAKey walks the description, so that no operation is
// added without one.
func TestEveryOperationThatActsTakesAKey(t *testing.T) {
	t.Parallel()
	rows := onceAsks()
	for _, operation := range described(t).Operations() {
		asks := slices.Contains([]string{"lintPlaybook", "tryCorrelation"}, operation.ID) // they change nothing
		acts := operation.Method != http.MethodGet && !operation.AlertDoor && !asks
		if acts != operation.Takes("header", "Idempotency-Key") {
			t.Errorf("%s: takes an Idempotency-Key: %t", operation.ID, !acts)
		}
		if _, ok := rows[operation.ID]; ok != (operation.Once != "") {
			t.Errorf("%s: x-once is %q, and whether it is tested below: %t", operation.ID, operation.Once, ok)
		}
	}
}

func TestTheSameKeyDoesItOnce(t *testing.T) {
	t.Parallel()
	for name, row := range onceAsks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, api.Options{})
			row.Header = map[string]string{"Idempotency-Key": "key-00000001"}
			if name == "replaceProtected" {
				row.Header["If-Match"] = w.send(ask{Path: row.Path, Token: row.Token}).Header.Get("ETag")
			}
			first, second := w.send(row.ask), w.send(row.ask)
			if n := countCalls(w, row.call); n != 1 || first.StatusCode >= 300 {
				t.Fatalf("%s was asked %d times; first %d %s", row.call, n, first.StatusCode, first.Text)
			}
			if name == "createToken" {
				kept := strings.Join(w.fake.Calls(), "\n")
				if second.StatusCode != http.StatusConflict || !strings.Contains(second.Text, "token tok0000002") || strings.Contains(second.Text+kept, "tocsin_tok0000002_secret") {
					t.Errorf("second %d %s", second.StatusCode, second.Text)
				}
			} else if second.StatusCode != first.StatusCode || second.Text != first.Text || second.Header.Get("ETag") != first.Header.Get("ETag") || second.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
				t.Errorf("first %d %s\nsecond %d %s", first.StatusCode, first.Text, second.StatusCode, second.Text)
			}
			row.Header["Idempotency-Key"] = "key-00000002"
			if tag := second.Header.Get("ETag"); row.Header["If-Match"] != "" {
				row.Header["If-Match"] = tag
			}
			if w.send(row.ask); countCalls(w, row.call) != 2 {
				t.Error("another key asks nothing")
			}
		})
	}
}

func countCalls(w *world, call string) (n int) {
	for _, asked := range w.fake.Calls() {
		if strings.HasPrefix(asked, call) {
			n++
		}
	}
	return n
}

func TestAKeyBelongsToItsCallerAndRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	header := map[string]string{"Idempotency-Key": "key-00000001"}
	freeze := ask{Method: "PUT", Path: "/api/v1/freeze", Token: lead(), Body: `{"on":true,"reason":"stop"}`, Header: header}
	w.send(freeze)
	other := freeze
	other.Body = `{"on":false,"reason":"go on"}`
	retry := ask{Method: "POST", Path: "/api/v1/outbox/17/retry", Token: admin(), Header: header}
	tag := freeze
	tag.Header = map[string]string{"Idempotency-Key": "key-00000001", "If-Match": `"x"`}
	for name, a := range map[string]ask{"another body": other, "another operation": retry, "another If-Match": tag} {
		if got := w.send(a); got.StatusCode != http.StatusConflict || !strings.Contains(got.Text, "used for another request") {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.Text)
		}
	}
	if n := countCalls(w, "SetFreeze "); n != 1 {
		t.Errorf("%d changes", n)
	}
	// The fake's people are one person; a tool is another caller, and has no permission to look.
	if got := w.send(ask{Method: "PUT", Path: "/api/v1/freeze", Token: tool(), Body: freeze.Body, Header: header}); got.StatusCode != http.StatusForbidden {
		t.Errorf("without the permission a key answers %d", got.StatusCode)
	}
}

func TestWhatFailedHasNotUsedItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	a := ask{Method: "POST", Path: "/api/v1/outbox/17/retry", Token: admin(), Header: map[string]string{"Idempotency-Key": "key-00000001"}}
	w.fake.Fail("Retry", soar.Errorf(soar.CodeUnavailable, "test", "the database is away"))
	if got := w.send(a); got.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("%d", got.StatusCode)
	}
	w.fake.Fail("Retry", nil)
	if got := w.send(a); got.StatusCode != http.StatusNoContent {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
	w.fake.Fail("OnceFind", soar.Errorf(soar.CodeUnavailable, "test", "the database is away"))
	if got := w.send(a); got.StatusCode != http.StatusServiceUnavailable || countCalls(w, "Retry ") != 2 {
		t.Errorf("with a key that cannot be looked up: %d", got.StatusCode)
	}
}

// TestAnAnswerThatWasNotKept: the change is made, and keeping its answer fails.
func TestAnAnswerThatWasNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	w.fake.Fail("OnceAnswer", soar.Errorf(soar.CodeUnavailable, "test", "the database is away"))
	a := onceAsks()["setFreeze"].ask
	a.Header = map[string]string{"Idempotency-Key": "key-00000001"}
	if got := w.send(a); got.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", got.StatusCode, got.Text)
	}
	got := w.send(a)
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") != "1" || countCalls(w, "SetFreeze ") != 1 {
		t.Errorf("%d %s, Retry-After %q", got.StatusCode, got.Text, got.Header.Get("Retry-After"))
	}
}

func TestOnlyKnownWordsInXOnce(t *testing.T) {
	t.Parallel()
	for _, operation := range described(t).Operations() {
		if !slices.Contains([]string{"", spec.OnceAnswer, spec.OnceSecret}, operation.Once) {
			t.Errorf("%s: x-once: %s", operation.ID, operation.Once)
		}
	}
}
