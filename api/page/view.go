package page

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // for page.html and page.css
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// view is what the template shows. All text in it is plain: html/template escapes it,
// and what a reader could not see was made visible before.
type view struct {
	Style    template.CSS
	Told     string
	Refused  bool
	Approval *shown
	Form     *fields
}

type shown struct {
	ID, Title, State, Incident, Left, OnExpire, Deciders, Quorum, AskedBy, Digest string

	Pending   bool
	Actions   []action
	Decisions []string
	Questions []string
}

type action struct {
	N                                      int
	Title, Target, Why, Risk, Undo, Action string
	Destroys                               bool
	Args                                   []argument
}

type argument struct{ Name, Value string }

type fields struct{ Who, Seal, Digest, Reason, Question string }

// answer is what the page says besides the approval.
type answer struct {
	told             string
	refused          bool
	closed           bool   // no form
	reason, question string // what was written, so that it is not lost
}

func (d *Page) show(c echo.Context, status int, as caller, said answer) error {
	detail, err := d.o.Desk.Show(c.Request().Context(), as.who, as.approval.IncidentID)
	if err != nil {
		return d.nothing(c, err)
	}
	now := d.o.Now()
	v := view{Told: diag.Escape(said.told), Refused: said.refused, Approval: render(as.approval, detail.Incident, as.Person.Zone, now)}
	if v.Approval.Pending && !said.closed && as.UsedAt == nil {
		v.Form = &fields{
			Who: diag.Escape(as.who.Actor.ID), Digest: as.approval.Digest, Seal: as.Seal(as.ApprovalID + "\x00" + as.approval.Digest),
			Reason: said.reason, Question: said.question,
		}
	}
	return write(c, status, v)
}

func render(a soar.Approval, incident soar.Incident, zone string, now time.Time) *shown {
	out := &shown{
		ID: diag.Escape(a.ID), Title: diag.Escape(a.Title), Digest: a.Digest, Pending: a.Status == soar.ApprovalPending && now.Before(a.ExpiresAt),
		Incident: diag.Escape(fmt.Sprintf("%s, severity %s, TLP:%s: %s", incident.ID, incident.Severity, strings.ToUpper(string(incident.TLP)), incident.Title)),
		Left:     fmt.Sprintf("%s, until %s", left(a.ExpiresAt.Sub(now)), people.Local(a.ExpiresAt, zone)),
		OnExpire: onExpire(a.OnExpire), Deciders: diag.Escape(deciders(a)), Quorum: quorum(a),
		AskedBy: diag.Escape(fmt.Sprintf("%s, %s", a.RequestedBy.ID, people.Local(a.RequestedAt, zone))),
		State:   state(a, zone, now),
	}
	for i := range a.Bound {
		out.Actions = append(out.Actions, act(a, i))
	}
	for _, d := range a.Decisions {
		out.Decisions = append(out.Decisions, diag.Escape(decision(d, zone)))
	}
	for _, q := range a.Questions {
		text := fmt.Sprintf("%s asked, %s: %s", q.AskedBy.ID, people.Local(q.At, zone), q.Text)
		if q.AnsweredBy != nil && q.AnsweredAt != nil {
			text += fmt.Sprintf(" - %s answered, %s: %s", q.AnsweredBy.ID, people.Local(*q.AnsweredAt, zone), q.Answer)
		}
		out.Questions = append(out.Questions, diag.Escape(text))
	}
	return out
}

// state says how it stands, by whom and when.
func state(a soar.Approval, zone string, now time.Time) string {
	switch {
	case a.Status == soar.ApprovalPending && !now.Before(a.ExpiresAt):
		return "its time ended " + people.Local(a.ExpiresAt, zone)
	case a.Status == soar.ApprovalPending:
		return "waits for a decision"
	}
	text := string(a.Status)
	if a.Status == soar.ApprovalExpired {
		return text + " " + people.Local(cmp.Or(at(a.DecidedAt), a.ExpiresAt), zone)
	}
	if n := len(a.Decisions); n > 0 && (a.Status == soar.ApprovalApproved || a.Status == soar.ApprovalDenied) {
		return diag.Escape(fmt.Sprintf("%s by %s, %s", text, a.Decisions[n-1].By.ID, people.Local(a.Decisions[n-1].At, zone)))
	}
	if a.DecidedAt != nil {
		text += " " + people.Local(*a.DecidedAt, zone)
	}
	return text
}

func at(p *time.Time) (t time.Time) {
	if p != nil {
		t = *p
	}
	return t
}

func decision(d soar.Decision, zone string) string {
	word := "denied"
	if d.Approve {
		word = "approved"
	}
	who := d.By.ID
	if d.OnBehalfOf != "" {
		who += " for " + d.OnBehalfOf
	}
	return fmt.Sprintf("%s %s, %s, via %s: %s", who, word, people.Local(d.At, zone), d.Via, d.Reason)
}

func left(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	default:
		return "less than two minutes"
	}
}

func onExpire(word string) string {
	switch word {
	case "deny":
		return "it counts as denied"
	case "escalate":
		return "others are asked"
	case "fail":
		return "the step fails"
	default:
		return diag.Escape(word)
	}
}

func deciders(a soar.Approval) string {
	text := names(a.Approvers, " or ")
	if len(a.Needs) > 0 {
		text += "; among them " + names(a.Needs, " and ")
	}
	return text
}

func names(list []soar.Approver, between string) string {
	words := make([]string, len(list))
	for i, who := range list {
		words[i] = cmp.Or(who.Person, string(who.Role))
	}
	return cmp.Or(strings.Join(words, between), "nobody")
}

func quorum(a soar.Approval) string {
	yes := 0
	for _, d := range a.Decisions {
		if d.Approve {
			yes++
		}
	}
	return fmt.Sprintf("%d of %d have approved", yes, a.Quorum)
}

// act shows one bound action: what it is for people, and exactly what will run.
func act(a soar.Approval, i int) action {
	bound := a.Bound[i]
	out := action{N: i + 1, Title: diag.Escape(bound.Action), Action: diag.Escape(bound.Action), Risk: "not known", Undo: "not known"}
	if i < len(a.Shown) && a.Shown[i].Action == bound.Action {
		s := a.Shown[i]
		out.Title, out.Target, out.Why = diag.Escape(cmp.Or(s.Title, bound.Action)), diag.Escape(s.Target), diag.Escape(s.Why)
		out.Risk, out.Destroys = risk(s.Risk), s.Risk == soar.RiskDestroy
		out.Undo = diag.Escape(undo(s))
	}
	for _, name := range slices.Sorted(maps.Keys(bound.Args)) {
		out.Args = append(out.Args, argument{diag.Escape(name), diag.Escape(plain(bound.Args[name]))})
	}
	return out
}

func risk(r soar.Risk) string {
	switch r {
	case soar.RiskRead:
		return "read: it only looks"
	case soar.RiskNotify:
		return "notify: it tells people"
	case soar.RiskCollect:
		return "collect: it fetches evidence"
	case soar.RiskChange:
		return "change: it changes the target"
	case soar.RiskDestroy:
		return "destroy: what it takes away is gone"
	default:
		return "not known"
	}
}

func undo(s soar.ShownAction) string {
	text := "cannot be taken back"
	if s.Undo != "" {
		text = "taken back by " + s.Undo
	}
	if s.ExpiresIn > 0 {
		text += ", by itself after " + short(s.ExpiresIn)
	}
	return text
}

// short leaves out the seconds and minutes that are none: 4h, 1h30m.
func short(d time.Duration) string {
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}

// plain shows text as it is and everything else as JSON, all of it.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(out.String())
}

func write(c echo.Context, status int, v view) error {
	v.Style = template.CSS(pageCSS) //nolint:gosec // our own file
	page, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("page.html: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		return fmt.Errorf("page.html: %w", err)
	}
	sum := sha256.Sum256([]byte(pageCSS))
	header := c.Response().Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "same-origin") // without it a browser sends "Origin: null" with the form
	header.Set("X-Robots-Tag", "noindex, nofollow")
	return c.HTMLBlob(status, out.Bytes())
}
