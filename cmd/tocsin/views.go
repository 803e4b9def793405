package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/protocol"
)

const viewsLong = `Print three lists of incidents for the Temporal UI: what is due next, what is at risk, and
what is breached and still open. Beside the query, for the search field and for temporal
workflow list --query, there are two links:

link   opens the list; put it among the bookmarks
save   opens the list and keeps it in this browser as a saved view under its name; open it
       once, each time makes another

Saved views belong to a browser and a namespace: Temporal has none that everybody sees. Press
Configure Columns there once and add TocsinSeverity, TocsinStatus, TocsinClockStates and
TocsinNextDeadline. TocsinClockStates says of each clock running, warning, breached, paused,
met, met_late, unmet or dropped; TocsinObjectiveState keeps saying breached when it was met
late since.

Temporal's lists know no ORDER BY, and no "now" in a query: the list cannot be sorted by what
is due next, and --within writes a fixed time into the link, which is right today and stale
tomorrow. Sort by eye with the column TocsinNextDeadline, or use tocsin clocks, which sorts and
also has approvals, tasks and containments. The views know objectives and duties.`

// view is one list in the Temporal UI.
type view struct {
	Name  string `json:"name"`
	Query string `json:"query"`
	Link  string `json:"link,omitempty"` // empty without temporal_ui
	Save  string `json:"save,omitempty"` // the same, and the UI keeps it
}

func newViewsCommand(c *cli) *cobra.Command {
	var within time.Duration
	command := &cobra.Command{
		Use:     "views",
		Short:   "Links to lists of incidents in the Temporal UI",
		Long:    viewsLong,
		Example: "  tocsin views --set temporal_ui=https://temporal.example.org\n  tocsin views --config tocsin.yaml --within 8h",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if within < 0 {
				return usage("--within is %s, expected a while such as 8h", within)
			}
			config, err := loadWithoutDatabase(cmd)
			if err != nil {
				return err
			}
			var until time.Time
			if within > 0 {
				until = time.Now().Add(within).UTC().Truncate(time.Second)
			}
			views := viewsOf(config.TemporalUI, config.TemporalNamespace, until)
			return c.show(cmd, views, func(p *printer) {
				for _, one := range views {
					p.fields("view", one.Name, "query", one.Query, "link", one.Link, "save", one.Save)
					p.line("")
				}
				if config.TemporalUI == "" {
					p.line("temporal_ui is not set: there are no links")
				}
			})
		},
	}
	addConfigFlag(command)
	command.Flags().DurationVar(&within, "within", 0, "due next only until then, as 8h")
	return command
}

// loadWithoutDatabase reads the configuration of somebody who only looks at lists:
// that there is no database is no fault.
func loadWithoutDatabase(cmd *cobra.Command) (*app.Config, error) {
	sources, err := configSources(cmd)
	if err != nil {
		return nil, err
	}
	look, name := sources.Lookup, app.EnvName("database_url")
	sources.Lookup = func(key string) (string, bool) {
		switch key {
		case name:
			return "postgres://127.0.0.1/none", true
		case name + "_FILE":
			return "", false
		default:
			return look(key)
		}
	}
	return readConfig(cmd, sources)
}

// viewsOf gives the three views. until is zero when what is due next has no end.
func viewsOf(ui, namespace string, until time.Time) []view {
	running := fmt.Sprintf(`ExecutionStatus = "Running" AND %s NOT IN ("closed", "not_an_incident") AND `, protocol.SearchStatus)
	next := running + protocol.SearchNextDeadline + " IS NOT NULL"
	if !until.IsZero() {
		next = running + fmt.Sprintf(`%s <= "%s"`, protocol.SearchNextDeadline, until.Format(time.RFC3339))
	}
	views := []view{
		{Name: "due next", Query: next},
		{Name: "at risk", Query: running + protocol.SearchClockStates + ` = "warning"`},
		{Name: "breached", Query: running + protocol.SearchClockStates + ` = "breached"`},
	}
	if ui == "" {
		return views
	}
	escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
	for i, one := range views {
		views[i].Link = strings.TrimSuffix(ui, "/") + "/namespaces/" + url.PathEscape(namespace) + "/workflows?query=" + escape(one.Query)
		views[i].Save = views[i].Link + "&savedQuery=" + escape(one.Name)
	}
	return views
}
