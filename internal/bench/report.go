package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is all that one run found.
type report struct {
	Machine  machine   `json:"machine"`
	Sections []section `json:"sections"`
}

// section is one question: its sides and their ratios.
type section struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	How    []string `json:"how"` // what was done, exactly
	Sides  []*side  `json:"sides"`
	Ratios []ratio  `json:"ratios"`
}

// side is one way of doing it.
type side struct {
	Name   string    `json:"name"`
	What   string    `json:"what"` // what it does and does not do
	Unit   string    `json:"unit"`
	Values []float64 `json:"values"`          // one a round; of first actions one an alert
	Costs  []cost    `json:"costs,omitempty"` // of one step
	Median float64   `json:"median"`          // of the values
	Min    float64   `json:"min"`             // of the values
	Max    float64   `json:"max"`             // of the values
	P99    float64   `json:"p99,omitempty"`   // where there is one value an alert

	spent usage // in all measured rounds
	units int   // steps or alerts of them
	extra []cost
}

// cost is a measure that hardly depends on what else the machine does.
type cost struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// ratio compares two sides by their medians.
type ratio struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Aim     float64 `json:"aim,omitempty"` // 0: there is none
	AtMost  bool    `json:"at_most,omitempty"`
	Reached bool    `json:"reached"`
}

func (s *side) add(values ...float64) { s.Values = append(s.Values, values...) }

// spend adds the CPU time of one measured round.
func (s *side) spend(u usage, units int) {
	s.spent, s.units = s.spent.and(u), s.units+units
}

// sum computes what is told of the values.
func (s *side) sum() {
	if len(s.Values) == 0 {
		return
	}
	sorted := slices.Sorted(slices.Values(s.Values))
	s.Median, s.Min, s.Max = median(sorted), sorted[0], sorted[len(sorted)-1]
	each := func(spent time.Duration) float64 { return 1000 * spent.Seconds() / float64(max(s.units, 1)) }
	s.Costs = append([]cost{
		{"CPU here", each(s.spent.own), "ms"}, {"Postgres", each(s.spent.postgres), "ms"}, {"Temporal", each(s.spent.temporal), "ms"},
	}, s.extra...)
}

// median is of sorted values, of which there is at least one.
func median(sorted []float64) float64 {
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// quantile is the smallest of the values that q of them do not exceed.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, max(0, int(q*float64(len(sorted))+0.999999)-1))]
}

// least makes a ratio that should be at least aim.
func least(name string, value, aim float64) ratio {
	return ratio{Name: name, Value: value, Aim: aim, Reached: value >= aim}
}

// most makes a ratio that should be at most aim.
func most(name string, value, aim float64) ratio {
	return ratio{Name: name, Value: value, Aim: aim, AtMost: true, Reached: value <= aim}
}

func (r report) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n", r.Machine)
	for _, s := range r.Sections {
		s.print(out)
	}
	fmt.Fprintln(out, "\nRatios are of medians over rounds in which the sides took turns; a warm-up round is not counted.")
	fmt.Fprintln(out, "CPU is of this process (senders, API, worker and target in one) and of all processes of the machine that are Postgres or this Temporal.")
}

func (s section) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n", s.Title)
	for _, line := range s.How {
		fmt.Fprintf(out, "  %s\n", line)
	}
	table := tabwriter.NewWriter(out, 2, 0, 3, ' ', 0)
	fmt.Fprintln(table, "\n  \tmedian\tmin to max\t\tcost of one")
	for _, side := range s.Sides {
		fmt.Fprintf(table, "  %s\t%s %s\t%s to %s\t%s\t%s\n", side.Name, figure(side.Median), side.Unit, figure(side.Min), figure(side.Max), side.tail(), side.costs())
	}
	_ = table.Flush() // to the terminal; a reader that is gone needs no report
	for _, side := range s.Sides {
		fmt.Fprintf(out, "  %s: %s\n", side.Name, side.What)
	}
	for _, r := range s.Ratios {
		fmt.Fprintln(out, "  "+r.String())
	}
}

func (s *side) tail() string {
	if s.P99 == 0 {
		return ""
	}
	return "p99 " + figure(s.P99)
}

func (s *side) costs() string {
	parts := make([]string, 0, len(s.Costs))
	for _, c := range s.Costs {
		parts = append(parts, figure(c.Value)+" "+strings.TrimSpace(c.Unit+" "+c.Name))
	}
	return strings.Join(parts, ", ")
}

// String is one line with the verdict.
func (r ratio) String() string {
	line := fmt.Sprintf("ratio %-60s %.2f", r.Name, r.Value)
	if r.Aim == 0 {
		return line
	}
	word, verdict := "at least", "reached"
	if r.AtMost {
		word = "at most"
	}
	if !r.Reached {
		verdict = "NOT reached"
	}
	return fmt.Sprintf("%s   (aim: %s %.1f; %s)", line, word, r.Aim, verdict)
}

// figure prints three digits that mean something.
func figure(value float64) string {
	switch {
	case value >= 100:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	default:
		return fmt.Sprintf("%.2f", value)
	}
}
