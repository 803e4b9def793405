package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/devstack"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// A lure is what an attacker writes into a log to have a link in front of whoever
// reads the Temporal UI, which renders all summaries and details as markdown.
const (
	lure     = `[Approve here](https://lure.example/a) <a href="https://lure.example/b">b</a> https://lure.example/c *now*`
	lureHost = `[web-02](https://lure.example/d)`
)

// quick is the shipped policy with clocks of two categories that ring at once, or
// after the minute that is the least a clock may have.
const quick = `name: quick
version: "1"
agreed_by: nobody, for a test
agreed_on: 2026-01-01
clocks:
  critical: {acknowledge: {within: 15m, warn_at: 0.66}, contain: {within: 1h, warn_at: 0.75}, resolve: {within: 1d, warn_at: 0.75}}
  high: {acknowledge: {within: 30m, warn_at: 0.66}, contain: {within: 4h, warn_at: 0.75}, resolve: {within: 3d, warn_at: 0.75}}
  medium: {acknowledge: {within: 4h}, contain: {within: 1d}, resolve: {within: 7d}}
  low: {acknowledge: {within: 1d}}
objectives:
  - {id: late, objective: acknowledge, severities: [critical], categories: [system_compromise], within: 1m}
  - {id: soon, objective: contain, severities: [critical], categories: [system_compromise], within: 2h, warn_at: 0.0001}
  - {id: risk, objective: contain, severities: [high], categories: [phishing], within: 3h, warn_at: 0.0001}
`

// shelf is the incidents of the test, each by what it is there for.
type shelf struct {
	waiting string // critical, an approval waits, all clocks run
	late    string // critical, one clock breached, another at risk
	risk    string // high, one clock at risk
	lured   string // medium, full of an attacker's text
	closed  string
}

// TestUI looks at incidents in the Temporal UI as a manager would.
func TestUI(t *testing.T) {
	chromium := findChromium(t)
	server := startTemporalWithUI(t)
	policies := t.TempDir()
	if err := os.WriteFile(filepath.Join(policies, "objectives.yaml"), []byte(quick), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startWith(t, settings{"temporal_address": server.Address(), "policy_dir": policies})
	s := p.fill(t)
	approval := p.pendingApproval(t, s.waiting)
	p.pendingApproval(t, s.risk)
	detail := p.detail(t, s.waiting, "is critical", func(d protocol.Detail) bool {
		return d.Incident.Severity == soar.SeverityCritical && len(d.Objectives) == 3
	})

	run, luredRun := runPath(t, server.Address(), s.waiting), runPath(t, server.Address(), s.lured)
	b := openBrowser(t, chromium, server.UI()+"/namespaces/default/workflows")
	t.Run("timers", func(t *testing.T) { b.timersAreNamed(t, run, detail) })
	t.Run("attributes", func(t *testing.T) { b.attributesAreSet(t, run, detail) })
	t.Run("details", func(t *testing.T) { b.detailsShowTheApproval(t, run, detail, approval) })
	t.Run("attackers_text", func(t *testing.T) { b.attackersTextIsText(t, luredRun) })
	cli := p.commandLine(t, server.UI())
	t.Run("alarms", func(t *testing.T) { b.alarmsAreSeen(t, p, s.late, runPath(t, server.Address(), s.late)) })
	t.Run("views", func(t *testing.T) { b.viewsShowWhatTheySay(t, cli.views(t), s) })
	t.Run("clocks", func(t *testing.T) { b.clocksAreATable(t, cli, s) })
	t.Run("met_late", func(t *testing.T) { b.metLateLeavesTheView(t, p, cli.views(t), s) })
}

// fill opens the incidents of the test. The one whose minute must pass is first.
func (p *product) fill(t *testing.T) shelf {
	t.Helper()
	byHand := func(title string, severity soar.Severity, category soar.Category) string {
		opened, err := p.lead.IncidentOpen(t.Context(), client.NewKey(), gen.OpenIncident{Title: title, Severity: &severity, Category: &category})
		if err != nil {
			t.Fatal(err)
		}
		p.tell(t, opened.ID)
		return opened.ID
	}
	s := shelf{
		late:    byHand("Ransom note on the file server", soar.SeverityCritical, "system_compromise"),
		closed:  byHand("A laptop was lost, and found", soar.SeverityHigh, "data_loss"),
		waiting: p.incidentOf(t, p.send(t, sshAlert("1", "web-01", "203.0.113.66", "deploy"))),
		risk:    p.incidentOf(t, p.report(t, phishing("p-1"))),
		lured:   p.incidentOf(t, p.send(t, luringAlert("2"))),
	}
	if _, err := p.lead.Command(t.Context(), s.closed, client.NewKey(), gen.CloseCommand{Resolution: "benign", Reason: "it was in the car"}); err != nil {
		t.Fatal(err)
	}
	p.detail(t, s.closed, "is closed", ended)
	return s
}

func startTemporalWithUI(t *testing.T) *devstack.Temporal {
	t.Helper()
	server, err := devstack.StartTemporal(t.Context(), devstack.TemporalOptions{
		Dir: t.TempDir(), UIPort: devstack.DefaultUIPort, SearchAttributes: protocol.SearchAttributes(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

// luringAlert has a lure in its title, which comes from the rule, and in the name
// of the host, which goes into the titles of steps.
func luringAlert(id string) []byte {
	return fmt.Appendf(nil, `{"timestamp":"2026-01-02T03:04:05.678+0000","id":%q,"rule":{"id":"100200","level":10,"description":%q,
		"mitre":{"id":["T1110"]},"groups":["sshd"]},"agent":{"id":"008","name":%q,"ip":"192.0.2.11"},"manager":{"name":"m"},
		"location":"/var/log/auth.log","data":{"srcip":"198.51.100.7","dstuser":"guest"}}`, id, lure, lureHost)
}

// report sends what the report button of a mail program sends.
func (p *product) report(t *testing.T, body []byte) string {
	t.Helper()
	receipts, err := p.person(t, access.TokenRequest{Name: "button", Source: "generic"}).AlertSend(t.Context(), "generic", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	return receipts.Items[0].AlertID
}

func (b *browser) timersAreNamed(t *testing.T, run string, detail protocol.Detail) {
	wanted := []string{`Approval .*\d\d:\d\d`}
	for _, o := range detail.Objectives {
		wanted = append(wanted, fmt.Sprintf(`\b%s P\d, due %s`, o.Name, o.DueAt.UTC().Format("2 Jan 15:04 UTC")))
	}
	b.sees(t, run+"/timeline", wanted...)
	b.shoot(t, "temporal-timers", picture{height: 900, of: "#event-history-timeline-graph"})
}

func (b *browser) attributesAreSet(t *testing.T, run string, detail protocol.Detail) {
	next := detail.Objectives[0].DueAt
	for _, o := range detail.Objectives {
		if o.DueAt.Before(next) {
			next = o.DueAt
		}
	}
	b.sees(t, run+"/search-attributes",
		`"TocsinSeverity": "critical"`, `"TocsinObjectiveState": "running"`, `"TocsinClockStates": \[\s*"running"\s*\]`, `"TocsinCategory": "brute_force"`,
		`"TocsinNextDeadline": "`+regexp.QuoteMeta(next.UTC().Format(time.RFC3339Nano))+`"`)
	b.shoot(t, "temporal-attributes", picture{height: 800})
}

func (b *browser) detailsShowTheApproval(t *testing.T, run string, detail protocol.Detail, approval soar.Approval) {
	wanted := []string{`\| [^|]*` + approval.ID + `[^\n]*\|`, `\| ` + regexp.QuoteMeta(approval.Title) + ` \|`, `\| 0 of 1 \|`}
	for _, o := range detail.Objectives {
		wanted = append(wanted, fmt.Sprintf(`\| %s \| running \| %s UTC \|`, o.Name, o.DueAt.UTC().Format("2006-01-02 15:04")))
	}
	b.sees(t, run+"/user-metadata", wanted...)
	b.shoot(t, "temporal-details", picture{height: 860})
}

func (b *browser) attackersTextIsText(t *testing.T, run string) {
	for page, wanted := range map[string]string{
		"/user-metadata": `(?m)^\[Approve here\]\(https://lure\.example/a\)`,
		"/timeline":      `(?m)\bWho and what runs on ` + regexp.QuoteMeta(lureHost) + `$`,
	} {
		b.sees(t, run+page, wanted)
		rendered := b.evaluate(t, `(() => {
			const rendered = (doc) => [...doc.querySelectorAll("a[href*='lure.example'], em")].map(e => e.outerHTML)
				.concat(...[...doc.querySelectorAll("iframe")].map(frame => rendered(frame.contentDocument)));
			return rendered(document).join("\n");
		})()`)
		if rendered != "" {
			t.Errorf("%s renders what an attacker wrote:\n%s", page, rendered)
		}
	}
}
