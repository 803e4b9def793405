package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/protocol"
)

const viewsLong = `Print links that open the Temporal UI with a list of incidents: what is due next, what is
at risk, and what is breached. Save each there with the button Save as New View. The query stands
beside the link, for the search field and for temporal workflow list --query.

Temporal's lists know no ORDER BY, and no "now" in a query: the list cannot be sorted by what
is due next, and --within writes a fixed time into the link, which is right today and stale
tomorrow. Sort by eye with the column TocsinNextDeadline, or use tocsin clocks, which sorts.
TocsinObjectiveState says breached also of an objective that was met late since; tocsin clocks
--state breached shows only what is still open. The views know objectives only.`

// view is one list in the Temporal UI.
type view struct {
	Name  string `json:"name"`
	Query string `json:"query"`
	Link  string `json:"link,omitempty"` // empty without temporal_ui
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
			config, err := loadConfig(cmd)
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
					p.fields("view", one.Name, "query", one.Query, "link", one.Link)
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

// viewsOf gives the three views. until is zero when what is due next has no end.
func viewsOf(ui, namespace string, until time.Time) []view {
	running := fmt.Sprintf(`ExecutionStatus = "Running" AND %s NOT IN ("closed", "not_an_incident") AND `, protocol.SearchStatus)
	next := running + protocol.SearchNextDeadline + " IS NOT NULL"
	if !until.IsZero() {
		next = running + fmt.Sprintf(`%s <= "%s"`, protocol.SearchNextDeadline, until.Format(time.RFC3339))
	}
	views := []view{
		{Name: "due next", Query: next},
		{Name: "at risk", Query: running + protocol.SearchObjectiveState + ` = "warning"`},
		{Name: "breached", Query: running + protocol.SearchObjectiveState + ` = "breached"`},
	}
	for i, one := range views {
		if ui != "" {
			values := url.Values{"query": {one.Query}, "savedQuery": {one.Name}}
			views[i].Link = strings.TrimSuffix(ui, "/") + "/namespaces/" + url.PathEscape(namespace) + "/workflows?" + strings.ReplaceAll(values.Encode(), "+", "%20")
		}
	}
	return views
}
