package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// figuresEvery is how old what is read from the database may be: several who
// scrape cost no more than one.
const figuresEvery = 10 * time.Second

// figuresCollector shows what the tables say. What cannot be read is not shown.
type figuresCollector struct {
	options                                                     Options
	up, open, waiting, oldest, ledger, containments, objectives *prometheus.Desc
	outboxWaiting, outboxOldest, outboxParked, chains, entries  *prometheus.Desc

	clocks, next, breaches, warnings *prometheus.Desc

	mu   sync.Mutex
	at   time.Time
	last soar.Figures
	err  error
}

func newFiguresCollector(m *maker, options Options) *figuresCollector {
	return &figuresCollector{
		options:       options,
		up:            m.gauge("tocsin_database_figures_up", "1 when the database gave the figures below at the last try; they are left out when it did not. Every server shows them: take max() over instances."),
		open:          m.gauge("tocsin_incidents_open", "Incidents that have not ended.", "severity", "status"),
		waiting:       m.gauge("tocsin_approvals_waiting", "Approvals that wait for a person."),
		oldest:        m.gauge("tocsin_approval_oldest_seconds", "Age of the oldest approval that waits; 0 without one."),
		ledger:        m.gauge("tocsin_ledger_actions", "Actions that are not settled: intent, sent, unknown. An unknown one may have had its effect, and a person must look.", "state"),
		containments:  m.gauge("tocsin_containments", "Containments in force: active, release_failed.", "state"),
		objectives:    m.gauge("tocsin_objectives", "Objectives of incidents that have not ended: running, met, breached.", "objective", "state"),
		clocks:        m.gauge("tocsin_clocks", "What runs out and is still open, without drills: objectives, duties, approvals, tasks, containments by how they stand.", "kind", "state"),
		next:          m.gauge("tocsin_clock_next_due_seconds", "Until the next clock of this kind is due, of those that are not due yet; left out when there is none.", "kind"),
		breaches:      m.total("tocsin_clock_breaches_total", "Objectives breached so far, without drills. Every server shows the same: take max() over instances."),
		warnings:      m.total("tocsin_clock_warnings_total", "Objectives that warned so far, without drills. Every server shows the same: take max() over instances."),
		outboxWaiting: m.gauge("tocsin_outbox_waiting", "Outbox items that are not done.", "kind"),
		outboxOldest:  m.gauge("tocsin_outbox_oldest_seconds", "Age of the oldest outbox item that is not done; 0 without one.", "kind"),
		outboxParked:  m.gauge("tocsin_outbox_parked", "Outbox items that failed for good and wait for a person.", "kind"),
		chains:        m.gauge("tocsin_record_chains", "Hash chains of the record: one for each incident and one for the system."),
		entries:       m.gauge("tocsin_record_entries", "Entries of the record: the sum of all chains' heights. It never falls."),
	}
}

// Describe is Prometheus's.
func (c *figuresCollector) Describe(out chan<- *prometheus.Desc) { out <- c.up }

// Collect is Prometheus's.
func (c *figuresCollector) Collect(out chan<- prometheus.Metric) {
	if c.options.Figures == nil {
		return
	}
	figures, err := c.read()
	if err != nil {
		out <- value(c.up, 0)
		return
	}
	out <- value(c.up, 1)
	c.incidents(out, figures)
	out <- value(c.waiting, float64(figures.ApprovalsWaiting))
	out <- value(c.oldest, figures.ApprovalOldest.Seconds())
	for _, state := range []soar.LedgerState{soar.LedgerIntent, soar.LedgerSent, soar.LedgerUnknown} {
		out <- value(c.ledger, float64(figures.Ledger[state]), string(state))
	}
	for _, state := range []string{"active", "release_failed"} {
		out <- value(c.containments, float64(figures.Containments[state]), state)
	}
	c.running(out, figures)
	for _, kind := range outboxKinds() {
		items := figures.Outbox[kind]
		out <- value(c.outboxWaiting, float64(items.Waiting), kind)
		out <- value(c.outboxOldest, items.Oldest.Seconds(), kind)
		out <- value(c.outboxParked, float64(items.Parked), kind)
	}
	out <- value(c.chains, float64(figures.RecordChains))
	out <- value(c.entries, float64(figures.RecordEntries))
}

func (c *figuresCollector) incidents(out chan<- prometheus.Metric, figures soar.Figures) {
	for _, severity := range soar.Severities() {
		for _, status := range soar.IncidentStatuses() {
			if !status.Ended() {
				out <- value(c.open, float64(figures.Incidents[soar.IncidentFigure{Severity: severity, Status: status}]), string(severity), string(status))
			}
		}
	}
	for _, name := range []string{"acknowledge", "contain", "resolve"} {
		for _, state := range []string{"running", "met", "breached"} {
			out <- value(c.objectives, float64(figures.Objectives[soar.ObjectiveFigure{Name: name, State: state}]), name, state)
		}
	}
}

func (c *figuresCollector) running(out chan<- prometheus.Metric, figures soar.Figures) {
	for _, kind := range soar.ClockKinds() {
		for _, state := range soar.ClockStates() {
			if state != soar.ClockMet {
				out <- value(c.clocks, float64(figures.Clocks[soar.ClockFigure{Kind: kind, State: state}]), string(kind), string(state))
			}
		}
		if next, some := figures.ClockNext[kind]; some {
			out <- value(c.next, next.Seconds(), string(kind))
		}
	}
	out <- prometheus.MustNewConstMetric(c.breaches, prometheus.CounterValue, float64(figures.ClockBreaches))
	out <- prometheus.MustNewConstMetric(c.warnings, prometheus.CounterValue, float64(figures.ClockWarnings))
}

// read gives the figures of the last ten seconds, or asks once. A failure is kept
// as long: a database in trouble is not asked more often for that.
func (c *figuresCollector) read() (soar.Figures, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.options.Now(); c.at.IsZero() || now.Sub(c.at) >= figuresEvery {
		c.last, c.err = c.options.Figures()
		c.at = now
	}
	return c.last, c.err
}

func value(desc *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
}
