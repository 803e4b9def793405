package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/diag"
)

// clearScreen puts the cursor into the corner and empties what follows, so that
// nothing flickers.
const clearScreen = "\x1b[H\x1b[2J\x1b[3J"

// clockWatch shows clocks again and again.
type clockWatch struct {
	look   func(ctx context.Context, query client.ClockQuery) (*gen.ClockPage, error)
	zone   *time.Location
	screen bool // a terminal that is drawn anew; else plain lines
	json   bool
	seen   map[string]gen.Clock // by id, as the lines said it last
}

func (c *cli) watchClocks(cmd *cobra.Command, o clocksOptions, w clockWatch) error {
	if c.output != "text" && c.output != "json" {
		return usage("--output is %q, expected text or json", c.output)
	}
	p := newPrinter(cmd.OutOrStdout())
	w.json = c.output == "json"
	w.screen = !w.json && isTerminal(cmd.OutOrStdout())
	return w.run(cmd.Context(), o, p, cmd.ErrOrStderr())
}

// run looks until ctx ends. A server that cannot be reached for a while is told and
// asked again; what is wrong for good ends it.
func (w clockWatch) run(ctx context.Context, o clocksOptions, p *printer, faults io.Writer) error {
	w.seen = map[string]gen.Clock{}
	tick := time.NewTicker(o.every)
	defer tick.Stop()
	for {
		page, err := w.look(ctx, o.ask(time.Now()))
		switch fault, known := errors.AsType[*client.Error](err); {
		case err == nil:
			w.show(p, page, o.every)
		case ctx.Err() != nil:
			return p.flush()
		case known && fault.Temporary():
			fmt.Fprintf(faults, "not available, trying again: %s\n", diag.Escape(err.Error()))
		default:
			return err
		}
		if p.err != nil {
			return p.flush()
		}
		select {
		case <-ctx.Done():
			return p.flush()
		case <-tick.C:
		}
	}
}

func (w clockWatch) show(p *printer, page *gen.ClockPage, every time.Duration) {
	switch {
	case w.json:
		p.write(compactJSON(page))
	case w.screen:
		w.draw(p, page, every)
	default:
		w.tell(p, page)
	}
}

// draw writes as many rows as the terminal has lines.
func (w clockWatch) draw(p *printer, page *gen.ClockPage, every time.Duration) {
	const around = 5 // head, the sum, what is not shown, the line at the end, the cursor
	shown, more := *page, page.Next != nil
	if _, height := p.size(); height > around && len(shown.Items) > height-around {
		shown.Items, more = shown.Items[:height-around], true
	}
	shown.Next = nil
	p.write(clearScreen)
	tableClocks(p, &shown, w.zone)
	if more {
		p.line("... and more: make the window higher, or ask for less")
	}
	if len(page.Items) > 0 {
		p.line("%s", sum(page))
	}
	p.line("as of %s, every %s; Ctrl-C ends", page.Now.In(w.zone).Format("15:04:05 MST"), every)
}

// tell writes a line for each clock that came, changed or went.
func (w clockWatch) tell(p *printer, page *gen.ClockPage) {
	here := map[string]bool{}
	for _, one := range page.Items {
		here[one.ID] = true
		before, known := w.seen[one.ID]
		w.seen[one.ID] = one
		switch {
		case !known:
			w.line(p, page.Now, one, stateWord(one))
		case before.State != one.State:
			w.line(p, page.Now, one, stateWord(before)+" -> "+stateWord(one))
		case !before.DueAt.Equal(one.DueAt):
			w.line(p, page.Now, one, "moved")
		}
	}
	if page.Next != nil {
		return // what is not on the page may be there still
	}
	for _, id := range slices.Sorted(maps.Keys(w.seen)) {
		if !here[id] {
			w.line(p, page.Now, w.seen[id], "gone")
			delete(w.seen, id)
		}
	}
}

func (w clockWatch) line(p *printer, now time.Time, one gen.Clock, what string) {
	p.line("%s  %s  %s: %s, due %s (%s)  %s", now.In(w.zone).Format("2006-01-02 15:04:05 MST"), one.IncidentID, cut(whatRuns(one), 60), what,
		whenIn(one.DueAt, w.zone), left(one), cut(incidentTitle(one), 60))
}
