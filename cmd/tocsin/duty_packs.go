package main

import (
	"cmp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
	"github.com/tocsin-soar/tocsin/internal/diag"
)

const dutyPacksLong = `List the regimes that are known: those that ship, and those of the site's policy
folder. With a REGIME, print its stages, the facts that it reads, where its terms stand and
how well they were verified.`

func newDutyPacksCommand(c *cli) *cobra.Command {
	var policies, where string
	list := &cobra.Command{
		Use: "packs [REGIME]", Short: "List the regimes that are known, and what they ask for", Long: dutyPacksLong, Args: words(0, 1),
		Example: "  tocsin duty packs --where eu\n  tocsin duty packs us-sec-8k-105\n  tocsin duty packs --policy-dir policies -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			library, faults := packs.Load(policies)
			if library == nil {
				if err := diag.WriteText(cmd.ErrOrStderr(), faults, nil); err != nil {
					return err
				}
				return usage("the packs are wrong: %s", faults.Summary())
			}
			if len(args) == 1 {
				regime := library.Regime(args[0])
				if regime == nil {
					return usage("there is no regime %q %s", args[0], diag.DidYouMean(args[0], regimeIDs(library)))
				}
				shown := showRegime(library, regime)
				return c.show(cmd, shown, func(p *printer) { printRegime(p, shown) })
			}
			regimes := []shownRegime{}
			for i := range library.Regimes {
				if r := &library.Regimes[i]; where == "" || slices.Contains(r.Where, where) {
					regimes = append(regimes, showRegime(library, r))
				}
			}
			return c.show(cmd, regimes, func(p *printer) { printRegimes(p, regimes) })
		},
	}
	list.Flags().StringVar(&policies, "policy-dir", "", "`folder` of policy files (default: only what ships)")
	list.Flags().StringVar(&where, "where", "", "only regimes of this `jurisdiction`, as eu, uk, us-ca or sg")
	return list
}

// shownRegime is a regime as it is printed.
type shownRegime struct {
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	Jurisdiction string       `json:"jurisdiction"`
	Status       string       `json:"status"`
	Remark       string       `json:"remark,omitempty"`
	AppliesFrom  string       `json:"applies_from,omitempty"`
	Trigger      string       `json:"trigger"`
	When         string       `json:"when"`
	Unless       string       `json:"unless,omitempty"`
	Source       string       `json:"source"`
	Verification string       `json:"verification"`
	AsOf         string       `json:"as_of"`
	Notes        string       `json:"notes,omitempty"`
	Zone         string       `json:"zone"`     // that days are counted in
	Calendar     string       `json:"calendar"` // of working days
	Facts        []shownFact  `json:"facts"`
	Stages       []shownStage `json:"stages"`
	Pack         string       `json:"pack"`
}

type shownFact struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Means string `json:"means"`
}

type shownStage struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	To   string `json:"to"`
	Term string `json:"term"`
	From string `json:"from"`
	When string `json:"when"`
}

func showRegime(library *duty.Library, r *duty.Regime) shownRegime {
	shown := shownRegime{ID: r.ID, Name: r.Name, Jurisdiction: r.Jurisdiction, Status: string(r.Status), Remark: r.Remark, Trigger: r.Trigger, When: r.When.String(),
		Source: r.Source, Verification: string(r.Verification), AsOf: r.AsOf.String(), Notes: r.Notes, Zone: library.Zone(r).String(), Calendar: library.Days(r).Name(), Pack: r.Pack,
		Facts: []shownFact{}}
	if r.Unless != nil {
		shown.Unless = r.Unless.String()
	}
	if !r.Applies.From.IsZero() {
		shown.AppliesFrom = r.Applies.From.String()
	}
	for _, name := range r.Facts() {
		fact, _ := library.Fact(name)
		shown.Facts = append(shown.Facts, shownFact{fact.Name, string(fact.Kind), fact.Means})
	}
	for _, s := range r.Stages {
		shown.Stages = append(shown.Stages, shownStage{s.ID, s.Name, s.Recipient, s.Term.String(), s.Start.String(), s.When.String()})
	}
	return shown
}

func printRegimes(p *printer, regimes []shownRegime) {
	if len(regimes) == 0 {
		p.line("No regime has this jurisdiction.")
		return
	}
	rows := make([][]any, len(regimes))
	for i, r := range regimes {
		stages := ""
		for _, s := range r.Stages {
			stages = join(", ", stages, s.Term)
		}
		rows[i] = []any{p.name(r.ID), cut(r.Name, 48), r.Status, cut(stages, 44), r.Verification}
	}
	p.table([]string{"REGIME", "NAME", "STATUS", "TERMS", "VERIFIED BY"}, rows)
	p.line("")
	p.line("Regimes: %d. %s", len(regimes), duty.NotAdvice)
}

func printRegime(p *printer, r shownRegime) {
	p.fields("Regime", r.ID, "Name", r.Name, "Jurisdiction", r.Jurisdiction, "Status", join(": ", r.Status, r.Remark), "Applies from", cmp.Or(r.AppliesFrom, "-"),
		"Trigger", r.Trigger, "When", r.When, "Unless", cmp.Or(r.Unless, "-"), "Counted in", r.Zone+", working days of "+r.Calendar, "Source", r.Source, "Verified by", r.Verification+", "+r.AsOf, "Notes", cmp.Or(r.Notes, "-"), "Pack", r.Pack)
	p.section("Stages")
	rows := make([][]any, len(r.Stages))
	for i, s := range r.Stages {
		rows[i] = []any{p.name(s.ID), s.Term, s.From, s.To, s.When}
	}
	p.table([]string{"STAGE", "TERM", "FROM", "TO", "IF"}, rows)
	p.section("Facts that it reads")
	rows = make([][]any, len(r.Facts))
	for i, f := range r.Facts {
		rows[i] = []any{p.name(f.Name), f.Kind, f.Means}
	}
	p.table([]string{"FACT", "KIND", "MEANS"}, rows)
	p.line("")
	p.line("%s", duty.NotAdvice)
}

func regimeIDs(library *duty.Library) []string {
	ids := make([]string, len(library.Regimes))
	for i, regime := range library.Regimes {
		ids[i] = regime.ID
	}
	return ids
}
