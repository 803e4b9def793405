package metrics

import (
	"strconv"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// What became of an alert, as Alert is told.
const (
	AlertNew       = "new"
	AlertDuplicate = "duplicate"
	AlertUnparsed  = "unparsed" // kept, and nobody could read it
)

// Reasons for which a delivery of alerts was refused. Others are counted as other.
const (
	RefusedSource    = "source"     // no such source
	RefusedToken     = "token"      // no token, or one that may not
	RefusedSignature = "signature"  // a signature is missing or wrong
	RefusedReplay    = "replay"     // signed long ago, or seen before
	RefusedBody      = "body"       // too large, not readable, no alert in it
	RefusedRate      = "rate"       // too many
	RefusedStore     = "not_stored" // the database is away: the sender comes again
)

func refusalReasons() []string {
	return []string{RefusedSource, RefusedToken, RefusedSignature, RefusedReplay, RefusedBody, RefusedRate, RefusedStore}
}

func outcomes() []string {
	return []string{"done", "failed", "refused", "unknown", "again"}
}

func callClasses() []string {
	return []string{"ok", "transient", "limited", "auth", "permanent", "unknown"}
}

func outboxKinds() []string {
	return []string{soar.OutboxAlertDispatch, soar.OutboxIncidentStart, soar.OutboxIncidentUpdate, soar.OutboxNotify}
}

// events makes what is counted as it happens.
func (m *Metrics) events() {
	m.alerts = m.counter("tocsin_alerts_total", "Alerts stored, by what they were: new, duplicate, unparsed.", "source", "outcome")
	m.refusals = m.counter("tocsin_alert_refusals_total", "Deliveries of alerts that were refused, by reason.", "source", "reason")
	m.toIncident = m.histogram("tocsin_alert_to_incident_seconds", "From the receipt of an alert to the incident that it opened.", long())
	m.toAction = m.histogram("tocsin_alert_to_first_action_seconds", "From the receipt of an incident's first alert to its first action that is not only a look.", long())
	m.actions = m.counter("tocsin_actions_total", "Attempts at connector actions by how they ended; again means that another attempt follows.", "action", "outcome")
	m.actionTime = m.histogram("tocsin_action_seconds", "Duration of one attempt at an action, guard and ledger included.", long(), "action")
	m.calls = m.counter("tocsin_connector_calls_total", "Calls to the outside by class of their end: ok, transient, limited, auth, permanent, unknown.", "connector", "class")
	m.callTime = m.histogram("tocsin_connector_call_seconds", "Duration of one call to the outside.", short(), "connector")
	m.approvals = m.histogram("tocsin_approval_wait_seconds", "From the request of an approval to a person's decision.", long(), "decision")
	m.handled = m.counter("tocsin_outbox_handled_total", "Attempts at outbox items by result: done, retry, park.", "kind", "result")
	m.outboxWait = m.histogram("tocsin_outbox_wait_seconds", "From the commit of an outbox item to the begin of an attempt.", long(), "kind")
	m.requests = m.counter("tocsin_http_requests_total", "API requests by operation and class of status.", "operation", "status")
	m.requestTime = m.histogram("tocsin_http_request_seconds", "Duration of an API request; streams last as long as their reader stays.", short(), "operation")
	m.notified = m.counter("tocsin_notifications_total", "Messages to people by way and what became of them: sent, attempt_failed, attempt_unknown (it may have arrived), failed or unknown (the next way was taken), all_failed (no way for now), gave_up (no way left), coalesced, skipped.", "way", "result")
	m.decrypted = m.counter("tocsin_payloads_decrypted_total", "Payloads that the codec endpoint decrypted for people who look at Temporal.")
}

// zero shows every series whose labels are known.
func (m *Metrics) zero() {
	m.zeroSource(other)
	m.decrypted.WithLabelValues()
	m.KnowWays(nil)
	m.toIncident.WithLabelValues()
	m.toAction.WithLabelValues()
	for _, action := range append(m.options.Actions, other) {
		for _, outcome := range outcomes() {
			m.actions.WithLabelValues(action, outcome)
		}
		m.actionTime.WithLabelValues(action)
	}
	for _, connector := range append(m.options.Connectors, other) {
		for _, class := range callClasses() {
			m.calls.WithLabelValues(connector, class)
		}
		m.callTime.WithLabelValues(connector)
	}
	for _, decision := range []string{"approved", "denied"} {
		m.approvals.WithLabelValues(decision)
	}
	for _, kind := range outboxKinds() {
		for _, result := range []string{"done", "retry", "park"} {
			m.handled.WithLabelValues(kind, result)
		}
		m.outboxWait.WithLabelValues(kind)
	}
	m.requests.WithLabelValues("sendAlert", "2xx")
	m.requestTime.WithLabelValues("sendAlert")
}

// KnowSources names the detection sources that alerts are counted under. Call it
// before the first alert.
func (m *Metrics) KnowSources(names []string) {
	if m == nil {
		return
	}
	m.sources = names
	for _, name := range names {
		m.zeroSource(name)
	}
}

func (m *Metrics) zeroSource(name string) {
	for _, outcome := range []string{AlertNew, AlertDuplicate, AlertUnparsed} {
		m.alerts.WithLabelValues(name, outcome)
	}
	for _, reason := range append(refusalReasons(), other) {
		m.refusals.WithLabelValues(name, reason)
	}
}

// Alert tells that an alert was stored: AlertNew, AlertDuplicate or AlertUnparsed.
func (m *Metrics) Alert(source, outcome string) {
	if m != nil {
		m.alerts.WithLabelValues(oneOf(m.sources, source), outcome).Inc()
	}
}

// Refused tells that a delivery of alerts was refused, for one of the reasons
// above. Both may be whatever the sender wrote.
func (m *Metrics) Refused(source, reason string) {
	if m != nil {
		m.refusals.WithLabelValues(oneOf(m.sources, source), oneOf(refusalReasons(), reason)).Inc()
	}
}

// notifyResults are what may become of a message to somebody by one way.
func notifyResults() []string {
	return []string{"sent", "attempt_failed", "attempt_unknown", "failed", "unknown", "all_failed", "gave_up", "coalesced", "skipped"}
}

// KnowWays names the ways that messages to people are counted under.
func (m *Metrics) KnowWays(names []string) {
	if m == nil {
		return
	}
	for _, way := range append(names, "") {
		for _, result := range notifyResults() {
			m.notified.WithLabelValues(way, result)
		}
	}
}

// Notified tells what became of one message to one recipient; way is empty for what
// was put into a summary.
func (m *Metrics) Notified(way, result string) {
	if m != nil {
		m.notified.WithLabelValues(way, oneOf(notifyResults(), result)).Inc()
	}
}

// PayloadsDecrypted tells that the codec endpoint decrypted so many payloads.
func (m *Metrics) PayloadsDecrypted(count int) {
	if m != nil {
		m.decrypted.WithLabelValues().Add(float64(count))
	}
}

// IncidentOpened tells how long after its alert came an incident was opened.
func (m *Metrics) IncidentOpened(after time.Duration) {
	if m != nil {
		m.toIncident.WithLabelValues().Observe(after.Seconds())
	}
}

// FirstAction tells how long after the first alert came an incident acted.
func (m *Metrics) FirstAction(after time.Duration) {
	if m != nil {
		m.toAction.WithLabelValues().Observe(after.Seconds())
	}
}

// Action tells of one attempt at connector.action and its outcome, again when
// another attempt follows.
func (m *Metrics) Action(action, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	action = oneOf(m.options.Actions, action)
	m.actions.WithLabelValues(action, oneOf(outcomes(), outcome)).Inc()
	m.actionTime.WithLabelValues(action).Observe(took.Seconds())
}

// Call tells of one call that a connector instance made; class is ok or the class
// of its error.
func (m *Metrics) Call(connector, class string, took time.Duration) {
	if m == nil {
		return
	}
	connector = oneOf(m.options.Connectors, connector)
	m.calls.WithLabelValues(connector, oneOf(callClasses(), class)).Inc()
	m.callTime.WithLabelValues(connector).Observe(took.Seconds())
}

// ApprovalDecided tells how long a request waited for a person.
func (m *Metrics) ApprovalDecided(approved bool, waited time.Duration) {
	if m == nil {
		return
	}
	decision := "denied"
	if approved {
		decision = "approved"
	}
	m.approvals.WithLabelValues(decision).Observe(waited.Seconds())
}

// Handled tells of one attempt at an outbox item; it makes Metrics an
// outbox.Meter.
func (m *Metrics) Handled(kind, result string, waited, _ time.Duration) {
	if m == nil {
		return
	}
	kind = oneOf(outboxKinds(), kind)
	m.handled.WithLabelValues(kind, oneOf([]string{"done", "retry", "park"}, result)).Inc()
	m.outboxWait.WithLabelValues(kind).Observe(waited.Seconds())
}

// Request tells of one API request. operation is the operation's id, empty when
// no route took the request.
func (m *Metrics) Request(operation string, status int, took time.Duration) {
	if m == nil {
		return
	}
	if operation == "" {
		operation = "none"
	}
	m.requests.WithLabelValues(operation, strconv.Itoa(status/100)+"xx").Inc()
	m.requestTime.WithLabelValues(operation).Observe(took.Seconds())
}
