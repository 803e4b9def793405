package metrics_test

import (
	"errors"
	"flag"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/observe/metrics"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

var update = flag.Bool("update", false, "write METRICS.md again")

// shown gives /metrics as series -> value, without histograms' buckets.
func shown(t *testing.T, m *metrics.Metrics) map[string]string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("got %d %s", answer.Code, answer.Body)
	}
	series := map[string]string{}
	for line := range strings.Lines(answer.Body.String()) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), " "); found && name != "#" && !strings.Contains(name, "_bucket{") {
			series[name] = value
		}
	}
	return series
}

func figures() soar.Figures {
	return soar.Figures{
		Incidents:        map[soar.IncidentFigure]int{{Severity: soar.SeverityHigh, Status: soar.StatusAssessed}: 3},
		ApprovalsWaiting: 2, ApprovalOldest: 90 * time.Second,
		Ledger:       map[soar.LedgerState]int{soar.LedgerUnknown: 1},
		Containments: map[string]int{"active": 4},
		Objectives:   map[soar.ObjectiveFigure]int{{Name: "contain", State: "breached"}: 5},
		Outbox:       map[string]soar.OutboxFigures{soar.OutboxNotify: {Waiting: 6, Oldest: 7 * time.Second, Parked: 8}},
		RecordChains: 9, RecordEntries: 100,
		Clocks:    map[soar.ClockFigure]int{{Kind: soar.ClockApproval, State: soar.ClockBreached}: 7},
		ClockNext: map[soar.ClockKind]time.Duration{soar.ClockTask: 90 * time.Second}, ClockBreaches: 11, ClockWarnings: 12,
	}
}

func newMetrics(t *testing.T, options metrics.Options) *metrics.Metrics {
	t.Helper()
	m, err := metrics.New(options)
	if err != nil {
		t.Fatal(err)
	}
	m.KnowSources([]string{"wazuh"})
	m.KnowSlack([]string{"chat.postMessage"})
	return m
}

// everything is a process that shows all there is.
func everything(t *testing.T) *metrics.Metrics {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return newMetrics(t, metrics.Options{
		Version: "v1", Actions: []string{"edr.isolate_host"}, Connectors: []string{"edr"},
		Figures: func() (soar.Figures, error) { return figures(), nil },
		Gauges: func() metrics.Gauges {
			return metrics.Gauges{Ready: true, Checks: map[string]bool{"database": true, "temporal": false}, DatabaseOpen: 3, DatabaseInUse: 1, DatabaseMost: 20, CheckpointsSigned: true, CheckpointAt: now.Add(-time.Minute), ClassesBelow: new(2), Slack: &metrics.SlackGauges{Sockets: new(2), Behind: new(3), Failing: new(1)}}
		},
		Now: func() time.Time { return now },
	})
}

func TestWhatHappensIsCounted(t *testing.T) {
	t.Parallel()
	m := everything(t)
	before := shown(t, m)
	m.Alert("wazuh", metrics.AlertNew)
	m.Alert("wazuh", metrics.AlertDuplicate)
	m.Alert("nobody knows \n this", metrics.AlertUnparsed)
	m.Refused("wazuh", metrics.RefusedSignature)
	m.Refused("x", "because I say so")
	m.IncidentOpened(2 * time.Second)
	m.FirstAction(3 * time.Second)
	m.Action("edr.isolate_host", "done", time.Second)
	m.Action("edr.isolate_host", "again", time.Second)
	m.Action("made.up", "made up", time.Second)
	m.Call("edr", "transient", 4*time.Second)
	m.ApprovalDecided(true, 60*time.Second)
	m.ApprovalDecided(false, 61*time.Second)
	m.Handled(soar.OutboxNotify, "retry", 5*time.Second, 0)
	m.PayloadsDecrypted(7)
	m.Request("listAlerts", 503, time.Second)
	m.Request("", 404, time.Second)
	m.SlackEvent("click", "taken", 2*time.Second, time.Second)
	m.SlackEvent("made up", "made up", 0, time.Second)
	m.SlackCall("chat.postMessage", "limited", time.Second)
	m.SlackCall("made.up", "made up", time.Second)
	m.SlackWait("chat.postMessage", 30*time.Second)
	changed := map[string]string{}
	for name, value := range shown(t, m) {
		if strings.HasPrefix(name, "tocsin_") && before[name] != value {
			changed[name] = value
		}
	}
	want := map[string]string{
		`tocsin_alerts_total{outcome="new",source="wazuh"}`:                     "1",
		`tocsin_alerts_total{outcome="duplicate",source="wazuh"}`:               "1",
		`tocsin_alerts_total{outcome="unparsed",source="other"}`:                "1",
		`tocsin_alert_refusals_total{reason="signature",source="wazuh"}`:        "1",
		`tocsin_alert_refusals_total{reason="other",source="other"}`:            "1",
		`tocsin_payloads_decrypted_total`:                                       "7",
		`tocsin_alert_to_incident_seconds_sum`:                                  "2",
		`tocsin_alert_to_incident_seconds_count`:                                "1",
		`tocsin_alert_to_first_action_seconds_sum`:                              "3",
		`tocsin_alert_to_first_action_seconds_count`:                            "1",
		`tocsin_actions_total{action="edr.isolate_host",outcome="done"}`:        "1",
		`tocsin_actions_total{action="edr.isolate_host",outcome="again"}`:       "1",
		`tocsin_actions_total{action="other",outcome="other"}`:                  "1",
		`tocsin_action_seconds_sum{action="edr.isolate_host"}`:                  "2",
		`tocsin_action_seconds_count{action="edr.isolate_host"}`:                "2",
		`tocsin_action_seconds_sum{action="other"}`:                             "1",
		`tocsin_action_seconds_count{action="other"}`:                           "1",
		`tocsin_connector_calls_total{class="transient",connector="edr"}`:       "1",
		`tocsin_connector_call_seconds_sum{connector="edr"}`:                    "4",
		`tocsin_connector_call_seconds_count{connector="edr"}`:                  "1",
		`tocsin_approval_wait_seconds_sum{decision="approved"}`:                 "60",
		`tocsin_approval_wait_seconds_count{decision="approved"}`:               "1",
		`tocsin_approval_wait_seconds_sum{decision="denied"}`:                   "61",
		`tocsin_approval_wait_seconds_count{decision="denied"}`:                 "1",
		`tocsin_outbox_handled_total{kind="notify",result="retry"}`:             "1",
		`tocsin_outbox_wait_seconds_sum{kind="notify"}`:                         "5",
		`tocsin_outbox_wait_seconds_count{kind="notify"}`:                       "1",
		`tocsin_slack_events_total{kind="click",outcome="taken"}`:               "1",
		`tocsin_slack_events_total{kind="other",outcome="other"}`:               "1",
		`tocsin_slack_answer_seconds_sum{kind="click"}`:                         "1",
		`tocsin_slack_answer_seconds_count{kind="click"}`:                       "1",
		`tocsin_slack_answer_seconds_sum{kind="other"}`:                         "1",
		`tocsin_slack_answer_seconds_count{kind="other"}`:                       "1",
		`tocsin_slack_delivery_seconds_sum`:                                     "2",
		`tocsin_slack_delivery_seconds_count`:                                   "1",
		`tocsin_slack_calls_total{method="chat.postMessage",outcome="limited"}`: "1",
		`tocsin_slack_calls_total{method="other",outcome="other"}`:              "1",
		`tocsin_slack_call_seconds_sum{method="chat.postMessage"}`:              "1",
		`tocsin_slack_call_seconds_count{method="chat.postMessage"}`:            "1",
		`tocsin_slack_call_seconds_sum{method="other"}`:                         "1",
		`tocsin_slack_call_seconds_count{method="other"}`:                       "1",
		`tocsin_slack_waits_seconds_total{method="chat.postMessage"}`:           "30",
		`tocsin_http_requests_total{operation="listAlerts",status="5xx"}`:       "1",
		`tocsin_http_requests_total{operation="none",status="4xx"}`:             "1",
		`tocsin_http_request_seconds_sum{operation="listAlerts"}`:               "1",
		`tocsin_http_request_seconds_count{operation="listAlerts"}`:             "1",
		`tocsin_http_request_seconds_sum{operation="none"}`:                     "1",
		`tocsin_http_request_seconds_count{operation="none"}`:                   "1",
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}

func TestWhatIsIsShown(t *testing.T) {
	t.Parallel()
	got := shown(t, everything(t))
	for name, want := range map[string]string{
		`tocsin_database_figures_up`:                                   "1",
		`tocsin_incidents_open{severity="high",status="assessed"}`:     "3",
		`tocsin_incidents_open{severity="critical",status="reported"}`: "0",
		`tocsin_approvals_waiting`:                                     "2",
		`tocsin_approval_oldest_seconds`:                               "90",
		`tocsin_ledger_actions{state="unknown"}`:                       "1",
		`tocsin_ledger_actions{state="sent"}`:                          "0",
		`tocsin_containments{state="active"}`:                          "4",
		`tocsin_objectives{objective="contain",state="breached"}`:      "5",
		`tocsin_clocks{kind="approval",state="breached"}`:              "7",
		`tocsin_clocks{kind="duty",state="running"}`:                   "0",
		`tocsin_clock_next_due_seconds{kind="task"}`:                   "90",
		`tocsin_clock_breaches_total`:                                  "11",
		`tocsin_clock_warnings_total`:                                  "12",
		`tocsin_objectives{objective="resolve",state="running"}`:       "0",
		`tocsin_outbox_waiting{kind="notify"}`:                         "6",
		`tocsin_outbox_oldest_seconds{kind="notify"}`:                  "7",
		`tocsin_outbox_parked{kind="notify"}`:                          "8",
		`tocsin_outbox_parked{kind="incident.start"}`:                  "0",
		`tocsin_record_chains`:                                         "9",
		`tocsin_record_entries`:                                        "100",
		`tocsin_ready`:                                                 "1",
		`tocsin_check_ok{check="temporal"}`:                            "0",
		`tocsin_check_ok{check="database"}`:                            "1",
		`tocsin_database_connections{state="most"}`:                    "20",
		`tocsin_checkpoint_age_seconds`:                                "60",
		`tocsin_competence_classes_below_least`:                        "2",
		`tocsin_slack_sockets`:                                         "2",
		`tocsin_slack_incidents_behind{state="waiting"}`:               "3",
		`tocsin_slack_incidents_behind{state="failing"}`:               "1",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if _, closed := got[`tocsin_incidents_open{severity="high",status="closed"}`]; closed {
		t.Error("a closed incident is no open one")
	}
}

// TestWhatCannotBeReadIsNotShown: an old figure would look like a quiet day.
func TestWhatCannotBeReadIsNotShown(t *testing.T) {
	t.Parallel()
	got := shown(t, newMetrics(t, metrics.Options{Figures: func() (soar.Figures, error) { return figures(), errors.New("away") }}))
	if got["tocsin_database_figures_up"] != "0" {
		t.Errorf("up is %q", got["tocsin_database_figures_up"])
	}
	for name := range got {
		if strings.HasPrefix(name, "tocsin_incidents_open") || strings.HasPrefix(name, "tocsin_outbox_waiting") {
			t.Errorf("%s is shown", name)
		}
	}
}

// TestTheDatabaseIsNotAskedAtEveryScrape, whether it answers or not.
func TestTheDatabaseIsNotAskedAtEveryScrape(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{"answers": nil, "away": errors.New("away")} {
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		asked := 0
		m := newMetrics(t, metrics.Options{Now: func() time.Time { return now }, Figures: func() (soar.Figures, error) { asked++; return soar.Figures{}, fault }})
		for range 5 {
			shown(t, m)
		}
		now = now.Add(10 * time.Second)
		shown(t, m)
		if asked != 2 {
			t.Errorf("%s: asked %d times, want 2", name, asked)
		}
	}
}

// TestNobodyOutsideMakesSeries: however many sources, actions and reasons are made
// up, the number of series stays.
func TestNobodyOutsideMakesSeries(t *testing.T) {
	t.Parallel()
	m := everything(t)
	feed := func(word string) {
		m.Alert(word, metrics.AlertNew)
		m.Refused(word, word)
		m.Action(word, word, 0)
		m.Call(word, word, 0)
		m.Handled(word, word, 0, 0)
		m.SlackEvent(word, word, time.Second, 0)
		m.SlackCall(word, word, 0)
		m.SlackWait(word, 0)
	}
	feed("first")
	before := len(shown(t, m))
	for i := range 100 {
		feed(strings.Repeat("x", i))
	}
	if after := len(shown(t, m)); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}

// TestCountingNothing: a process without metrics works.
func TestCountingNothing(t *testing.T) {
	t.Parallel()
	var m *metrics.Metrics
	m.KnowSources(nil)
	m.Alert("a", "b")
	m.Refused("a", "b")
	m.IncidentOpened(0)
	m.FirstAction(0)
	m.Action("a", "b", 0)
	m.Call("a", "b", 0)
	m.ApprovalDecided(true, 0)
	m.Handled("a", "b", 0, 0)
	m.Request("a", 200, 0)
	m.KnowSlack(nil)
	m.SlackEvent("a", "b", 0, 0)
	m.SlackCall("a", "b", 0)
	m.SlackWait("a", 0)
	if m.Temporal() != nil {
		t.Error("the SDK has where to count")
	}
}

// TestTemporalCountsMonotonically: the SDK's counters end in _total, so that
// rate() works on them.
func TestTemporalCountsMonotonically(t *testing.T) {
	t.Parallel()
	m := everything(t)
	sdk := m.Temporal().WithTags(map[string]string{"namespace": "default"})
	sdk.Counter("temporal_request").Inc(2)
	sdk.Timer("temporal_request_latency").Record(time.Second)
	got := shown(t, m)
	if got[`temporal_request_total{namespace="default"}`] != "2" {
		t.Errorf("no counter in %v", slices.Collect(maps.Keys(got)))
	}
	if got[`temporal_request_latency_seconds_count{namespace="default"}`] != "1" {
		t.Errorf("no timer in %v", slices.Collect(maps.Keys(got)))
	}
}

var suffix = regexp.MustCompile(`(_bucket|_sum|_count)$`)

// TestTheTableIsReality: every own metric that is shown is in METRICS.md, and
// every one in METRICS.md is shown. go test -update writes it.
func TestTheTableIsReality(t *testing.T) {
	t.Parallel()
	m := everything(t)
	body, err := os.ReadFile("METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(body), "| metric |")
	want := head + m.Table()
	if *update {
		if err := os.WriteFile("METRICS.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(body) != want {
		t.Errorf("METRICS.md is old; go test ./internal/observe/metrics -update writes it: %s", cmp.Diff(want, string(body)))
	}
	documented, real := map[string]bool{}, map[string]bool{}
	for _, d := range m.Definitions() {
		documented[d.Name] = true
		if d.Help == "" || !regexp.MustCompile(`^tocsin_[a-z_]+$`).MatchString(d.Name) {
			t.Errorf("%s: %q", d.Name, d.Help)
		}
		if strings.HasSuffix(d.Name, "_total") != (d.Kind == "counter") {
			t.Errorf("%s is a %s: counters end in _total, and nothing else does", d.Name, d.Kind)
		}
		if d.Kind == "histogram" && !strings.HasSuffix(d.Name, "_seconds") {
			t.Errorf("%s has no unit in its name", d.Name)
		}
	}
	for series := range shown(t, m) {
		name, _, _ := strings.Cut(series, "{")
		if strings.HasPrefix(name, "tocsin_") {
			real[suffix.ReplaceAllString(name, "")] = true
		}
	}
	if diff := cmp.Diff(documented, real); diff != "" {
		t.Errorf("documented and shown differ (-documented +shown): %s", diff)
	}
}
