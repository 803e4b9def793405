package way_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/notify/way"
	"github.com/tocsin-soar/tocsin/internal/notify/way/waytest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// over opens a connector of this build and makes a way of it.
func over(t *testing.T, kind string, settings, secrets map[string]string) notify.Way {
	t.Helper()
	all, err := connectors.All(connectors.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config := connector.Config{Instance: kind, Settings: settings, Secrets: map[string]secret.String{}}
	for name, value := range secrets {
		config.Secrets[name] = secret.New(value)
	}
	registry := connector.NewRegistry()
	for _, one := range all {
		if one.Manifest().Connector != kind {
			continue
		}
		if err := registry.Open(one, config); err != nil {
			t.Fatal(err)
		}
	}
	instance, described, _ := registry.Find(kind)
	made, err := way.Over(kind, instance, described)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func overTeams(t *testing.T) (notify.Way, *waytest.Teams) {
	fake := waytest.NewTeams(t)
	return over(t, "teams", nil, map[string]string{"url": fake.URL}), fake
}

func overPager(t *testing.T) (notify.Way, *waytest.PagerDuty) {
	fake := waytest.NewPagerDuty(t)
	return over(t, "pagerduty", map[string]string{"base_url": fake.URL}, map[string]string{"routing_key": waytest.RoutingKey}), fake
}

func overMail(t *testing.T) (notify.Way, *waytest.MailServer) {
	server := waytest.NewMailServer(t)
	return over(t, "smtp", map[string]string{"server": server.Address, "ca": server.CA, "from": "tocsin@soc.test"}, nil), server
}

// event is what a receiver of webhooks got; its signature was good.
type event struct {
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	Timestamp  time.Time      `json:"timestamp"`
	IncidentID string         `json:"incident_id"`
	Data       map[string]any `json:"data"`
}

const signingKey = "0123456789abcdef0123456789abcdef"

func overWebhook(t *testing.T) (notify.Way, func() []event) {
	var got []event
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(signingKey))
		mac.Write([]byte(r.Header.Get("Webhook-Id") + "." + r.Header.Get("Webhook-Timestamp") + "." + string(body)))
		if "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) != r.Header.Get("Webhook-Signature") {
			t.Errorf("the signature %q is wrong", r.Header.Get("Webhook-Signature"))
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var one event
		if err := json.Unmarshal(body, &one); err != nil || one.ID != r.Header.Get("Webhook-Id") {
			t.Errorf("%s: %v", body, err)
		}
		got = append(got, one)
	}))
	t.Cleanup(server.Close)
	made := over(t, "webhook", nil, map[string]string{"url": server.URL, "signing_secret": "whsec_" + base64.StdEncoding.EncodeToString([]byte(signingKey))})
	return made, func() []event { return got }
}

// page is a delivery about an escalation.
func page() notify.Delivery {
	return notify.Delivery{
		Key: "5a1c0e", Message: protocol.Message{ID: "m-1", IncidentID: "INC-2026-0A1B2C", Kind: "escalation", About: "ESC-0123456789"}, Urgent: true, TLP: soar.TLPAmber,
		Incident: &soar.Incident{ID: "INC-2026-0A1B2C", Severity: soar.SeverityHigh}, Person: soar.Person{ID: "lead@lab.invalid"},
		Subject: "Escalation: nobody answers", Text: "Say that you have it.\n", HTML: "<p>Say that you have it.</p>", Template: "message@1", At: noon,
	}
}

func TestOver(t *testing.T) {
	t.Parallel()
	if _, err := way.Over("x", nil, &manifest.Manifest{Connector: "jira"}); err == nil || !strings.Contains(err.Error(), `way "x": connector kind "jira" carries no messages`) {
		t.Errorf("got %v", err)
	}
	for name, want := range map[string]bool{"teams": true, "pagerduty": true, "webhook": true, "smtp": false} {
		made := over(t, name, map[string]map[string]string{"smtp": {"server": "127.0.0.1:25", "from": "a@soc.test"}, "pagerduty": {}}[name], map[string]map[string]string{
			"teams": {"url": "https://a.invalid/?sig=1234567"}, "webhook": {"url": "https://a.invalid/", "signing_secret": signingKey}, "pagerduty": {"routing_key": "k-0123456"},
		}[name])
		place, shared := made.(interface{ Shared() bool })
		if got := shared && place.Shared(); got != want || made.Name() != name {
			t.Errorf("%s: shared %v", name, got)
		}
	}
}

func TestTeams(t *testing.T) {
	t.Parallel()
	made, fake := overTeams(t)
	if err := made.Send(t.Context(), page()); err != nil {
		t.Fatal(err, fake.Refused())
	}
	lines, err := waytest.ReadTeams(fake.Bodies()[0])
	if diff := cmp.Diff([]string{"TLP:AMBER", "Escalation: nobody answers", "Say that you have it."}, lines); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestPagerDuty(t *testing.T) {
	t.Parallel()
	made, fake := overPager(t)
	const key = "INC-2026-0A1B2C/ESC-0123456789"
	d := page()
	for _, step := range []struct{ kind, want string }{{"escalation", "triggered"}, {"acknowledged", "acknowledged"}, {"resolved", "resolved"}} {
		d.Message.Kind = step.kind
		if err := made.Send(t.Context(), d); err != nil {
			t.Fatal(err, fake.Refused())
		}
		if diff := cmp.Diff(map[string]string{key: step.want}, fake.Alerts()); diff != "" {
			t.Errorf("after %s:\n%s", step.kind, diff)
		}
	}
	first := fake.Events(t)[0]
	if first.Payload.Summary != "[TLP:AMBER] Escalation: nobody answers" || first.Payload.Severity != "error" || !strings.Contains(string(first.Payload.Details), "Say that you have it") {
		t.Errorf("%+v", first.Payload)
	}
	d.Message = protocol.Message{ID: "m-2", Kind: "note"}
	d.Incident, d.Text = nil, strings.Repeat("<ä\n", 8000)
	if err := made.Send(t.Context(), d); err != nil || fake.Alerts()["5a1c0e"] != "triggered" {
		t.Errorf("about no incident, and long: %v %v %v", err, fake.Refused(), fake.Alerts())
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	made, got := overWebhook(t)
	if err := made.Send(t.Context(), page()); err != nil {
		t.Fatal(err)
	}
	one := got()[0]
	want := map[string]any{
		"message_id": "m-1", "kind": "escalation", "at": "2026-03-02T12:00:00Z", "urgent": true, "tlp": "amber", "reduced": false, "subject": "Escalation: nobody answers",
		"text": "Say that you have it.\n", "incident_id": "INC-2026-0A1B2C", "about": "ESC-0123456789", "template": "message@1", "severity": "high",
	}
	if diff := cmp.Diff(want, one.Data); diff != "" || one.ID != "5a1c0e" || one.Type != "notification" || one.IncidentID != "INC-2026-0A1B2C" {
		t.Errorf("%+v (-want +got)\n%s", one, diff)
	}
}

// TestAnswers: what each other side may answer, and what may be done then.
func TestAnswers(t *testing.T) {
	t.Parallel()
	teams, teamsFake := overTeams(t)
	pager, pagerFake := overPager(t)
	for _, row := range []struct {
		answer waytest.Answer
		want   connector.Class
	}{
		{waytest.Answer{Status: 429, Header: map[string]string{"Retry-After": "7"}}, connector.Limited},
		{waytest.Answer{Status: 503}, connector.Transient},
		{waytest.Answer{Status: 502}, connector.Unknown},
		{waytest.Answer{Status: 500}, connector.Unknown},
		{waytest.Answer{Status: 401}, connector.Auth},
		{waytest.Answer{Status: 413}, connector.Permanent},
		{waytest.Answer{Status: 302}, connector.Permanent},
		{waytest.Answer{Drop: true}, connector.Unknown},
	} {
		teamsFake.Then(row.answer)
		pagerFake.Then(row.answer)
		for _, made := range []notify.Way{teams, pager} {
			if got := connector.Classify(made.Send(t.Context(), page()), true); got == nil || got.Class != row.want {
				t.Errorf("%s after %+v: %v", made.Name(), row.answer, got)
			}
		}
	}
	if len(teamsFake.Refused())+len(pagerFake.Refused()) != 0 {
		t.Errorf("%v %v", teamsFake.Refused(), pagerFake.Refused())
	}
}

// TestMail: who is written to, in which thread, and with what.
func TestMail(t *testing.T) {
	t.Parallel()
	made, server := overMail(t)
	d := page()
	for _, row := range []struct {
		change func(*notify.Delivery)
		to     string
	}{
		{func(*notify.Delivery) {}, "lead@lab.invalid"},
		{func(d *notify.Delivery) { d.Person.Email = "lead@soc.test" }, "lead@soc.test"},
		{func(d *notify.Delivery) { d.Address = "night@soc.test" }, "night@soc.test"},
	} {
		row.change(&d)
		if err := made.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		mails := server.Mails()
		last := mails[len(mails)-1]
		if diff := cmp.Diff([]string{row.to}, last.To); diff != "" {
			t.Error(diff)
		}
		if last.Header.Get("Message-ID") != "<tocsin.5a1c0e@soc.test>" || last.Header.Get("References") != "<tocsin.thread.INC-2026-0A1B2C@soc.test>" || last.Header.Get("Subject") != "[TLP:AMBER] Escalation: nobody answers" {
			t.Errorf("%v", last.Header)
		}
	}
	d.Address, d.Person = "", soar.Person{ID: "lead"}
	if err := made.Send(context.Background(), d); connector.Classify(err, false).Class != connector.Permanent {
		t.Errorf("no address: %v", err)
	}
}
