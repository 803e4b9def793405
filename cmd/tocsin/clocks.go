package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // --zone works on machines without a zone database

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
)

const clocksLong = `List everything that runs out, in all incidents, next due first: objectives, approvals
that wait, tasks with a due time, containments that are released by themselves. What is
overdue comes first.

running   not due, and its time to warn has not come
warning   not due, its time to warn has passed
breached  due, and still open
paused    rests; when it is due moves on with the pause
met       does not run any more; shown with --state met or all while its incident goes on

With --watch the table is drawn again every few seconds; Ctrl-C ends it. Where nobody sits
at a terminal, --watch writes one line for each clock that comes, changes its state or goes,
and with -o json one line of JSON for each look.`

// clocksOptions are the flags of tocsin clocks.
type clocksOptions struct {
	query  client.ClockQuery
	within time.Duration
	zone   string
	watch  bool
	every  time.Duration
}

func newClocksCommand(c *cli) *cobra.Command {
	var o clocksOptions
	command := &cobra.Command{
		Use:     "clocks",
		Short:   "See what runs out next, everywhere",
		Long:    clocksLong,
		Example: "  tocsin clocks\n  tocsin clocks --watch --zone Europe/Zurich\n  tocsin clocks --state breached\n  tocsin clocks --within 4h --severity critical -o json",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			zone, err := o.check()
			if err != nil {
				return err
			}
			if o.watch {
				return c.watchClocks(cmd, o, clockWatch{look: server.Clocks, zone: zone})
			}
			page, err := server.Clocks(cmd.Context(), o.ask(time.Now()))
			if err != nil {
				return err
			}
			return c.show(cmd, page, func(p *printer) { printClocks(p, page, zone) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.query.Kind, "kind", "", "objective, duty, approval, task or containment")
	flags.StringVar(&o.query.State, "state", "", "running, warning, breached, paused, met or all; left out: what is still open")
	flags.StringVar(&o.query.Severity, "severity", "", "informational, low, medium, high or critical")
	flags.StringVar(&o.query.IncidentID, "incident", "", "of this incident")
	flags.DurationVar(&o.within, "within", 0, "due within this time from now, as 4h; what is overdue is shown, too")
	flags.StringVar(&o.zone, "zone", "", "time zone of the times, as Europe/Zurich; left out: this machine's")
	flags.BoolVarP(&o.watch, "watch", "w", false, "go on showing what changes")
	flags.DurationVar(&o.every, "every", 5*time.Second, "how often --watch looks")
	pageFlags(command, &o.query.Page)
	return command
}

// check refuses what cannot be, and gives the zone.
func (o clocksOptions) check() (*time.Location, error) {
	switch {
	case o.within < 0:
		return nil, usage("--within is %s, expected a while such as 4h", o.within)
	case o.every < time.Second:
		return nil, usage("--every is %s, expected at least 1s", o.every)
	case o.watch && o.query.After != "":
		return nil, usage("--watch shows the first page: leave --after out")
	case o.zone == "":
		return time.Local, nil
	}
	zone, err := time.LoadLocation(o.zone)
	if err != nil {
		return nil, usage("--zone is %q, expected a name of the zone database such as Europe/Zurich or UTC", o.zone)
	}
	return zone, nil
}

// ask gives the query as it is at now.
func (o clocksOptions) ask(now time.Time) client.ClockQuery {
	if o.within > 0 {
		o.query.DueBefore = given(now.Add(o.within).UTC().Truncate(time.Second))
	}
	return o.query
}

// printClocks writes the table, and in a line what it comes to.
func printClocks(p *printer, page *gen.ClockPage, zone *time.Location) {
	tableClocks(p, page, zone)
	if len(page.Items) > 0 {
		p.line("%s", sum(page))
	}
}

func tableClocks(p *printer, page *gen.ClockPage, zone *time.Location) {
	rows := make([][]any, len(page.Items))
	for i, one := range page.Items {
		rows[i] = []any{whenIn(one.DueAt, zone), p.paint(left(one), stateColour(one.State)), p.paint(stateWord(one), stateColour(one.State)),
			p.severity(one.Severity), cut(whatRuns(one), 40), one.IncidentID, incidentTitle(one)}
	}
	head, rows := fitClocks(p, []string{"DUE", "LEFT", "STATE", "SEVERITY", "WHAT", "INCIDENT", "TITLE"}, rows)
	p.list(head, rows, page.Next)
}

// fitClocks gives the title of the incident what is left of the width. On a narrow
// terminal columns go, those first that the others say as well, until there is room
// to say what runs.
func fitClocks(p *printer, head []string, rows [][]any) ([]string, [][]any) {
	const whatLeast = 24
	width, height := p.size()
	cuts, least := "TITLE", columnLeast
	for _, name := range []string{"TITLE", "SEVERITY", "DUE", "STATE"} {
		if height == 0 || beside(head, rows, slices.Index(head, cuts))+least <= width {
			break
		}
		head, rows = without(head, rows, name)
		cuts, least = "WHAT", whatLeast
	}
	p.fit(head, rows, slices.Index(head, cuts))
	return head, rows
}

// sum says what a page comes to: how many stand how.
func sum(page *gen.ClockPage) string {
	count := map[gen.ClockState]int{}
	for _, one := range page.Items {
		count[one.State]++
	}
	var parts []string
	for _, state := range []gen.ClockState{"breached", "warning", "running", "paused", "met"} {
		if count[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[state], state))
		}
	}
	text := strings.Join(parts, ", ")
	if page.Next != nil {
		return fmt.Sprintf("the first %d: %s", len(page.Items), text)
	}
	return text
}

func whenIn(at time.Time, zone *time.Location) string {
	return at.In(zone).Format("2006-01-02 15:04 MST")
}

func whatRuns(one gen.Clock) string { return string(one.Kind) + " " + one.What }

func incidentTitle(one gen.Clock) string {
	if one.Drill {
		return "DRILL " + one.IncidentTitle
	}
	return one.IncidentTitle
}

// stateWord says in a word what the colour says.
func stateWord(one gen.Clock) string {
	if one.Late {
		return string(one.State) + " late"
	}
	return string(one.State)
}

func stateColour(state gen.ClockState) string {
	return map[gen.ClockState]string{"breached": "1", "warning": "3", "met": "2"}[state]
}

// left says how much time there is, in two units.
func left(one gen.Clock) string {
	if one.MetAt != nil || one.State == "paused" {
		return "-"
	}
	if one.DueIn < 0 {
		return "overdue " + while(-one.DueIn)
	}
	return while(one.DueIn)
}

func while(seconds int64) string {
	const minute, hour, day = 60, 3600, 86400
	switch {
	case seconds >= day:
		return fmt.Sprintf("%dd %dh", seconds/day, seconds%day/hour)
	case seconds >= hour:
		return fmt.Sprintf("%dh %02dm", seconds/hour, seconds%hour/minute)
	case seconds >= minute:
		return fmt.Sprintf("%dm", seconds/minute)
	default:
		return fmt.Sprintf("%ds", seconds)
	}
}
