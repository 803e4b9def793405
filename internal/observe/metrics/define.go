package metrics

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Definition is one row of METRICS.md.
type Definition struct {
	Name   string
	Kind   string // counter | gauge | histogram
	Labels []string
	Help   string
}

// maker makes metrics and remembers their definitions.
type maker struct {
	registry    *prometheus.Registry
	definitions []Definition
}

func (m *maker) define(kind, name, help string, labels []string) {
	m.definitions = append(m.definitions, Definition{Name: name, Kind: kind, Labels: labels, Help: help})
}

func (m *maker) counter(name, help string, labels ...string) *prometheus.CounterVec {
	m.define("counter", name, help, labels)
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(vec)
	return vec
}

func (m *maker) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	m.define("histogram", name, help, labels)
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(vec)
	return vec
}

func (m *maker) gauge(name, help string, labels ...string) *prometheus.Desc {
	m.define("gauge", name, help, labels)
	return prometheus.NewDesc(name, help, labels, nil)
}

// total is a counter that is read where it stands.
func (m *maker) total(name, help string) *prometheus.Desc {
	m.define("counter", name, help, nil)
	return prometheus.NewDesc(name, help, nil, nil)
}

// Buckets, in seconds: short for what a machine waits for, long for people.
func short() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
}

func long() []float64 {
	return []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400}
}

// other stands for every value that is not on a label's list.
const other = "other"

// oneOf bounds a label.
func oneOf(known []string, value string) string {
	if slices.Contains(known, value) {
		return value
	}
	return other
}

// Definitions lists the own metrics by name.
func (m *Metrics) Definitions() []Definition {
	sorted := slices.Clone(m.definitions)
	slices.SortFunc(sorted, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}

// Table gives the own metrics as Markdown: the text of METRICS.md.
func (m *Metrics) Table() string {
	var table strings.Builder
	table.WriteString("| metric | kind | labels | meaning |\n|---|---|---|---|\n")
	for _, d := range m.Definitions() {
		labels := make([]string, len(d.Labels))
		for i, label := range d.Labels {
			labels[i] = "`" + label + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", d.Name, d.Kind, strings.Join(labels, ", "), d.Help)
	}
	return table.String()
}
