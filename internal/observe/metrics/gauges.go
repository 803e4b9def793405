package metrics

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

// gaugesCollector shows what the process knows of itself.
type gaugesCollector struct {
	options                                      Options
	build, ready, check, connections, checkpoint *prometheus.Desc
	classes                                      *prometheus.Desc
}

func newGaugesCollector(m *maker, options Options) *gaugesCollector {
	return &gaugesCollector{
		options:     options,
		build:       m.gauge("tocsin_build_info", "1, labelled with the version.", "version", "go"),
		ready:       m.gauge("tocsin_ready", "1 when /readyz answers 200."),
		check:       m.gauge("tocsin_check_ok", "1 when this check of /readyz was well the last time it was made.", "check"),
		connections: m.gauge("tocsin_database_connections", "Connections of this process's pool: open, in_use, most.", "state"),
		checkpoint:  m.gauge("tocsin_checkpoint_age_seconds", "Since this process last made sure that all heads of the record are signed."),
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
	if now.ClassesBelow != nil {
		out <- value(c.classes, float64(*now.ClassesBelow))
	}
}

func bit(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
