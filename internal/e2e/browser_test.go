package e2e

import (
	"context"
	"fmt"
	"log/slog"
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
)

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

// sees opens a page, by its path or its whole address, and waits until it shows all
// of the patterns. It loads the page anew every few seconds: not every page follows
// what happens.
func (b *browser) sees(t *testing.T, where string, patterns ...string) string {
	t.Helper()
	return b.until(t, where, func(text string) []string { return lacking(text, patterns) })
}

// until is sees with a look of its own, which gives what is missing in the text.
func (b *browser) until(t *testing.T, where string, look func(text string) (missing []string)) string {
	t.Helper()
	if !strings.Contains(where, "://") {
		where = b.base + where
	}
	var text string
	var missing []string
	for patience := 10 * time.Second; patience < 2*time.Minute; patience *= 3 { // a busy machine takes its time to draw a page
		if err := b.navigate(where); err != nil {
			t.Fatalf("%s does not open: %v", where, err)
		}
		if text, missing = b.await(patience, look); len(missing) == 0 {
			return text
		}
	}
	b.shoot(t, "failed-"+path.Base(t.Name()), picture{height: windowHeight})
	t.Fatalf("the page lacks\n%s\nin\n%s", strings.Join(missing, "\n"), text)
	return ""
}

// await looks at the page that is open for a while.
func (b *browser) await(patience time.Duration, look func(text string) (missing []string)) (text string, missing []string) {
	missing = []string{"a page"}
	for began := time.Now(); len(missing) > 0 && time.Since(began) < patience; time.Sleep(50 * time.Millisecond) {
		read, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](pageText))
		if err == nil { // else between two pages
			text, missing = read, look(read)
		}
	}
	return text, missing
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
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
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
