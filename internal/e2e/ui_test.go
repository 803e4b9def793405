package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

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

// TestUI looks at waiting incidents in the Temporal UI as a manager would.
func TestUI(t *testing.T) {
	chromium := findChromium(t)
	server := startTemporalWithUI(t)
	p := startOn(t, server.Address())
	incident := p.incidentOf(t, p.send(t, sshAlert("1", "web-01", "203.0.113.66", "deploy")))
	phished := p.incidentOf(t, p.report(t, phishing("p-1")))
	lured := p.incidentOf(t, p.send(t, luringAlert("2")))
	approval := p.pendingApproval(t, incident)
	p.pendingApproval(t, phished)
	detail := p.detail(t, incident, "is critical", func(d protocol.Detail) bool {
		return d.Incident.Severity == soar.SeverityCritical && len(d.Objectives) == 3
	})

	run, luredRun := runPath(t, server.Address(), incident), runPath(t, server.Address(), lured)
	b := openBrowser(t, chromium, server.UI()+"/namespaces/default/workflows")
	t.Run("timers", func(t *testing.T) { b.timersAreNamed(t, run, detail) })
	t.Run("attributes", func(t *testing.T) { b.attributesAreSet(t, run, detail) })
	t.Run("details", func(t *testing.T) { b.detailsShowTheApproval(t, run, detail, approval) })
	t.Run("list", func(t *testing.T) { b.listIsFiltered(t, incident, phished) })
	t.Run("attackers_text", func(t *testing.T) { b.attackersTextIsText(t, luredRun) })
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
		`"TocsinSeverity": "critical"`, `"TocsinObjectiveState": "running"`, `"TocsinCategory": "brute_force"`,
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

func (b *browser) listIsFiltered(t *testing.T, incident, other string) {
	// The UI keeps the choice of columns in the browser.
	columns := map[string][]map[string]string{"default": {}}
	for _, label := range []string{"Status", "Workflow ID", protocol.SearchSeverity, protocol.SearchStatus, protocol.SearchObjectiveState, protocol.SearchNextDeadline} {
		columns["default"] = append(columns["default"], map[string]string{"label": label})
	}
	chosen, err := json.Marshal(columns)
	if err != nil {
		t.Fatal(err)
	}
	b.evaluate(t, fmt.Sprintf(`localStorage.setItem("namespace-workflow-table-columns", %q)`, chosen))
	critical := b.sees(t, "?query="+url.QueryEscape(protocol.SearchSeverity+`="critical"`), `\| `+incident+` \| critical \| \w+ \| running \| `)
	if strings.Contains(critical, other) {
		t.Errorf("the list of critical incidents has %s, which is not critical", other)
	}
	b.sees(t, "?query="+url.QueryEscape(`ExecutionStatus="Running" AND `+protocol.SearchObjectiveState+`="running"`),
		`\| `+incident+` \| critical \| `, `\| `+other+` \| high \| \w+ \| running \| `)
	b.shoot(t, "temporal-list", picture{height: 520})
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

// findChromium skips the test where there is no browser.
func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Skip("no chromium, chromium-browser or google-chrome in PATH; deploy/setup.sh test installs one")
	return ""
}

// The window is high because the UI leaves out what is far from being in view.
const windowWidth, windowHeight = 1400, 1800

// browser is one tab, and the page that paths are relative to.
type browser struct {
	ctx  context.Context
	base string
}

func openBrowser(t *testing.T, chromium, base string) *browser {
	t.Helper()
	ctx, stop := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(chromium),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	t.Cleanup(stop) // waits until the process and its files are gone
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(windowWidth, windowHeight)); err != nil {
		t.Fatalf("%s does not start: %v", chromium, err)
	}
	return &browser{ctx: ctx, base: base}
}

// pageText is all that can be read on a page: its text, then each row of a table
// as "| cell | cell |". The UI renders each markdown text in a frame of its own.
const pageText = `(() => {
	const lines = [location.href];
	const read = (doc) => {
		if (!doc?.body) return;
		lines.push(doc === document ? doc.body.innerText : doc.body.innerText.replace(/\s+/g, " ").trim());
		for (const row of doc.querySelectorAll("tr")) lines.push("| " + [...row.cells].map(cell => cell.innerText.trim()).join(" | ") + " |");
		for (const frame of doc.querySelectorAll("iframe")) read(frame.contentDocument);
	};
	read(document);
	return lines.join("\n");
})()`

// sees opens a page and waits until it shows all of the patterns. It loads the
// page anew every few seconds: not every page follows what happens.
func (b *browser) sees(t *testing.T, where string, patterns ...string) string {
	t.Helper()
	var text string
	missing := patterns
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		if err := b.navigate(b.base + where); err != nil {
			t.Fatalf("%s does not open: %v", where, err)
		}
		for loaded := time.Now(); time.Since(loaded) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
			var err error
			if text, err = chromedp.Run(b.ctx, chromedp.Evaluate[string](pageText)); err != nil {
				continue // between two pages
			}
			if missing = lacking(text, patterns); len(missing) == 0 {
				return text
			}
		}
	}
	b.shoot(t, "failed-"+path.Base(t.Name()), picture{height: windowHeight})
	t.Fatalf("the page lacks\n%s\nin\n%s", strings.Join(missing, "\n"), text)
	return ""
}

func lacking(text string, patterns []string) []string {
	var missing []string
	for _, pattern := range patterns {
		if !regexp.MustCompile(pattern).MatchString(text) {
			missing = append(missing, pattern)
		}
	}
	return missing
}

func (b *browser) navigate(address string) error {
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	return chromedp.Do(ctx, chromedp.Navigate(address))
}

// runPath is the path of the pages of an incident's workflow, which has one run.
func runPath(t *testing.T, temporal, incident string) string {
	t.Helper()
	sdk, err := client.Dial(client.Options{HostPort: temporal, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	defer sdk.Close()
	described, err := sdk.DescribeWorkflowExecution(t.Context(), incident, "")
	if err != nil {
		t.Fatal(err)
	}
	return "/" + incident + "/" + described.WorkflowExecutionInfo.Execution.RunId
}

// evaluate runs a script and gives the text that it gives, if any.
func (b *browser) evaluate(t *testing.T, script string) string {
	t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	text, _ := value.(string)
	return text
}

// picture is a window of this height, with an element scrolled into view.
type picture struct {
	height int64
	of     string // a selector; empty: the top of the page
}

// shoot keeps a picture in the folder $TOCSIN_SCREENSHOTS, an absolute path, or
// else among the test's artifacts (go test -artifacts).
func (b *browser) shoot(t *testing.T, name string, what picture) {
	t.Helper()
	dir := os.Getenv("TOCSIN_SCREENSHOTS")
	if dir == "" {
		dir = t.ArtifactDir()
	}
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(windowWidth, what.height)); err != nil {
		t.Fatal(err)
	}
	if what.of != "" {
		b.evaluate(t, fmt.Sprintf(`document.querySelector(%q).scrollIntoView({block: "end"})`, what.of))
	}
	// A frame may be loading still, which spoils nothing but the picture.
	_, _ = chromedp.Run(b.ctx, chromedp.Poll[bool](`[...document.querySelectorAll("iframe")].every(frame => frame.contentDocument?.body?.innerText.trim())`,
		chromedp.WithPollingTimeout(5*time.Second)))
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Error(err)
	}
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(windowWidth, windowHeight)); err != nil {
		t.Fatal(err)
	}
}
