package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tocsin-soar/tocsin/internal/show/labels"
)

// report is what came of all files.
type report struct {
	files, alerts, unparsed, duplicates int
	doors                               map[string]int
	refused                             map[string]int // files, by reason
	lost                                []string       // files without an alert and without a reason, and bad answers
	right, all                          map[string]int // labels, by field
	missing                             []string
	traps, trapsLost                    map[string]int
	trapFaults                          []string
	noAlerts, byRule                    int
	opened, openedByRule                []string
	generated                           *generated
	floor                               int
	list                                bool
}

func judge(c *collection, o options) *report {
	r := &report{
		doors: map[string]int{}, refused: map[string]int{}, right: map[string]int{}, all: map[string]int{},
		traps: map[string]int{}, trapsLost: map[string]int{}, floor: o.floor, list: o.missing,
	}
	seen := map[string]bool{}
	for _, f := range c.files {
		r.files++
		r.doors[f.source]++
		r.unparsed += f.unparsed
		for _, id := range f.ids {
			if seen[id] {
				r.duplicates++
				continue
			}
			seen[id] = true
			r.alerts++
		}
		r.outcome(f)
	}
	r.labels(c)
	r.trapped(c)
	return r
}

func (r *report) outcome(f *payload) {
	switch {
	case f.fault != "":
		r.lost = append(r.lost, f.name+": "+f.fault)
	case len(f.ids) == 0 && f.reason == "":
		r.lost = append(r.lost, f.name+": no alert and no reason")
	case len(f.ids) == 0:
		r.refused[f.reason]++
	}
	switch {
	case f.saysNoAlert():
		if r.noAlerts++; f.opened {
			r.opened = append(r.opened, f.name)
		}
	case f.notByRule():
		if r.byRule++; f.opened {
			r.openedByRule = append(r.openedByRule, f.name)
		}
	}
}

func (r *report) labels(c *collection) {
	for _, l := range c.labels {
		r.all[l.Field]++
		f := c.find(l.File)
		if f == nil || len(f.alerts) == 0 {
			r.missing = append(r.missing, fmt.Sprintf("%s %s: the file gave no alert", l.Field, l.File))
			continue
		}
		alert := f.alerts[min(l.Position(), len(f.alerts)-1)]
		if l.Right(alert) {
			r.right[l.Field]++
			continue
		}
		r.missing = append(r.missing, fmt.Sprintf("%s %s: %s is %q, got %q", l.Field, l.File, l.Path, l.Value, l.Got(alert)))
	}
}

func (r *report) trapped(c *collection) {
	for _, t := range c.traps {
		f := c.find(t.file)
		if f == nil {
			continue // a line that is no file of this folder
		}
		r.traps[t.kind]++
		if fault := t.lost(f); fault != "" {
			r.trapsLost[t.kind]++
			r.trapFaults = append(r.trapFaults, fmt.Sprintf("%s %s: %s", t.kind, t.file, fault))
		}
	}
}

func sum(counts map[string]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// faults lists the promises that are broken.
func (r *report) faults() []string {
	faults := slices.Clone(r.lost)
	for _, fault := range r.trapFaults {
		faults = append(faults, "trap "+fault)
	}
	for _, name := range r.opened {
		faults = append(faults, "an incident was opened for "+name)
	}
	if all := sum(r.all); all > 0 && 100*sum(r.right) < r.floor*all {
		faults = append(faults, fmt.Sprintf("%d of %d labels are found, less than %d %%", sum(r.right), all, r.floor))
	}
	if r.generated != nil {
		faults = append(faults, r.generated.faults()...)
	}
	return faults
}

func (r *report) write(w io.Writer) {
	fmt.Fprintf(w, "files in %d, alerts out %d (%d more were sent before), stored as unparsed %d, refused with a reason %d, lost %d\n",
		r.files, r.alerts, r.duplicates, r.unparsed, sum(r.refused), len(r.lost))
	fmt.Fprint(w, "doors:")
	for _, door := range slices.Sorted(maps.Keys(r.doors)) {
		fmt.Fprintf(w, " %s %d", door, r.doors[door])
	}
	fmt.Fprintln(w)
	for _, reason := range slices.Sorted(maps.Keys(r.refused)) {
		fmt.Fprintf(w, "  refused %d: %s\n", r.refused[reason], reason)
	}
	r.writeLabels(w)
	r.writeTraps(w)
	fmt.Fprintf(w, "payloads that say they are no alert %d, of which opened an incident %d\n", r.noAlerts, len(r.opened))
	if r.byRule > 0 {
		fmt.Fprintf(w, "  and %d that a rule of another product passes over, of which opened an incident %d: %s\n", r.byRule, len(r.openedByRule), strings.Join(bases(r.openedByRule), ", "))
	}
	if r.generated != nil {
		r.generated.write(w)
	}
	for _, fault := range r.faults() {
		fmt.Fprintf(w, "BROKEN: %s\n", fault)
	}
}

func (r *report) writeLabels(w io.Writer) {
	if len(r.all) == 0 {
		fmt.Fprintln(w, "no labels: what the alerts hold was not compared")
		return
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, field := range labels.Fields() {
		if n := r.all[field]; n > 0 {
			fmt.Fprintf(table, "label %s\t%d of %d\t%s\n", field, r.right[field], n, percent(r.right[field], n))
		}
	}
	fmt.Fprintf(table, "labels in all\t%d of %d\t%s\n", sum(r.right), sum(r.all), percent(sum(r.right), sum(r.all)))
	_ = table.Flush()
	if r.list {
		for _, missing := range r.missing {
			fmt.Fprintf(w, "  not found: %s\n", missing)
		}
	}
}

func (r *report) writeTraps(w io.Writer) {
	if len(r.traps) == 0 {
		return
	}
	fmt.Fprintf(w, "traps survived %d of %d:", sum(r.traps)-sum(r.trapsLost), sum(r.traps))
	for _, kind := range slices.Sorted(maps.Keys(r.traps)) {
		fmt.Fprintf(w, " %s %d/%d", kind, r.traps[kind]-r.trapsLost[kind], r.traps[kind])
	}
	fmt.Fprintln(w)
}

func percent(n, all int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(all)) }

func bases(names []string) []string {
	short := make([]string, len(names))
	for i, name := range names {
		short[i] = filepath.Base(name)
	}
	return short
}
