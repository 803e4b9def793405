package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// slackKinds are what arrives from Slack; unknown is what could not be read or was
// not signed by Slack.
func slackKinds() []string {
	return []string{"click", "submission", "command", "home", "unused", "ignored", "challenge", "unknown"}
}

// slackOutcomes are what becomes of it at the door.
func slackOutcomes() []string {
	return []string{"taken", "refused", "late", "not_done", "ignored", "unsigned", "stale", "replayed", "foreign", "unread", "unavailable", "internal"}
}

// slackCallOutcomes are how a call of Slack's Web API ends: ok or the code of its error.
func slackCallOutcomes() []string {
	return []string{"ok", "invalid", "unauthenticated", "denied", "not_found", "conflict", "limited", "unavailable", "internal"}
}

// SlackGauges is what this process knows of Slack when it is scraped.
type SlackGauges struct {
	Sockets *int // connections of Socket Mode that are open; nil: events come by HTTP
	Behind  *int // incidents whose cards are not as they are; nil: could not be read
	Failing *int // of these, those that failed at the last try; nil: could not be read
}

// slackCounts are the metrics of Slack.
type slackCounts struct {
	methods  []string
	events   *prometheus.CounterVec
	answers  *prometheus.HistogramVec
	delivery *prometheus.HistogramVec
	calls    *prometheus.CounterVec
	callTime *prometheus.HistogramVec
	waits    *prometheus.CounterVec
}

func (m *Metrics) slackEvents() {
	waits := []float64{.05, .1, .25, .5, 1, 1.5, 2, 2.5, 3, 5} // Slack gives up after 3
	m.slack = slackCounts{
		events: m.counter("tocsin_slack_events_total", "What arrived from Slack, by kind and outcome: taken, refused (the person was told why), late (went on after the answer), "+
			"not_done (nothing was recorded; the person was told), ignored, unsigned, stale (signed more than five minutes ago), replayed, foreign (another app or workspace), unread, unavailable and internal (Slack was answered with an error).", "kind", "outcome"),
		answers:  m.histogram("tocsin_slack_answer_seconds", "From the receipt of a request to its answer. Slack waits three seconds.", waits, "kind"),
		delivery: m.histogram("tocsin_slack_delivery_seconds", "From Slack's own time of an event to its receipt, in whole seconds of Slack's.", short()),
		calls:    m.counter("tocsin_slack_calls_total", "Calls of Slack's Web API and response URLs by method and outcome: ok or the code of the error.", "method", "outcome"),
		callTime: m.histogram("tocsin_slack_call_seconds", "Duration of one call of Slack's Web API.", short(), "method"),
		waits:    m.counter("tocsin_slack_waits_seconds_total", "Seconds for which Slack wanted to be left alone with 429 and Retry-After.", "method"),
	}
}

// KnowSlack names the methods of Slack's Web API that calls are counted under, and
// shows Slack's series with zeros. Without it Slack is off, and there are none.
func (m *Metrics) KnowSlack(methods []string) {
	if m == nil {
		return
	}
	m.slack.methods = methods
	m.slack.delivery.WithLabelValues()
	for _, kind := range slackKinds() {
		for _, outcome := range slackOutcomes() {
			m.slack.events.WithLabelValues(kind, outcome)
		}
		m.slack.answers.WithLabelValues(kind)
	}
	for _, method := range append(slices.Clone(methods), other) {
		for _, outcome := range slackCallOutcomes() {
			m.slack.calls.WithLabelValues(method, outcome)
		}
		m.slack.callTime.WithLabelValues(method)
		m.slack.waits.WithLabelValues(method)
	}
}

// SlackEvent tells of one event at Slack's door. delay is from Slack's own time to
// its receipt, 0 when the event has none; took is from its receipt to its answer.
func (m *Metrics) SlackEvent(kind, outcome string, delay, took time.Duration) {
	if m == nil {
		return
	}
	kind = oneOf(slackKinds(), kind)
	m.slack.events.WithLabelValues(kind, oneOf(slackOutcomes(), outcome)).Inc()
	m.slack.answers.WithLabelValues(kind).Observe(took.Seconds())
	if delay > 0 {
		m.slack.delivery.WithLabelValues().Observe(delay.Seconds())
	}
}

// SlackCall tells of one call of Slack's Web API; outcome is ok or the code of its error.
func (m *Metrics) SlackCall(method, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	method = oneOf(m.slack.methods, method)
	m.slack.calls.WithLabelValues(method, oneOf(slackCallOutcomes(), outcome)).Inc()
	m.slack.callTime.WithLabelValues(method).Observe(took.Seconds())
}

// SlackWait tells that Slack wants to be left alone with this method for so long.
func (m *Metrics) SlackWait(method string, wait time.Duration) {
	if m != nil {
		m.slack.waits.WithLabelValues(oneOf(m.slack.methods, method)).Add(wait.Seconds())
	}
}
