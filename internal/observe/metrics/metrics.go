package metrics

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	temporalotel "go.temporal.io/sdk/contrib/opentelemetry"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Options bound the labels and say where to read what is.
type Options struct {
	Version    string
	Actions    []string // connector.action of every instance
	Connectors []string // instances

	// Figures reads the database; nil: this process shows nothing of it.
	Figures func() (soar.Figures, error)
	// Gauges reads what this process knows of itself when it is scraped.
	Gauges func() Gauges
	Now    func() time.Time
}

// Gauges is what the process knows of itself.
type Gauges struct {
	Checks            map[string]bool // readiness checks by name: ok
	Ready             bool
	DatabaseOpen      int // connections
	DatabaseInUse     int
	DatabaseMost      int
	CheckpointAt      time.Time    // when the heads of the record were last signed; zero: not by this process
	CheckpointsSigned bool         // whether this process signs them
	Slack             *SlackGauges // nil: Slack is off
	ClassesBelow      *int         // classes of actions that too few people may decide; nil: this process did not look
}

// Metrics counts. Its methods are quick and safe for many goroutines; on nil they
// do nothing, so that tests need none.
type Metrics struct {
	*maker
	options Options
	sources []string // detection sources with a mapping
	meters  *metric.MeterProvider

	alerts, refusals, actions, calls, handled, requests   *prometheus.CounterVec
	toIncident, toAction, actionTime, callTime, approvals *prometheus.HistogramVec
	outboxWait, requestTime                               *prometheus.HistogramVec
	decrypted, notified                                   *prometheus.CounterVec
	slack                                                 slackCounts
}

// New makes the metrics and shows every one from the start, with zeros: a counter
// that appears with its first event hides that event from rate().
func New(options Options) (*Metrics, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	m := &Metrics{maker: &maker{registry: prometheus.NewRegistry()}, options: options}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.events()
	m.slackEvents()
	m.registry.MustRegister(newFiguresCollector(m.maker, options), newGaugesCollector(m.maker, options))
	m.zero()
	exporter, err := otelprom.New(otelprom.WithRegisterer(m.registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("export the metrics of Temporal's SDK: %w", err)
	}
	m.meters = metric.NewMeterProvider(metric.WithReader(exporter))
	return m, nil
}

// Temporal is where the SDK counts. Its counters are monotonic, so that they end
// in _total and rate() works.
func (m *Metrics) Temporal() client.MetricsHandler {
	if m == nil {
		return nil
	}
	return temporalotel.NewMetricsHandler(temporalotel.MetricsHandlerOptions{
		Meter: m.meters.Meter("temporal-sdk-go"), UseMonotonicCounters: true, OnError: func(error) {}, // an instrument with a bad name counts nothing
	})
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second, EnableOpenMetrics: true})
}
