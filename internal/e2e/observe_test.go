package e2e

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/observe/metrics"
	"github.com/tocsin-soar/tocsin/internal/slack/manifest"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// fetch gives status and body of a page.
func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// ready gives the answer of /readyz by check.
func ready(t *testing.T, url string) (status int, health gen.Health, checks map[string]gen.HealthCheck) {
	t.Helper()
	status, body := fetch(t, url+"/readyz")
	if err := json.Unmarshal([]byte(body), &health); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	checks = map[string]gen.HealthCheck{}
	for _, check := range health.Checks {
		checks[check.Name] = check
	}
	return status, health, checks
}

// series finds one line of /metrics and gives its value, "" without one.
func series(page, name string) string {
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return found[1]
}

// TestMetricsTellWhatHappened carries an incident through and finds it in the
// metrics; nothing of it was on the API's address. Slack is on, so that its series are
// there, too.
func TestMetricsTellWhatHappened(t *testing.T) {
	t.Parallel()
	fake := slacktest.Start(slacktest.Options{Scopes: manifest.Scopes()})
	t.Cleanup(fake.Close)
	s := newStand(t, settings{
		"temporal_address": devstacktest.Temporal(t), "database_url": storetest.URL(t), "metrics_listen": "127.0.0.1:0",
		"slack_mode": "socket", "slack_bot_token": fake.BotToken(), "slack_app_token": fake.AppToken(), "slack_team": fake.TeamID(), "slack_app": fake.AppID(),
		"slack_channel": fake.AddChannel(slacktest.Channel{Name: "soc", BotIn: true}).ID, "slack_api_url": fake.APIURL(),
	})
	if status, _ := fetch(t, s.url+"/metrics"); status != http.StatusNotFound {
		t.Errorf("the API answers /metrics with %d", status)
	}
	incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
	s.accepted(t, breakIn("1"))
	asked := s.detail(t, incident, "asks for an approval", runs).Approvals[0]
	s.decide(t, asked, gen.Approve)
	s.detail(t, incident, "closes", ended)

	_, page := fetch(t, s.app.MetricsURL()+"/metrics")
	for name, want := range map[string]string{
		`tocsin_alerts_total{outcome="new",source="wazuh"}`:                "1",
		`tocsin_alerts_total{outcome="duplicate",source="wazuh"}`:          "1",
		`tocsin_alert_to_incident_seconds_count`:                           "1",
		`tocsin_alert_to_first_action_seconds_count`:                       "1",
		`tocsin_approval_wait_seconds_count{decision="approved"}`:          "1",
		`tocsin_actions_total{action="edr.isolate_host",outcome="done"}`:   "1",
		`tocsin_outbox_handled_total{kind="alert.dispatch",result="done"}`: "1",
		`tocsin_http_requests_total{operation="receiveHook",status="2xx"}`: "2",
		`tocsin_database_figures_up`:                                       "1",
		`tocsin_ledger_actions{state="unknown"}`:                           "0",
		`tocsin_ready`:                                                     "1",
		`tocsin_check_ok{check="worker"}`:                                  "1",
		`tocsin_slack_sockets`:                                             "2",
		`tocsin_slack_events_total{kind="unknown",outcome="unsigned"}`:     "0",
	} {
		if got := series(page, name); got != want {
			t.Errorf("%s is %q, want %s", name, got, want)
		}
	}
	for _, d := range definitions(t) {
		if !regexp.MustCompile(`(?m)^` + d + `(_count)?[ {]`).MatchString(page) {
			t.Errorf("%s is documented and not shown", d)
		}
	}
	for _, name := range deployed(t) {
		if !regexp.MustCompile(`(?m)^` + name + `[ {]`).MatchString(page) {
			t.Errorf("deploy/ names %s, which is not shown", name)
		}
	}
}

// deployed gives the metrics that dashboard and alert rules name.
func deployed(t *testing.T) []string {
	t.Helper()
	named := map[string]bool{}
	for _, file := range []string{"grafana/tocsin.json", "prometheus/alerts.yaml"} {
		body, err := os.ReadFile("../../deploy/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, expression := range regexp.MustCompile(`"?expr"?: .*`).FindAllString(string(body), -1) {
			for _, name := range regexp.MustCompile(`\b(tocsin|temporal|process|go)_[a-z_]+\b`).FindAllString(expression, -1) {
				named[name] = true
			}
		}
	}
	if len(named) < 20 {
		t.Fatalf("dashboard and rules name %d metrics", len(named))
	}
	return slices.Sorted(maps.Keys(named))
}

func definitions(t *testing.T) []string {
	t.Helper()
	m, err := metrics.New(metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range m.Definitions() {
		names = append(names, d.Name)
	}
	return names
}

// TestReadyTellsTheTruthPerRole has a server and a worker of their own look at a
// Temporal and a PostgreSQL that go away and come back.
func TestReadyTellsTheTruthPerRole(t *testing.T) {
	t.Parallel()
	temporal, postgres := newTemporal(t), newPostgres(t)
	temporal.start(t)
	given := settings{"temporal_address": temporal.address, "database_url": postgres.URL(), "metrics_listen": "127.0.0.1:0"}
	server := newStandAs(t, app.Roles{API: true, Outbox: true}, given)
	worker := server.serve(t, app.Roles{Worker: true})
	for name, url := range map[string]string{"server": server.url, "server's metrics": server.app.MetricsURL(), "worker": worker.MetricsURL()} {
		eventually(t, name+" is ready", func() (bool, bool) {
			status, health, _ := ready(t, url)
			return true, status == http.StatusOK && health.Status == gen.HealthStatusOk
		})
	}

	temporal.kill(t)
	eventually(t, "the server says that it is degraded, and stays ready", func() (bool, bool) {
		status, health, checks := ready(t, server.url)
		return true, status == http.StatusOK && health.Status == gen.HealthStatusDegraded && !checks["temporal"].Ok && checks["database"].Ok
	})
	eventually(t, "the worker is not ready", func() (bool, bool) {
		status, _, checks := ready(t, worker.MetricsURL())
		return true, status == http.StatusServiceUnavailable && !checks["temporal"].Ok && checks["database"].Ok
	})
	if status, _ := fetch(t, worker.MetricsURL()+"/healthz"); status != http.StatusOK {
		t.Errorf("the worker lives, and /healthz says %d", status)
	}

	postgres.kill(t)
	for name, url := range map[string]string{"server": server.url, "worker": worker.MetricsURL()} {
		eventually(t, name+" is not ready without its database", func() (bool, bool) {
			status, _, checks := ready(t, url)
			return true, status == http.StatusServiceUnavailable && !checks["database"].Ok
		})
	}
	eventually(t, "figures that cannot be read are not shown", func() (bool, bool) {
		_, page := fetch(t, server.app.MetricsURL()+"/metrics")
		return true, series(page, "tocsin_database_figures_up") == "0" && !strings.Contains(page, "\ntocsin_incidents_open")
	})

	postgres.start(t)
	temporal.start(t)
	for name, url := range map[string]string{"server": server.url, "worker": worker.MetricsURL()} {
		eventually(t, name+" is ready again", func() (bool, bool) {
			status, health, _ := ready(t, url)
			return true, status == http.StatusOK && health.Status == gen.HealthStatusOk
		})
	}
}
