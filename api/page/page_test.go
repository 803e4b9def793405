package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestGETShowsAndNeverDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("lead@lab.invalid")
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		for _, query := range []string{"", "?do=approve&reason=because&decision=approve"} {
			got := w.send(method, link+query, nil, nil)
			if got.status != http.StatusOK || method == http.MethodHead && got.body != "" {
				t.Fatalf("%s: %d %q", method, got.status, got.body)
			}
		}
	}
	got := w.send(http.MethodGet, link, nil, nil)
	for _, part := range []string{
		"Isolate web-01?", w.incident, "severity high", "TLP:AMBER", "1 of 2", "60 minutes, until 2126-03-02 14:00 CET (2126-03-02 13:00 UTC)", "it counts as denied",
		"soc_lead or ciso", "Take web-01 off the network", "edr.isolate_host", "web-01", "The host sends spam", "change: it changes the target",
		"taken back by edr.release_host, by itself after 4h", "playbook ssh", "cio@lab.invalid approved, 2126-03-02 12:40 CET (2126-03-02 11:40 UTC), via slack: seen it too",
		"analyst@lab.invalid asked, 2126-03-02 12:45 CET (2126-03-02 11:45 UTC): Is the owner told? - ops@lab.invalid answered, 2126-03-02 12:50 CET (2126-03-02 11:50 UTC): yes",
		"Digest of what will run", strings.Repeat("d1", 32), `name="seal"`, "You decide as <b>lead@lab.invalid</b>",
	} {
		if !strings.Contains(got.body, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	if t.Failed() {
		t.Log(got.body)
	}
	w.decided(0)
	w.headers(got)
}

func TestPOSTDecidesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("lead@lab.invalid")
	form := w.form(link, "approve", "seen in the console")
	got := w.send(http.MethodPost, link, form, sameOrigin())
	if got.status != http.StatusOK || !strings.Contains(got.body, "You have approved it") || strings.Contains(got.body, "<form") {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	w.headers(got)
	// The button pressed twice tells the same, the link opens nothing any more.
	again := w.send(http.MethodPost, link, form, sameOrigin())
	if again.status != http.StatusOK || !strings.Contains(again.body, "You have approved it") {
		t.Errorf("pressed twice: %d\n%s", again.status, again.body)
	}
	other := w.form2(form, "deny")
	for name, got := range map[string]answer{
		"GET": w.send(http.MethodGet, link, nil, nil), "the other button": w.send(http.MethodPost, link, other, sameOrigin()), "a question": w.send(http.MethodPost, link, w.form2(form, "ask"), sameOrigin()),
	} {
		if got.status != http.StatusNotFound || !strings.Contains(got.body, "This link opens nothing") {
			t.Errorf("%s with a used link: %d\n%s", name, got.status, got.body)
		}
	}
	w.decided(1)
	if d := w.approval().Decisions[1]; d.Via != "page" || d.By.ID != "lead@lab.invalid" || !d.Approve || d.Reason != "seen in the console" || d.Digest != strings.Repeat("d1", 32) {
		t.Errorf("decided %+v", d)
	}
	w.recorded("lead@lab.invalid tried to use the approval page and was refused: the link was used already")
}

func TestDenyAndReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("lead@lab.invalid")
	got := w.send(http.MethodPost, link, w.form(link, "deny", "  "), sameOrigin())
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, "Nothing was changed") || !strings.Contains(got.body, "<form") {
		t.Errorf("without a reason: %d\n%s", got.status, got.body)
	}
	got = w.send(http.MethodPost, link, w.form(link, "", "kept <b>text</b>"), sameOrigin())
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, "kept &lt;b&gt;text&lt;/b&gt;") {
		t.Errorf("neither button: %d\n%s", got.status, got.body)
	}
	w.decided(0)
	got = w.send(http.MethodPost, link, w.form(link, "deny", "wrong host"), sameOrigin())
	if got.status != http.StatusOK || !strings.Contains(got.body, "You have denied it") {
		t.Errorf("%d\n%s", got.status, got.body)
	}
	w.decided(1)
}

func TestFormsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link, other := w.link("lead@lab.invalid"), w.link("lead@lab.invalid")
	good := w.form(link, "approve", "because")
	with := func(name, value string) url.Values {
		form := w.form2(good, "approve")
		form.Set(name, value)
		return form
	}
	for name, row := range map[string]struct {
		form   url.Values
		header http.Header
	}{
		"another site":            {good, http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}},
		"a sister site":           {good, http.Header{"Sec-Fetch-Site": {"same-site"}}},
		"an old browser":          {good, http.Header{"Origin": {"https://evil.example"}}},
		"without a seal":          {with("seal", ""), sameOrigin()},
		"the seal of another":     {with("seal", w.form(other, "approve", "x").Get("seal")), sameOrigin()},
		"another digest":          {with("digest", strings.Repeat("ee", 32)), sameOrigin()},
		"nothing":                 {url.Values{}, sameOrigin()},
		"another type of content": {good, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"text/plain"}}},
		"far too long":            {with("reason", strings.Repeat("x", 40<<10)), sameOrigin()},
	} {
		if got := w.send(http.MethodPost, link, row.form, row.header); got.status != http.StatusForbidden || !strings.Contains(got.body, "Nothing was decided") {
			t.Errorf("%s: %d\n%s", name, got.status, got.body)
		}
	}
	w.decided(0)
	w.recorded("lead@lab.invalid tried to use the approval page and was refused: the form is none of the page's own")
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
		if got := w.send(method, link, good, sameOrigin()); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, got.status)
		}
	}
	w.decided(0)
}

func TestLinksThatOpenNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("lead@lab.invalid")
	left := w.link("old@lab.invalid")
	w.leaves("old@lab.invalid")
	red := w.link("lead2@lab.invalid")
	want := w.send(http.MethodGet, "/approve/"+strings.Repeat("A", 26), nil, nil)
	if want.status != http.StatusNotFound {
		t.Fatalf("an unknown link: %d", want.status)
	}
	w.headers(want)
	w.clock = w.clock.Add(8 * 24 * time.Hour)
	old := w.send(http.MethodGet, link, nil, nil)
	w.clock = w.clock.Add(-8 * 24 * time.Hour)
	w.withdraw("lead2@lab.invalid") // holds no role any more
	for name, got := range map[string]answer{
		"short": w.send(http.MethodGet, "/approve/x", nil, nil), "of who has left": w.send(http.MethodGet, left, nil, nil), "long ago": old,
		"of who may see nothing": w.send(http.MethodGet, red, nil, nil), "posted": w.send(http.MethodPost, "/approve/"+strings.Repeat("B", 26), w.form(link, "approve", "x"), sameOrigin()),
		"a path": w.send(http.MethodGet, "/approve/..%2f..%2fapi", nil, nil), "NUL": w.send(http.MethodGet, "/approve/%00"+strings.Repeat("A", 25), nil, nil),
	} {
		if got.status != want.status || got.body != want.body {
			t.Errorf("%s: %d, another page:\n%s", name, got.status, got.body)
		}
	}
	w.decided(0)
	w.recorded("old@lab.invalid tried to use the approval page and was refused: the person whose link it is may not see the approval")
}

func TestWhatHasEndedIsToldTruly(t *testing.T) {
	t.Parallel()
	t.Run("by somebody else", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.link("lead@lab.invalid")
		form := w.form(link, "approve", "I too")
		w.end(soar.ApprovalDenied, soar.Decision{ID: "d-9", Approve: false, By: soar.Actor{Kind: soar.ActorPerson, ID: "cio2@lab.invalid"}, Reason: "wrong host", Via: "slack", At: w.clock.Add(-time.Minute)})
		for name, got := range map[string]answer{"GET": w.send(http.MethodGet, link, nil, nil), "POST": w.send(http.MethodPost, link, form, sameOrigin())} {
			if want := map[string]int{"GET": http.StatusOK, "POST": http.StatusConflict}[name]; got.status != want || strings.Contains(got.body, "<form") {
				t.Errorf("%s: %d\n%s", name, got.status, got.body)
			}
			if !strings.Contains(got.body, "denied by cio2@lab.invalid, 2126-03-02 12:59 CET (2126-03-02 11:59 UTC)") {
				t.Errorf("%s does not say who and when:\n%s", name, got.body)
			}
		}
	})
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.link("lead@lab.invalid")
		form := w.form(link, "approve", "in time?")
		w.clock = w.clock.Add(2 * time.Hour)
		got := w.send(http.MethodGet, link, nil, nil)
		if got.status != http.StatusOK || strings.Contains(got.body, "<form") || !strings.Contains(got.body, "its time ended 2126-03-02 14:00 CET (2126-03-02 13:00 UTC)") {
			t.Errorf("%d\n%s", got.status, got.body)
		}
		if got = w.send(http.MethodPost, link, form, sameOrigin()); got.status != http.StatusConflict || !strings.Contains(got.body, "Nothing was changed") {
			t.Errorf("decided after the end: %d\n%s", got.status, got.body)
		}
		w.decided(0)
	})
	t.Run("what would run has changed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.link("lead@lab.invalid")
		form := w.form(link, "approve", "because")
		w.change(func(a *soar.Approval) { a.Digest = strings.Repeat("e2", 32) })
		got := w.send(http.MethodPost, link, form, sameOrigin())
		if got.status != http.StatusConflict || !strings.Contains(got.body, strings.Repeat("e2", 32)) {
			t.Errorf("%d\n%s", got.status, got.body)
		}
		w.decided(0)
	})
}

func TestWhoMayNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, person := range map[string]string{"who asked": "asker@lab.invalid", "an analyst": "analyst@lab.invalid"} {
		link := w.link(person)
		got := w.send(http.MethodPost, link, w.form(link, "approve", "I want it"), sameOrigin())
		if got.status != http.StatusForbidden || strings.Contains(got.body, "<form") || !strings.Contains(got.body, "Nothing was changed") {
			t.Errorf("%s: %d\n%s", name, got.status, got.body)
		}
	}
	w.decided(0)
	w.recorded("asker@lab.invalid tried to approve approval APR-1 and was refused")
}

// TestTheDelegateDecides: an analyst stands in for a lead who is away, and says so.
func TestTheDelegateDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("analyst@lab.invalid")
	must(t, w.keep.AbsenceAdd(t.Context(), soar.Absence{ID: "ABS-1", Person: "lead@lab.invalid", Delegate: "analyst@lab.invalid", From: w.clock.Add(-time.Hour), Until: w.clock.Add(time.Hour)}, entry()))
	got := w.send(http.MethodPost, link, w.form(link, "approve", "the lead is on leave"), sameOrigin())
	if got.status != http.StatusOK || !strings.Contains(got.body, "analyst@lab.invalid for lead@lab.invalid approved") {
		t.Errorf("%d\n%s", got.status, got.body)
	}
	w.decided(1)
}

func TestNeedToKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	analyst, lead := w.link("analyst@lab.invalid"), w.link("lead@lab.invalid")
	w.red()
	if got := w.send(http.MethodGet, analyst, nil, nil); got.status != http.StatusNotFound || strings.Contains(got.body, "web-01") {
		t.Errorf("TLP:RED is shown to an analyst: %d\n%s", got.status, got.body)
	}
	if got := w.send(http.MethodGet, lead, nil, nil); got.status != http.StatusOK {
		t.Errorf("a lead does not see it: %d", got.status)
	}
}

func TestAskForInformation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("lead@lab.invalid")
	got := w.send(http.MethodPost, link, w.form(link, "ask", "Which <owner>?"), sameOrigin())
	if got.status != http.StatusOK || !strings.Contains(got.body, "Your question was asked") || !strings.Contains(got.body, "Which &lt;owner&gt;?") || !strings.Contains(got.body, "<form") {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	w.decided(0)
	got = w.send(http.MethodPost, link, w.form(link, "approve", "answered by telephone"), sameOrigin())
	if got.status != http.StatusOK {
		t.Errorf("the link is used up by a question: %d\n%s", got.status, got.body)
	}
	w.decided(1)
}

func TestTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("lead@lab.invalid")
	form := w.form(link, "approve", "because")
	w.store.Close()
	for name, got := range map[string]answer{"GET": w.send(http.MethodGet, link, nil, nil), "POST": w.send(http.MethodPost, link, form, sameOrigin())} {
		if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "Try again: sent twice, it is decided once") || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d\n%s", name, got.status, got.body)
		}
	}
}

// TestManyAtOnce presses both buttons of one link many times at once: one decision.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("lead@lab.invalid")
	approve := w.form(link, "approve", "because")
	deny := w.form2(approve, "deny")
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			form := approve
			if i%2 == 1 {
				form = deny
			}
			w.send(http.MethodPost, link, form, sameOrigin())
		})
	}
	all.Wait()
	w.decided(1)
}

// TestTheLogDoesNotKnowLinks: whoever reads the log cannot decide with it.
func TestTheLogDoesNotKnowLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("lead@lab.invalid")
	form := w.form(link, "approve", "because")
	w.send(http.MethodGet, link+"/", nil, nil)
	w.send(http.MethodGet, link+"/x", nil, nil)
	w.send(http.MethodPut, link, nil, nil)
	w.send(http.MethodPost, link, url.Values{}, sameOrigin())
	w.send(http.MethodPost, link, form, sameOrigin())
	w.send(http.MethodGet, link, nil, nil)
	w.store.Close()
	w.send(http.MethodGet, link, nil, nil)
	token := strings.TrimPrefix(link, "/approve/")
	if log := w.log.text.String(); !strings.Contains(log, "the approval page failed") || strings.Contains(log, token) {
		t.Errorf("the log knows the link:\n%s", log)
	}
}
