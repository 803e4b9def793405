package page_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/page"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/people/link"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	peoplestore "github.com/tocsin-soar/tocsin/internal/store/people"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

// The clock of these tests stands far in the future: the store compares ends with its own.
//
// world is the page over the real use case and a real database, with a Temporal that
// is away: what is decided is committed and waits in the outbox.
type world struct {
	t        *testing.T
	store    *store.Store
	keep     peoplestore.People
	links    *link.Links
	router   *echo.Echo
	incident string
	clock    time.Time
	log      lockedBuffer
}

// lockedBuffer is a log that many requests write.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write adds to the log.
func (b *lockedBuffer) Write(part []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(part)
}

type away struct{}

func (away) UpdateIncident(context.Context, string, string, string, json.RawMessage) (protocol.Reply, error) {
	return protocol.Reply{}, soar.Errorf(soar.CodeUnavailable, "test", "Temporal is away")
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldAt(t, time.Date(2126, 3, 2, 12, 0, 0, 0, time.UTC))
}

func newWorldAt(t *testing.T, clock time.Time) *world {
	t.Helper()
	shipped, faults := policy.Load("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	w := &world{t: t, store: storetest.New(t), clock: clock}
	now := func() time.Time { return w.clock }
	w.keep = peoplestore.New(w.store)
	directory := people.New(people.Options{Store: w.keep, Tokens: w.store, Policy: shipped, Now: now})
	quiet := slog.New(slog.NewTextHandler(&w.log, nil))
	service := incidents.New(incidents.Options{Store: w.store, Workflows: away{}, People: directory, Policy: shipped, Now: now, Logger: quiet})
	w.links = link.New(link.Options{Store: w.keep, Approvals: w.store, People: directory, PublicURL: "https://tocsin.lab.invalid", Now: now})
	w.router = api.NewRouter(api.RouterOptions{Log: quiet, Now: now, NewID: func() string { return "request" }})
	page.New(page.Options{Links: w.links, Desk: service, Now: now, NewID: func() string { return "question" }, Log: quiet}).Mount(w.router)

	for id, role := range map[string]soar.Role{
		"lead@lab.invalid": soar.RoleSOCLead, "lead2@lab.invalid": soar.RoleSOCLead, "old@lab.invalid": soar.RoleSOCLead, "cio@lab.invalid": soar.RoleCISO,
		"asker@lab.invalid": soar.RoleSOCLead, "analyst@lab.invalid": soar.RoleAnalyst,
	} {
		p := soar.Person{ID: id, Name: id, Zone: "Europe/Zurich", Active: true, UpdatedAt: w.clock.Add(-24 * time.Hour), Roles: []soar.RoleGrant{{Role: role, Since: w.clock.Add(-24 * time.Hour)}}}
		must(t, second(w.keep.Save(t.Context(), time.Time{}, p, entry())))
	}
	opened, err := service.Open(t.Context(), soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "asker@lab.invalid"}, Roles: []soar.Role{soar.RoleAnalyst}},
		incidents.OpenRequest{RequestID: "r1", Title: "Spam from web-01", Severity: soar.SeverityHigh, TLP: soar.TLPAmber})
	must(t, err)
	w.incident = opened.ID
	w.ask(func(*soar.Approval) {})
	return w
}

// ask puts the approval into the database, as the workflow's journal does.
func (w *world) ask(change func(*soar.Approval)) {
	w.t.Helper()
	at := func(minutes int) time.Time { return w.clock.Add(time.Duration(minutes) * time.Minute) }
	ops := soar.Actor{Kind: soar.ActorPerson, ID: "ops@lab.invalid"}
	answered := at(-10)
	a := soar.Approval{
		ID: "APR-1", IncidentID: w.incident, StepPath: "contain/isolate", Title: "Isolate web-01?", Status: soar.ApprovalPending, Quorum: 2, OnExpire: "deny",
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}, {Role: soar.RoleCISO}}, Exclude: []soar.Actor{{Kind: soar.ActorPerson, ID: "asker@lab.invalid"}},
		Digest: strings.Repeat("d1", 32), RequestedBy: soar.Actor{Kind: soar.ActorPlaybook, ID: "playbook ssh"}, RequestedAt: at(-30), ExpiresAt: at(60),
		Bound:     []soar.BoundAction{{StepPath: "contain/isolate", Action: "edr.isolate_host", Args: map[string]any{"host": "web-01", "ttl_minutes": 240}}},
		Shown:     []soar.ShownAction{{StepPath: "contain/isolate", Action: "edr.isolate_host", Title: "Take web-01 off the network", Target: "web-01", Why: "The host sends spam", Risk: soar.RiskChange, Undo: "edr.release_host", ExpiresIn: 4 * time.Hour}},
		Questions: []soar.Question{{ID: "q1", AskedBy: soar.Actor{Kind: soar.ActorPerson, ID: "analyst@lab.invalid"}, Text: "Is the owner told?", At: at(-15), Answer: "yes", AnsweredBy: &ops, AnsweredAt: &answered}},
	}
	change(&a)
	must(w.t, second(w.store.JournalWrite(w.t.Context(), protocol.JournalBatch{IncidentID: w.incident, Approvals: []soar.Approval{a}})))
	first := soar.Decision{
		ID: "d-1", ApprovalID: "APR-1", IncidentID: w.incident, Approve: true, By: soar.Actor{Kind: soar.ActorPerson, ID: "cio@lab.invalid"}, Roles: []soar.Role{soar.RoleCISO},
		Reason: "seen it too", Digest: a.Digest, Via: "slack", At: at(-20),
	}
	if _, _, err := w.store.DecisionInsert(w.t.Context(), first, entry()); err != nil {
		w.t.Fatal(err)
	}
}

// change writes the approval again, as the workflow would.
func (w *world) change(change func(*soar.Approval)) {
	w.t.Helper()
	a := w.approval()
	change(&a)
	must(w.t, second(w.store.JournalWrite(w.t.Context(), protocol.JournalBatch{IncidentID: w.incident, Approvals: []soar.Approval{a}})))
}

// end decides it by another door.
func (w *world) end(status soar.ApprovalStatus, d soar.Decision) {
	w.t.Helper()
	d.ApprovalID, d.IncidentID, d.Digest, d.Roles = "APR-1", w.incident, w.approval().Digest, []soar.Role{soar.RoleCISO}
	if _, _, err := w.store.DecisionInsert(w.t.Context(), d, entry()); err != nil {
		w.t.Fatal(err)
	}
	w.change(func(a *soar.Approval) { a.Status, a.DecidedAt = status, &d.At })
}

func (w *world) approval() soar.Approval {
	w.t.Helper()
	a, err := w.store.ApprovalGet(w.t.Context(), "APR-1")
	must(w.t, err)
	return a
}

// decided compares the number of decisions besides the first.
func (w *world) decided(want int) {
	w.t.Helper()
	if got := len(w.approval().Decisions) - 1; got != want {
		w.t.Errorf("%d decisions, want %d", got, want)
	}
}

// recorded looks for a text in the incident's record, which must verify.
func (w *world) recorded(part string) {
	w.t.Helper()
	entries, err := w.store.RecordList(w.t.Context(), w.incident, 0, 1000)
	must(w.t, err)
	if !record.Verify(entries).OK() {
		w.t.Error("the record does not verify")
	}
	var texts []string
	for _, e := range entries {
		payload, err := record.ParsePayload(e.Payload)
		must(w.t, err)
		texts = append(texts, payload.Text)
	}
	if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, part) }) {
		w.t.Errorf("the record lacks %q:\n%s", part, strings.Join(texts, "\n"))
	}
}

func (w *world) link(person string) string {
	w.t.Helper()
	url, err := w.links.Link(w.t.Context(), "APR-1", person)
	must(w.t, err)
	return strings.TrimPrefix(url, "https://tocsin.lab.invalid")
}

func (w *world) rewrite(person string, change func(*soar.Person)) {
	w.t.Helper()
	p, err := w.keep.Person(w.t.Context(), person)
	must(w.t, err)
	before := p.UpdatedAt
	change(&p)
	p.UpdatedAt = before.Add(time.Second)
	must(w.t, second(w.keep.Save(w.t.Context(), before, p, entry())))
}

func (w *world) leaves(person string) {
	w.t.Helper()
	w.rewrite(person, func(p *soar.Person) { p.Active, p.Roles = false, nil })
}

func (w *world) withdraw(person string) {
	w.t.Helper()
	w.rewrite(person, func(p *soar.Person) { p.Roles = nil })
}

func (w *world) red() {
	w.t.Helper()
	incident, err := w.store.IncidentGet(w.t.Context(), w.incident)
	must(w.t, err)
	incident.TLP = soar.TLPRed
	must(w.t, second(w.store.JournalWrite(w.t.Context(), protocol.JournalBatch{IncidentID: w.incident, Incident: &incident})))
}

type answer struct {
	status int
	header http.Header
	body   string
}

func sameOrigin() http.Header { return http.Header{"Sec-Fetch-Site": {"same-origin"}} }

// send asks the router. A form's type is that of a browser unless the header says
// another.
func (w *world) send(method, path string, form url.Values, header http.Header) answer {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request := httptest.NewRequestWithContext(w.t.Context(), method, "https://tocsin.lab.invalid"+path, body)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range header {
		request.Header[name] = values
	}
	recorder := httptest.NewRecorder()
	w.router.ServeHTTP(recorder, request)
	got := recorder.Result()
	defer got.Body.Close()
	text := recorder.Body.String()
	if method == http.MethodHead {
		text = "" // net/http drops it
	}
	return answer{got.StatusCode, got.Header, text}
}

var hidden = regexp.MustCompile(`name="(seal|digest)" value="([^"]*)"`)

// form fills in the form of the page, as a browser does.
func (w *world) form(link, do, reason string) url.Values {
	w.t.Helper()
	shown := w.send(http.MethodGet, link, nil, nil)
	form := url.Values{"reason": {reason}}
	for _, found := range hidden.FindAllStringSubmatch(shown.body, 2) {
		form.Set(found[1], found[2])
	}
	if len(form) != 3 {
		w.t.Fatalf("the page has no form:\n%s", shown.body)
	}
	return w.form2(form, do)
}

func (w *world) form2(form url.Values, do string) url.Values {
	other := url.Values{}
	for name, values := range form {
		other[name] = slices.Clone(values)
	}
	other.Set("do", do)
	return other
}

// headers must be those of a page that can do nothing but send its own form.
func (w *world) headers(got answer) {
	w.t.Helper()
	csp := got.header.Get("Content-Security-Policy")
	if !regexp.MustCompile(`^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$`).MatchString(csp) {
		w.t.Errorf("CSP %q", csp)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow"} {
		if got.header.Get(name) != want {
			w.t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	if strings.Contains(got.body, "<script") || regexp.MustCompile(`(src|href)=`).MatchString(got.body) {
		w.t.Errorf("the page loads something:\n%s", got.body)
	}
}

func entry() record.Payload {
	return record.Payload{At: time.Date(2126, 3, 2, 12, 0, 0, 0, time.UTC), Kind: protocol.EventPersonChanged, By: soar.System("test"), Text: "set up"}
}

func second[T any](_ T, err error) error { return err }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
