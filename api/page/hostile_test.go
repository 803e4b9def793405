package page_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// payloads is what an attacker writes into a log so that it does something on the
// page: every way out of text with everything that could be done there.
func payloads() []string {
	outs := []string{
		"", `"`, `'`, "`", `">`, `'>`, `</dd>`, `</b></dd></dl>`, `</textarea>`, `</title>`, `</style>`, `--></dd>`, `]]>`, `&quot;>`, `&#34;>`, `%22%3e`, `\">`, "\x00\">", "\u202e", "{{.Form}}",
	}
	does := []string{
		`<script>document.title="owned"</script>`, `<img src=x onerror=document.title="owned">`, `<svg/onload=document.title="owned">`,
		`<form action=https://evil.example><button autofocus>Approve</button>`, `<meta http-equiv=refresh content="0;url=https://evil.example">`,
		`<a href="javascript:document.title='owned'">Approve</a>`, `<style>*{display:none}</style>`,
	}
	var all []string
	for _, out := range outs {
		for _, do := range does {
			all = append(all, out+do)
		}
	}
	return append(all, `onmouseover=document.title="owned" x="`, `javascript:document.title="owned"`, `<!--`, `<![CDATA[`, `<input name=digest value=ee>`, `<base href=https://evil.example>`, "\xff\xfe<b>")
}

// markup is all of a page that means something to a browser: its text taken out.
func markup(body string) string {
	return regexp.MustCompile(`[^<>"']+`).ReplaceAllString(stripped(body), "")
}

// stripped is the page without its style, which has quotes of its own.
func stripped(body string) string { _, after, _ := strings.Cut(body, "</style>"); return after }

func TestAttackersTextIsText(t *testing.T) {
	t.Parallel()
	hostile := payloads()
	if len(hostile) < 100 {
		t.Fatalf("%d payloads", len(hostile))
	}
	fill := func(text func(i int) string) answer {
		w := newWorld(t)
		link := w.link("lead@lab.invalid")
		w.change(func(a *soar.Approval) {
			a.Bound, a.Shown, a.Questions = nil, nil, nil
			for i := range hostile {
				said := text(i)
				a.Bound = append(a.Bound, soar.BoundAction{Action: said, Args: map[string]any{said: said, "list": []any{said}, "map": map[string]any{"k": said}}})
				a.Shown = append(a.Shown, soar.ShownAction{Action: said, Title: said, Target: said, Why: said, Risk: soar.RiskDestroy, Undo: said})
				a.Questions = append(a.Questions, soar.Question{ID: fmt.Sprint(i), Text: said, AskedBy: soar.Actor{Kind: soar.ActorPerson, ID: said}, At: w.clock})
			}
		})
		return w.send(http.MethodGet, link, nil, nil)
	}
	plain, got := fill(func(i int) string { return fmt.Sprintf("text%d", i) }), fill(func(i int) string { return hostile[i] })
	if plain.status != http.StatusOK || got.status != http.StatusOK {
		t.Fatalf("%d and %d", plain.status, got.status)
	}
	if markup(plain.body) != markup(got.body) {
		t.Errorf("text of an attacker became markup")
	}
	if plain.header.Get("Content-Security-Policy") != got.header.Get("Content-Security-Policy") {
		t.Error("text of an attacker reached the header")
	}
	text := html.UnescapeString(got.body)
	for _, one := range hostile {
		stored := strings.ReplaceAll(string([]rune(one)), "\x00", "\ufffd") // what PostgreSQL and JSON cannot hold
		if !strings.Contains(text, diag.Escape(stored)) {
			t.Errorf("%q is not shown for what it is", one)
		}
	}
	if strings.Contains(got.body, "\u202e") {
		t.Error("text that is turned round reaches the reader")
	}
}

func TestAttackersTextInTheTitle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("lead@lab.invalid")
	want := markup(w.send(http.MethodGet, link, nil, nil).body)
	for _, one := range payloads() {
		w.change(func(a *soar.Approval) { a.Title = one })
		if got := w.send(http.MethodGet, link, nil, nil); got.status != http.StatusOK || markup(got.body) != want {
			t.Errorf("%q: %d, became markup", one, got.status)
		}
		form := w.form(link, "", one)
		if got := w.send(http.MethodPost, link, form, sameOrigin()); got.status != http.StatusBadRequest || strings.Contains(stripped(got.body), "<script") || strings.Contains(stripped(got.body), "<img") {
			t.Errorf("%q as the reason: %d\n%s", one, got.status, got.body)
		}
	}
}
