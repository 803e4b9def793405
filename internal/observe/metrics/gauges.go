package metrics

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

// gaugesCollector shows what the process knows of itself.
type gaugesCollector struct {
	options                                      Options
	build, ready, check, connections, checkpoint *prometheus.Desc
	classes, sockets, behind                     *prometheus.Desc
}

func newGaugesCollector(m *maker, options Options) *gaugesCollector {
	return &gaugesCollector{
		options:     options,
		build:       m.gauge("tocsin_build_info", "1, labelled with the version.", "version", "go"),
		ready:       m.gauge("tocsin_ready", "1 when /readyz answers 200."),
		check:       m.gauge("tocsin_check_ok", "1 when this check of /readyz was well the last time it was made.", "check"),
		connections: m.gauge("tocsin_database_connections", "Connections of this process's pool: open, in_use, most.", "state"),
		checkpoint:  m.gauge("tocsin_checkpoint_age_seconds", "Since this process last made sure that all heads of the record are signed."),
		sockets:     m.gauge("tocsin_slack_sockets", "Connections of Slack's Socket Mode that are open; two when all is well, left out when events come by HTTP."),
		behind:      m.gauge("tocsin_slack_incidents_behind", "Incidents that Slack does not show as they are: waiting, and of these those that failed at the last try.", "state"),
		classes:     m.gauge("tocsin_competence_classes_below_least", "Classes of competence.yaml that fewer people may decide now than the class asks for."),
	}
}

// Describe is Prometheus's.
func (c *gaugesCollector) Describe(out chan<- *prometheus.Desc) { out <- c.build }

// Collect is Prometheus's.
func (c *gaugesCollector) Collect(out chan<- prometheus.Metric) {
	out <- value(c.build, 1, c.options.Version, runtime.Version())
	if c.options.Gauges == nil {
		return
	}
	now := c.options.Gauges()
	out <- value(c.ready, bit(now.Ready))
	for name, ok := range now.Checks {
		out <- value(c.check, bit(ok), name)
	}
	out <- value(c.connections, float64(now.DatabaseOpen), "open")
	out <- value(c.connections, float64(now.DatabaseInUse), "in_use")
	out <- value(c.connections, float64(now.DatabaseMost), "most")
	if now.CheckpointsSigned && !now.CheckpointAt.IsZero() {
		out <- value(c.checkpoint, c.options.Now().Sub(now.CheckpointAt).Seconds())
	}
	c.slack(out, now.Slack)
	if now.ClassesBelow != nil {
		out <- value(c.classes, float64(*now.ClassesBelow))
	}
}

// slack shows what is known of Slack, if it is on.
func (c *gaugesCollector) slack(out chan<- prometheus.Metric, now *SlackGauges) {
	if now == nil {
		return
	}
	if now.Sockets != nil {
		out <- value(c.sockets, float64(*now.Sockets))
	}
	if now.Behind != nil && now.Failing != nil {
		out <- value(c.behind, float64(*now.Behind), "waiting")
		out <- value(c.behind, float64(*now.Failing), "failing")
	}
}

func bit(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
