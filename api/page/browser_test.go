package page_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// TestInABrowserWithoutScript opens the link in a real browser whose scripts are
// turned off, looks, asks, and decides.
func TestInABrowserWithoutScript(t *testing.T) {
	w := newWorldAt(t, time.Now().UTC().Truncate(24*time.Hour).Add(36*time.Hour)) // tomorrow at noon, for the pictures
	b := openBrowser(t, w, "scriptEnabled=false")
	link := w.link("lead@lab.invalid")
	b.open(link)
	b.sees("Isolate web-01?", "60 minutes, until", "You decide as lead@lab.invalid")
	b.shoot("approval-pending")
	w.decided(0)

	b.fill("form:nth-of-type(2) textarea", "Is there a backup?")
	b.press(`button[value="ask"]`)
	b.sees("Your question was asked", "Is there a backup?")
	b.shoot("approval-asked")
	w.decided(0)

	b.fill("form:nth-of-type(1) textarea", "Seen in the console, the host sends spam.")
	b.press(`button[value="approve"]`)
	b.sees("You have approved it", "lead@lab.invalid approved", "via page: Seen in the console, the host sends spam.")
	b.shoot("approval-approved")
	w.decided(1)

	b.open(link)
	b.sees("This link opens nothing")
	b.shoot("approval-used")
}

func TestInABrowserAfterTheEnd(t *testing.T) {
	w := newWorld(t)
	b := openBrowser(t, w, "scriptEnabled=true")
	link := w.link("lead@lab.invalid")
	w.end(soar.ApprovalDenied, soar.Decision{ID: "d-9", By: soar.Actor{Kind: soar.ActorPerson, ID: "cio2@lab.invalid"}, Reason: "wrong host", Via: "slack", At: w.clock.Add(-time.Minute)})
	b.open(link)
	b.sees("denied by cio2@lab.invalid", "wrong host")
	b.shoot("approval-denied")
}

// TestAttackersTextInABrowser opens a page full of what an attacker wrote, with
// scripts turned on: nothing of it does anything.
func TestAttackersTextInABrowser(t *testing.T) {
	w := newWorld(t)
	b := openBrowser(t, w, "scriptEnabled=true")
	link := w.link("lead@lab.invalid")
	hostile := payloads()
	w.change(func(a *soar.Approval) {
		a.Title, a.Bound, a.Shown = hostile[1], nil, nil
		for _, one := range hostile {
			a.Bound = append(a.Bound, soar.BoundAction{Action: one, Args: map[string]any{one: one}})
			a.Shown = append(a.Shown, soar.ShownAction{Action: one, Title: one, Target: one, Why: one, Risk: soar.RiskChange, Undo: one})
		}
	})
	b.open(link)
	b.sees("You decide as lead@lab.invalid", hostile[1])
	if title, err := chromedp.Run(b.ctx, chromedp.Title()); err != nil || title != "Tocsin: approval APR-1" {
		t.Errorf("the title is %q, %v", title, err)
	}
	made, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](`document.querySelectorAll("script, img, svg, a, base, meta[http-equiv], dd form, li button, [onload], [onerror], [onmouseover]").length`))
	if err != nil || made != 0 {
		t.Errorf("%v elements of an attacker, %v", made, err)
	}
	b.shoot("approval-hostile")
	b.fill("form:nth-of-type(1) textarea", hostile[22])
	b.press(`button[value="deny"]`)
	b.sees("You have denied it", hostile[22])
	w.decided(1)
}

// browser is one tab, and the server that paths are relative to.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string
}

// openBrowser skips the test where there is no browser.
func openBrowser(t *testing.T, w *world, settings string) *browser {
	t.Helper()
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && chromium == "" {
			chromium = found
		}
	}
	if chromium == "" {
		t.Skip("no chromium, chromium-browser or google-chrome in PATH; deploy/setup.sh test installs one")
	}
	server := httptest.NewServer(w.router)
	t.Cleanup(server.Close)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(chromium), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("blink-settings", settings), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	t.Cleanup(stop) // waits until the process and its files are gone
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1000, 1400)); err != nil {
		t.Fatalf("%s does not start: %v", chromium, err)
	}
	return &browser{t, ctx, server.URL}
}

func (b *browser) open(path string) {
	b.t.Helper()
	got, err := chromedp.RunResponse(b.ctx, chromedp.Navigate(b.base+path))
	if err != nil || got == nil || got.Status != http.StatusOK && got.Status != http.StatusNotFound {
		b.t.Fatalf("%s: %+v %v", path, got, err)
	}
}

func (b *browser) sees(parts ...string) {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.TextContent("main"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			b.t.Fatalf("the page lacks %q:\n%s", part, text)
		}
	}
}

func (b *browser) fill(field, text string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.SendKeys(field, text)); err != nil {
		b.t.Fatal(err)
	}
}

// press presses a button and waits for the page that answers.
func (b *browser) press(button string) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(button)); err != nil {
		b.t.Fatal(err)
	}
}

// shoot keeps a picture in the folder $TOCSIN_SCREENSHOTS, an absolute path, or
// else among the test's artifacts (go test -artifacts).
func (b *browser) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("TOCSIN_SCREENSHOTS")
	if dir == "" {
		dir = b.t.ArtifactDir()
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Error(err)
	}
}
