package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newIncidentShowCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "show INCIDENT",
		Short:             "Show one incident with all that belongs to it",
		Example:           "  tocsin incident show INC-2026-0A1B2C\n  tocsin incident show INC-2026-0A1B2C -o json",
		Args:              words(1, 1),
		ValidArgsFunction: c.incidentIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			detail, err := server.Incident(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.show(cmd, detail, func(p *printer) { printIncident(p, *detail) })
		},
	}
}

func printIncident(p *printer, d gen.IncidentDetail) {
	i := d.Incident
	p.fields("incident", i.ID, "title", i.Title, "status", statusOf(i), "severity", p.severity(i.Severity),
		"impact", i.Impact, "urgency", i.Urgency, "category", i.Category, "owner", i.Owner, "TLP", i.TLP,
		"opened", when(i.OpenedAt)+" by "+actor(i.OpenedBy), "acknowledged", whenSet(i.AcknowledgedAt), "contained", whenSet(i.ContainedAt), "recovered", whenSet(i.RecoveredAt), "closed", whenSet(i.ClosedAt),
		"resolution", i.Resolution, "reason", i.Reason)
	if len(i.Facts) > 0 {
		p.section("Facts")
		p.values(i.Facts)
	}
	printObjectives(p, d.Objectives)
	printRuns(p, d.Runs)
	printWaiting(p, d)
	printContainments(p, d.Containments)
	printEvidence(p, d.Evidence)
	if len(d.Alerts) > 0 {
		p.section("Alerts")
		rows := make([][]any, len(d.Alerts))
		for n, a := range d.Alerts {
			rows[n] = []any{a.ID, a.Source, a.Count, cut(a.Title, 60)}
		}
		p.table([]string{"ALERT", "SOURCE", "COUNT", "TITLE"}, rows)
	}
}

func printObjectives(p *printer, objectives []soar.Objective) {
	if len(objectives) == 0 {
		return
	}
	p.section("Objectives")
	rows := make([][]any, len(objectives))
	for n, o := range objectives {
		rows[n] = []any{o.Name, p.state(o.State()), when(o.DueAt), orDash(whenSet(o.MetAt)), o.Policy}
	}
	p.table([]string{"OBJECTIVE", "STATE", "DUE", "MET", "POLICY"}, rows)
}

func printRuns(p *printer, runs []gen.Run) {
	for _, run := range runs {
		p.section("Run " + run.RunID + ": " + run.Playbook + " " + run.Version + ", " + string(run.Status))
		if run.Error != "" {
			p.line("%s", run.Error)
		}
		rows := make([][]any, len(run.Steps))
		for n, s := range run.Steps {
			rows[n] = []any{s.Key, p.state(string(s.Status)), when(s.StartedAt), orDash(first(s.Action, s.Kind)), cut(join(": ", s.Title, s.Error), 60)}
		}
		if len(rows) > 0 {
			p.table([]string{"STEP", "STATE", "STARTED", "WHAT", "TITLE"}, rows)
		}
	}
}

func printWaiting(p *printer, d gen.IncidentDetail) {
	if len(d.Approvals) > 0 {
		p.section("Approvals")
		printApprovals(p, d.Approvals, nil)
	}
	if len(d.Tasks) > 0 {
		p.section("Tasks")
		printTasks(p, d.Tasks, nil)
	}
}

func printContainments(p *printer, containments []gen.Containment) {
	if len(containments) == 0 {
		return
	}
	p.section("Contained")
	rows := make([][]any, len(containments))
	for n, one := range containments {
		rows[n] = []any{one.ID, p.state(one.State), one.Action, one.Target, when(one.Since), orDash(whenSet(one.Until))}
	}
	p.table([]string{"CONTAINMENT", "STATE", "ACTION", "TARGET", "SINCE", "UNTIL"}, rows)
}

func printEvidence(p *printer, items []gen.Evidence) {
	if len(items) == 0 {
		return
	}
	p.section("Evidence")
	rows := make([][]any, len(items))
	for n, item := range items {
		rows[n] = []any{item.ID, when(item.CollectedAt), item.Bytes, item.Source, cut(item.Name, 40), item.SHA256}
	}
	p.table([]string{"ITEM", "COLLECTED", "BYTES", "SOURCE", "NAME", "SHA-256"}, rows)
}
