package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const simulateLong = `Print every moment at which the clocks of an incident would ring: the objectives
of the policy and the duties to notify of the packs. Nothing is sent or stored.

Facts are what a playbook or a person would declare, such as aware, affected or
personal_data_breach. A duty whose trigger is not known is printed with what it
depends on; --certain leaves it out. A moment that nobody declares is taken to be
--from, and a report that follows another is counted as if that was sent at its
limit; both are marked.`

// simulation holds the flags of "tocsin simulate clocks".
type simulation struct {
	from, zone, severity, category, policyDir string
	facts, playbooks, only                    []string
	certain                                   bool
}

func newSimulateCommand(c *cli) *cobra.Command {
	var s simulation
	clocks := &cobra.Command{
		Use:   "clocks",
		Short: "Print when the clocks of an incident would ring",
		Long:  simulateLong,
		Example: `  tocsin simulate clocks --from 2026-11-20T17:00 --severity high
  tocsin simulate clocks --from 2026-11-20T17:00 --zone Europe/Berlin --severity critical \
    --fact personal_data_breach=true --fact jurisdictions=eu --certain
  tocsin simulate clocks --from 2026-03-06T09:00 --severity high --duty eu-dora-major \
    --fact classified_major=2026-03-06T11:00+01:00 --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(c, cmd) },
	}
	flags := clocks.Flags()
	flags.StringVar(&s.from, "from", "", "when the incident is opened, as 2026-11-20T17:00 or with its distance from UTC")
	flags.StringVar(&s.zone, "zone", "", "`zone` of --from and of facts, as Europe/Berlin (default: that of the site's duties, else UTC)")
	flags.StringVar(&s.severity, "severity", "", "critical, high, medium, low or informational")
	flags.StringVar(&s.category, "category", string(soar.CategoryUndetermined), "category of the incident")
	flags.StringArrayVar(&s.playbooks, "playbook", nil, "`name` of a playbook that runs; may be given several times")
	flags.StringArrayVar(&s.facts, "fact", nil, "`name=value` of a fact; may be given several times")
	flags.StringArrayVar(&s.only, "duty", nil, "`regime` to compute, as eu-gdpr-33, or none; may be given several times (default: all)")
	flags.StringVar(&s.policyDir, "policy-dir", "", "`folder` of policy files (default: the built-in ones)")
	flags.BoolVar(&s.certain, "certain", false, "leave out duties of which it is not known whether they apply")
	return family("simulate", "Try what would happen, without doing it", "  tocsin simulate clocks --from 2026-11-20T17:00 --severity high", clocks)
}

func (s *simulation) run(c *cli, cmd *cobra.Command) error {
	request, err := s.request(cmd)
	if err != nil {
		return err
	}
	answer, err := timeline.Compute(request)
	if err != nil {
		return usage("%v", err)
	}
	if c.output == "json" {
		return writeJSON(cmd.OutOrStdout(), struct {
			From      time.Time `json:"from"`
			Severity  string    `json:"severity"`
			NotAdvice string    `json:"not_advice"`
			timeline.Timeline
		}{request.Incident.OpenedAt, s.severity, duty.NotAdvice, answer})
	}
	return printTimeline(newPrinter(cmd.OutOrStdout()), answer, request.Incident.OpenedAt.Location())
}

// request reads flags, policy and packs.
func (s *simulation) request(cmd *cobra.Command) (timeline.Request, error) {
	request := timeline.Request{Playbooks: s.playbooks, Certain: s.certain}
	if s.from == "" || !soar.Severity(s.severity).Valid() {
		return request, usage("--from and --severity are needed: --from 2026-11-20T17:00 --severity high")
	}
	files, faults := policy.Load(s.policyDir)
	library, more := packs.Load(s.policyDir)
	if files == nil || library == nil {
		faults = append(faults, more...)
		faults.Sort()
		if err := diag.WriteText(cmd.ErrOrStderr(), faults, nil); err != nil {
			return request, err
		}
		return request, usage("the policy files are wrong: %s", faults.Summary())
	}
	zone, err := s.location(library)
	if err != nil {
		return request, err
	}
	from, err := (duty.Fact{Name: "--from", Kind: duty.Moment}).Parse(s.from, zone)
	if err != nil || from.At.IsZero() {
		return request, usage("--from must be a time, as 2026-11-20T17:00 or 2026-11-20T17:00:00+01:00")
	}
	if request.Library, err = s.choose(library); err != nil {
		return request, err
	}
	request.Policy = files.Objectives
	request.Incident = soar.Incident{Status: soar.StatusReported, Severity: soar.Severity(s.severity), Category: soar.Category(s.category), OpenedAt: from.At}
	request.Incident.Facts, err = s.declared(library, zone)
	return request, err
}

func (s *simulation) location(library *duty.Library) (*time.Location, error) {
	name := s.zone
	if name == "" {
		name = library.Site.Zone
	}
	if name == "" {
		return time.UTC, nil
	}
	zone, err := calendar.LoadZone(name)
	if err != nil {
		return nil, usage("--zone: %v", err)
	}
	return zone, nil
}

// choose narrows the library to the regimes that --duty names.
func (s *simulation) choose(library *duty.Library) (*duty.Library, error) {
	if len(s.only) == 0 {
		return library, nil
	}
	if len(s.only) == 1 && s.only[0] == "none" {
		return nil, nil
	}
	for _, id := range s.only {
		if library.Regime(id) == nil {
			return nil, usage("there is no regime %q %s", id, diag.DidYouMean(id, regimeIDs(library)))
		}
	}
	library.Site.Only = s.only
	return library, nil
}

// declared reads --fact. A fact that the vocabulary does not have is refused: a
// slip of the pen would otherwise look like a duty that does not apply.
func (s *simulation) declared(library *duty.Library, zone *time.Location) (map[string]any, error) {
	facts := map[string]any{}
	for _, pair := range s.facts {
		name, value, ok := strings.Cut(pair, "=")
		fact, known := library.Fact(name)
		if !ok || !known {
			return nil, usage("--fact %s: write name=value, with a name of the packs' facts.yaml", pair)
		}
		parsed, err := fact.Parse(value, zone)
		if err != nil {
			return nil, usage("--fact: %v", err)
		}
		facts[name] = value
		if fact.Kind == duty.Moment {
			facts[name] = parsed.String()
		}
	}
	return facts, nil
}

// printTimeline writes all times in one zone, so that their order can be seen, and
// beside them what the wall shows where the clock counts.
func printTimeline(p *printer, t timeline.Timeline, zone *time.Location) error {
	rows := make([][]any, len(t.Moments))
	for i, m := range t.Moments {
		there := "-"
		if at := m.At.Format("Mon 15:04:05 MST"); at != m.At.In(zone).Format("Mon 15:04:05 MST") {
			there = at
		}
		rows[i] = []any{m.At.In(zone).Format("Mon 2006-01-02 15:04:05 MST"), there, p.ring(m.What), m.Clock, marks(m), cut(orDash(m.If), 60), cut(m.Why, 90)}
	}
	p.table([]string{"AT", "THERE", "WHAT", "CLOCK", "", "IF", "WHY"}, rows)
	if len(t.Quiet) > 0 {
		p.section("Without a clock")
		quiet := make([][]any, len(t.Quiet))
		for i, q := range t.Quiet {
			quiet[i] = []any{q.Clock, strings.ReplaceAll(q.State, "_", " "), cut(q.Why, 90)}
		}
		p.table([]string{"DUTY", "STATE", "WHY"}, quiet)
	}
	for _, fault := range t.Faults {
		p.line("Cannot be read: %s", fault)
	}
	p.line("")
	p.line("a: counted from --from, because nobody declared the moment; p: counted as if the report before was sent at its limit.")
	p.line("%s", duty.NotAdvice)
	return p.flush()
}

func (p *printer) ring(what string) styled {
	if what == timeline.DueTime {
		return p.paint(what, "1")
	}
	return p.paint(what, "3")
}

func marks(m timeline.Moment) string {
	marks := ""
	if m.Assumed {
		marks += "a"
	}
	if m.Projected {
		marks += "p"
	}
	return marks
}
