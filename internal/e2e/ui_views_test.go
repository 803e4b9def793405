package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// commandLine is the real command line tool in the hands of the lead.
type commandLine struct {
	binary string
	env    []string
}

// managed is one view as tocsin views prints it.
type managed struct{ Name, Query, Link, Save string }

func (p *product) commandLine(t *testing.T, ui string) commandLine {
	t.Helper()
	c := commandLine{binary: filepath.Join(t.TempDir(), "tocsin")}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", c.binary, "../../cmd/tocsin").CombinedOutput(); err != nil {
		t.Fatalf("build the binary: %v\n%s", err, out)
	}
	issued, err := p.app.Tokens().Issue(t.Context(), soar.System("test"), access.TokenRequest{Name: "cli", Person: "soc-lead@lab.invalid", Roles: []soar.Role{soar.RoleSOCLead}})
	if err != nil {
		t.Fatal(err)
	}
	c.env = append(os.Environ(), "TOCSIN_URL="+p.url, "TOCSIN_TOKEN="+issued.Text.Reveal(), "TOCSIN_TEMPORAL_UI="+ui, "TERM=xterm-256color", "TZ=Europe/Zurich")
	return c
}

// run gives what a command prints. The tool that script starts has a terminal.
func (c commandLine) run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Env = c.env
	var faults bytes.Buffer
	command.Stderr = &faults
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s%s", name, arguments, err, out, &faults)
	}
	return string(out)
}

func (c commandLine) views(t *testing.T) map[string]managed {
	t.Helper()
	var list []managed
	if err := json.Unmarshal([]byte(c.run(t, c.binary, "views", "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	views := map[string]managed{}
	for _, one := range list {
		views[one.Name] = one
	}
	return views
}

// alarmsAreSeen waits for the breach and looks for it, and for the warning, on the
// board, in the attributes, among the timers and in the record.
func (b *browser) alarmsAreSeen(t *testing.T, p *product, incident, run string) {
	p.detail(t, incident, "has broken its first objective", func(d protocol.Detail) bool {
		return slices.ContainsFunc(d.Objectives, func(o soar.Objective) bool { return o.Breached })
	})
	due := `\d{4}-\d\d-\d\d \d\d:\d\d UTC`
	text := b.sees(t, run+"/user-metadata", `Next due: contain, `+due, `\| acknowledge \| BREACHED \| `+due+` \|`, `\| contain \| WARNING \| `+due+` \|`, `\| resolve \| running \| `+due+` \|`)
	if !inOrder(text, "| acknowledge |", "| contain |", "| resolve |") {
		t.Errorf("what is late does not come first:\n%s", text)
	}
	b.shoot(t, "temporal-board", picture{height: 900})
	b.sees(t, run+"/search-attributes", `"TocsinObjectiveState": "breached"`, `"TocsinClockStates": \[\s*"breached",\s*"running",\s*"warning"\s*\]`)
	b.sees(t, run+"/timeline", `acknowledge P1, due \d+ \w{3} \d\d:\d\d UTC`, `contain P1, warning at \d+ \w{3}`, `contain P1, due \d+ \w{3}`)
	b.shoot(t, "temporal-alarms", picture{height: 700, of: "#event-history-timeline-graph"})
	kinds := map[string]string{}
	for _, entry := range p.verify(t, incident) {
		kinds[entry.Kind] += entry.Text + "\n"
	}
	if !strings.Contains(kinds[protocol.EventObjectiveBreached], "acknowledge") || !strings.Contains(kinds[protocol.EventObjectiveWarning], "contain") {
		t.Errorf("the record has %q", kinds)
	}
}

func inOrder(text string, parts ...string) bool {
	for _, part := range parts {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// viewsShowWhatTheySay opens the links of tocsin views: each list has just its
// incidents, and the link that saves leaves a view of that name in the UI.
func (b *browser) viewsShowWhatTheySay(t *testing.T, views map[string]managed, s shelf) {
	b.chooseColumns(t)
	for n, row := range []struct {
		name   string
		wanted []string
	}{
		{"due next", []string{s.waiting, s.late, s.risk, s.lured}},
		{"at risk", []string{s.late, s.risk}},
		{"breached", []string{s.late}},
	} {
		saved := []string{`(?m)^` + row.name + `$`, fmt.Sprintf(`(?m)^%d\s+/\s+50$`, n+1)}
		if err := b.navigate(views[row.name].Save); err != nil {
			t.Fatal(err)
		}
		if _, missing := b.await(time.Minute, func(text string) []string { return lacking(text, saved) }); len(missing) > 0 {
			t.Errorf("opening %s saves no view: %q", views[row.name].Save, missing)
		}
		b.lists(t, views[row.name].Link, row.wanted, saved...)
		b.shoot(t, "temporal-view-"+strings.ReplaceAll(row.name, " ", "-"), picture{height: 480})
	}
}

var listed = regexp.MustCompile(`(?m)^\|.*\| (INC-[0-9A-Z-]+) \|`)

// lists waits until a list has just these incidents, and the page these patterns.
func (b *browser) lists(t *testing.T, address string, wanted []string, patterns ...string) {
	t.Helper()
	patterns = append(patterns, fmt.Sprintf(`\b%d\s+Workflows?\b`, len(wanted)))
	b.until(t, address, func(text string) []string {
		missing := lacking(text, patterns)
		var found []string
		for _, row := range listed.FindAllStringSubmatch(text, -1) {
			found = append(found, row[1])
		}
		slices.Sort(found)
		if !slices.Equal(found, slices.Sorted(slices.Values(wanted))) {
			missing = append(missing, fmt.Sprintf("just %v, it has %v", wanted, found))
		}
		return missing
	})
}

// chooseColumns sets what Configure Columns would: the UI keeps it in the browser.
func (b *browser) chooseColumns(t *testing.T) {
	t.Helper()
	columns := map[string][]map[string]string{"default": {}}
	for _, label := range []string{"Status", "Workflow ID", protocol.SearchSeverity, protocol.SearchStatus, protocol.SearchClockStates, protocol.SearchNextDeadline} {
		columns["default"] = append(columns["default"], map[string]string{"label": label})
	}
	chosen, err := json.Marshal(columns)
	if err != nil {
		t.Fatal(err)
	}
	b.evaluate(t, fmt.Sprintf(`localStorage.setItem("namespace-workflow-table-columns", %q)`, chosen))
}

// metLateLeavesTheView acknowledges too late: nothing is breached and open then.
func (b *browser) metLateLeavesTheView(t *testing.T, p *product, views map[string]managed, s shelf) {
	if _, err := p.lead.Command(t.Context(), s.late, client.NewKey(), client.Acknowledge{}); err != nil {
		t.Fatal(err)
	}
	b.lists(t, views["breached"].Link, nil)
	b.lists(t, views["at risk"].Link, []string{s.late, s.risk})
}

// clocksAreATable shows the table of tocsin clocks on a terminal.
func (b *browser) clocksAreATable(t *testing.T, c commandLine, s shelf) {
	script, err := exec.LookPath("script")
	if err != nil {
		t.Skip("no script in PATH, which gives a program a terminal")
	}
	screen := c.run(t, script, "-qec", "stty cols 140 rows 40; "+c.binary+" clocks", os.DevNull)
	if !inOrder(screen, "LEFT", "overdue", s.late, s.waiting) {
		t.Errorf("what is overdue does not come first:\n%q", screen)
	}
	page := filepath.Join(t.TempDir(), "clocks.html")
	if err := os.WriteFile(page, []byte(terminalPage("tocsin clocks", screen)), 0o600); err != nil {
		t.Fatal(err)
	}
	b.sees(t, "file://"+page, `overdue`, s.late, s.risk)
	b.shoot(t, "clocks", picture{height: 420})
}

var colours = regexp.MustCompile(`\x1b\[([0-9;]*)m`)

// terminalPage draws what a program wrote to its terminal: colours and bold.
func terminalPage(command, screen string) string {
	named := map[string]string{"1": "font-weight:bold", "31": "color:#ff6b68", "32": "color:#7ec77e", "33": "color:#e5c15d", "34": "color:#6ea8fe", "91": "color:#ff4d4f;font-weight:bold", "2": "opacity:.7"}
	text := colours.ReplaceAllStringFunc(html.EscapeString(strings.ReplaceAll(screen, "\r", "")), func(code string) string {
		style := ""
		for part := range strings.SplitSeq(colours.FindStringSubmatch(code)[1], ";") {
			style += named[part] + ";"
		}
		return `</span><span style="` + style + `">`
	})
	return `<!doctype html><meta charset="utf-8"><title>` + command + `</title><body style="background:#14171c;color:#d8dee9;margin:24px">` +
		`<pre style="font:14px/1.45 'DejaVu Sans Mono',monospace"><span style="color:#7ec77e">$ </span>` + command + "\n<span>" + text + `</span></pre>`
}
