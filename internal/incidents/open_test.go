package incidents

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func report() OpenRequest {
	return OpenRequest{
		RequestID: "q-1", Title: " Strange mail\nto finance ", Description: "It asks for a password.", Severity: soar.SeverityHigh,
		Category: soar.CategoryPhishing, Impact: soar.LevelHigh, Urgency: soar.LevelLow, TLP: soar.TLPGreen, Owner: "analyst@lab.invalid",
		Facts: map[string]any{"mailbox": "finance"}, Host: soar.Host{Name: "pc-7"}, User: soar.User{Email: "f@lab.invalid"},
		SourceIP: "192.0.2.1", DestIP: "192.0.2.2", URLs: []string{"http://x.invalid"}, Input: map[string]any{"url": "http://x.invalid"},
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.AutoClose = true
	w.matches.runs = []protocol.RunPin{{Playbook: "phishing", Version: "1", Digest: "d", By: soar.System("trigger")}}
	got, err := w.Open(t.Context(), analyst(), report())
	if err != nil {
		t.Fatal(err)
	}
	want := soar.Incident{
		ID: got.ID, Title: "Strange mail to finance", Status: soar.StatusAssessed, Severity: soar.SeverityHigh, Impact: soar.LevelHigh, Urgency: soar.LevelLow,
		Category: soar.CategoryPhishing, Owner: "analyst@lab.invalid", TLP: soar.TLPGreen,
		Facts: map[string]any{"mailbox": "finance", "description": "It asks for a password."}, OpenedBy: analyst().Actor, OpenedAt: noon(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !regexp.MustCompile(`^INC-2026-[0-9A-HJKMNP-TV-Z]{6}$`).MatchString(got.ID) {
		t.Errorf("id %q", got.ID)
	}
	input := w.store.opened[0].Input
	assessment := soar.Assessment{
		Incident: true, Category: soar.CategoryPhishing, Severity: soar.SeverityHigh, Impact: soar.LevelHigh, Urgency: soar.LevelLow,
		Criterion: criterionPerson, Reason: "opened by a person who may", By: analyst().Actor, At: noon(),
	}
	if diff := cmp.Diff(assessment, input.Assessment); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if input.Policy.Clocks == nil || !input.Settings.AutoClose {
		t.Errorf("policy %+v settings %+v", input.Policy, input.Settings)
	}
	alert := input.Alerts[0]
	if alert.Source != "person" || !alert.Parsed || alert.Title != "Strange mail to finance" || alert.Host.Name != "pc-7" || alert.User.Email != "f@lab.invalid" || alert.SourceIP != "192.0.2.1" || len(alert.URLs) != 1 {
		t.Errorf("alert %+v", alert)
	}
	pin := protocol.RunPin{Playbook: "phishing", Version: "1", Digest: "d", By: soar.System("trigger"), Input: map[string]any{"url": "http://x.invalid"}}
	if diff := cmp.Diff([]protocol.RunPin{pin}, input.Runs); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if asked := w.matches.asked[0]; asked.Incident.ID != got.ID || asked.Alert.Title != alert.Title {
		t.Errorf("asked %+v", asked)
	}
	wantRecord := []string{
		"incident.opened: Opened by analyst@lab.invalid: Strange mail to finance",
		"incident.assessed: Assessed as phishing, severity high, by criterion reported_by_person: opened by a person who may",
	}
	if diff := cmp.Diff(wantRecord, w.entries(got.ID)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestOpenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.Open(t.Context(), analyst(), report())
	if err != nil {
		t.Fatal(err)
	}
	w.now = noon().Add(time.Hour)
	changed := report()
	changed.Title = "Something else"
	again, err := w.Open(t.Context(), analyst(), changed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" || len(w.store.opened) != 1 {
		t.Errorf("%d opened (-first +again)\n%s", len(w.store.opened), diff)
	}
	other, err := w.Open(t.Context(), lead(), report())
	if err != nil || other.ID == first.ID {
		t.Errorf("another person with the same request id: %+v %v", other, err)
	}
}

func TestOpenAgainAcrossTheYear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC)
	first, err := w.Open(t.Context(), analyst(), report())
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Second)
	again, err := w.Open(t.Context(), analyst(), report())
	if err != nil || again.ID != first.ID || len(w.store.opened) != 1 {
		t.Errorf("first %s, again %s %v", first.ID, again.ID, err)
	}
	fresh := report()
	fresh.RequestID = "q-2"
	other, err := w.Open(t.Context(), analyst(), fresh)
	if err != nil || !strings.HasPrefix(other.ID, "INC-2027-") {
		t.Errorf("a new request: %+v %v", other, err)
	}
}

// TestOpenWhereTheIDIsTaken: another incident must not be taken for this one.
func TestOpenWhereTheIDIsTaken(t *testing.T) {
	t.Parallel()
	seed := analyst().Actor.String() + "/q-1"
	short := incidentID(noon(), seed, idShortest)
	others := map[string][]record.Payload{
		"by an alert":     {{At: noon(), Kind: "incident.opened", Text: "x", Data: json.RawMessage(`{"alert": {"id": "ALR-1"}}`)}},
		"with other data": {{At: noon(), Kind: "incident.opened", Text: "x", Data: json.RawMessage(`"text"`)}},
		"without data":    {{At: noon(), Kind: "incident.opened", Text: "x"}},
		"without record":  nil,
	}
	for name, events := range others {
		w := newWorld(t)
		w.add(soar.Incident{ID: short, Title: "another"})
		if err := w.store.append(short, events...); err != nil {
			t.Fatal(err)
		}
		got, err := w.Open(t.Context(), analyst(), report())
		if err != nil || got.ID != incidentID(noon(), seed, idShortest+2) || w.store.incidents[short].Title != "another" {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		again, err := w.Open(t.Context(), analyst(), report())
		if err != nil || again.ID != got.ID || len(w.store.opened) != 1 {
			t.Errorf("%s, again: %+v %v", name, again, err)
		}
	}
	w := newWorld(t)
	for length := idShortest; length <= idLongest; length += 2 {
		w.add(soar.Incident{ID: incidentID(noon(), seed, length)})
	}
	if _, err := w.Open(t.Context(), analyst(), report()); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("all taken: %v", err)
	}
}

func TestOpenWithLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.Open(t.Context(), analyst(), OpenRequest{RequestID: "q", Title: "Odd noise"})
	if err != nil {
		t.Fatal(err)
	}
	if !got.Severity.Valid() || !got.Category.Valid() || !got.Impact.Valid() || !got.Urgency.Valid() || got.TLP != soar.TLPAmber || got.Status != soar.StatusAssessed || got.Facts != nil {
		t.Errorf("got %+v", got)
	}
	if want := w.policy.Severity.Of(got.Impact, got.Urgency); got.Severity != want {
		t.Errorf("severity %s, the matrix says %s", got.Severity, want)
	}
	got, err = w.Open(t.Context(), analyst(), OpenRequest{RequestID: "q2", Title: "Odd noise", Impact: soar.LevelHigh, Urgency: soar.LevelHigh})
	if err != nil || got.Severity != w.policy.Severity.Of(soar.LevelHigh, soar.LevelHigh) {
		t.Errorf("got %+v %v", got, err)
	}
}

// TestReportersDoNotAssess: what a reporter sends is judged by the policy, and his
// word may only make it worse.
func TestReportersDoNotAssess(t *testing.T) {
	t.Parallel()
	reporter := person("r", soar.RoleReporter)
	request := report()
	request.Owner = ""
	w := newWorld(t)
	for _, claimed := range append(soar.Severities(), "") {
		w := newWorld(t)
		request.Severity, request.Impact, request.Urgency = claimed, soar.LevelLow, soar.LevelLow
		judged := w.policy.Assess(request.report(noon()), noon())
		got, err := w.Open(t.Context(), reporter, request)
		if err != nil {
			t.Fatal(err)
		}
		if got.Severity.Rank() < claimed.Rank() || got.Severity.Rank() < judged.Severity.Rank() {
			t.Errorf("claimed %q, judged %q, got %q", claimed, judged.Severity, got.Severity)
		}
		assessment := w.store.opened[0].Input.Assessment
		if assessment.By.Kind != soar.ActorSystem || (got.Status == soar.StatusAssessed) != assessment.Incident {
			t.Errorf("status %s, assessment %+v", got.Status, assessment)
		}
		if shown, err := w.Open(t.Context(), reporter, request); err != nil || shown.ID != got.ID {
			t.Errorf("again: %v", err)
		}
	}
	request.Owner = "r@lab.invalid"
	if _, err := w.Open(t.Context(), reporter, request); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("a reporter names an owner: %v", err)
	}
}

func TestOpenInput(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		change func(*OpenRequest)
		field  string
	}{
		"no request id":      {func(r *OpenRequest) { r.RequestID = "" }, "request_id"},
		"no title":           {func(r *OpenRequest) { r.Title = " " }, "title"},
		"a long title":       {func(r *OpenRequest) { r.Title = strings.Repeat("x", 301) }, "title"},
		"a long description": {func(r *OpenRequest) { r.Description = strings.Repeat("x", 8193) }, "description"},
		"a long owner":       {func(r *OpenRequest) { r.Owner = strings.Repeat("x", 201) }, "owner"},
		"a severity":         {func(r *OpenRequest) { r.Severity = "bad" }, "severity"},
		"a category":         {func(r *OpenRequest) { r.Category = "bad" }, "category"},
		"an impact":          {func(r *OpenRequest) { r.Impact = "bad" }, "impact"},
		"an urgency":         {func(r *OpenRequest) { r.Urgency = "bad" }, "urgency"},
		"a label":            {func(r *OpenRequest) { r.TLP = "bad" }, "tlp"},
		"too many facts":     {func(r *OpenRequest) { r.Facts = map[string]any{"a": strings.Repeat("x", maxPayload)} }, ""},
		"facts of no JSON":   {func(r *OpenRequest) { r.Facts = map[string]any{"a": func() {}} }, ""},
	}
	for name, row := range rows {
		w, request := newWorld(t), report()
		row.change(&request)
		if _, err := w.Open(t.Context(), lead(), request); soar.CodeOf(err) != soar.CodeInvalid || fieldOf(err) != row.field {
			t.Errorf("%s: got %v in field %q", name, err, fieldOf(err))
		}
		if len(w.store.opened) > 0 {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestWhoMayOpen(t *testing.T) {
	t.Parallel()
	for _, role := range soar.Roles() {
		w, p := newWorld(t), person("x", role)
		_, err := w.Open(t.Context(), p, OpenRequest{RequestID: "q", Title: "x y z"})
		if may := access.Can(p, access.IncidentOpen); (err == nil) != may || (err != nil && soar.CodeOf(err) != soar.CodeDenied) {
			t.Errorf("%s: %v", role, err)
		}
	}
}

func TestOpenWhenSomethingIsAway(t *testing.T) {
	t.Parallel()
	away := soar.Errorf(soar.CodeUnavailable, "x", "away")
	w := newWorld(t)
	w.matches.err = away
	if got, err := w.Open(t.Context(), analyst(), report()); err != nil || len(w.store.opened) != 1 {
		t.Errorf("a report was lost for want of playbooks: %+v %v", got, err)
	}
	w = newWorld(t)
	w.playbooks = nil
	if _, err := w.Open(t.Context(), analyst(), report()); err != nil {
		t.Errorf("without a matcher: %v", err)
	}
	w = newWorld(t)
	w.store.fail["IncidentOpen"] = away
	if _, err := w.Open(t.Context(), analyst(), report()); soar.CodeOf(err) != soar.CodeUnavailable {
		t.Errorf("got %v", err)
	}
}
