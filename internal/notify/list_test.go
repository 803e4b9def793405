package notify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/notify/way/waytest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func as(id string, role soar.Role) soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: id}, Roles: []soar.Role{role}, Token: "tok-1"}
}

// TestNotices: what was sent is shown page by page, narrowed by what is asked for, and
// only as far as the caller needs to know.
func TestNotices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, order("slack", "email"))
	open, secret := storedIncident(t, w, "INC-2026-0A1B2C", soar.TLPAmber), storedIncident(t, w, "INC-2026-0A1B2D", soar.TLPRed)
	for n, id := range []string{open, secret, "", open} {
		m := note(n)
		m.IncidentID = id
		if n == 3 {
			w.ways["slack"].answer = down(connector.Permanent)
		}
		if err := w.deliver(m); err != nil {
			t.Fatal(err)
		}
	}
	all := soar.NoticeFilter{Page: soar.Page{Limit: 100}}
	for _, row := range []struct {
		name   string
		p      soar.Principal
		change func(*soar.NoticeFilter)
		want   []string // message/way=state, sorted by message
		code   soar.Code
	}{
		{name: "a lead sees all", p: as(lead, soar.RoleSOCLead), want: []string{"m-0000/slack=sent", "m-0001/slack=sent", "m-0002/slack=sent", "m-0003/email=sent", "m-0003/slack=failed"}},
		{name: "red is for those who lead", p: as(analyst, soar.RoleAnalyst), want: []string{"m-0000/slack=sent", "m-0002/slack=sent", "m-0003/email=sent", "m-0003/slack=failed"}},
		{name: "by incident", p: as(analyst, soar.RoleAnalyst), change: func(f *soar.NoticeFilter) { f.IncidentID = secret }},
		{name: "by state", p: as(analyst, soar.RoleAnalyst), change: func(f *soar.NoticeFilter) { f.State = soar.NoticeFailed }, want: []string{"m-0003/slack=failed"}},
		{name: "by way", p: as(analyst, soar.RoleAnalyst), change: func(f *soar.NoticeFilter) { f.Way = "email" }, want: []string{"m-0003/email=sent"}},
		{name: "by person", p: as(analyst, soar.RoleAnalyst), change: func(f *soar.NoticeFilter) { f.Person = analyst }},
		{name: "a state that is none", p: as(analyst, soar.RoleAnalyst), change: func(f *soar.NoticeFilter) { f.State = "lost" }, code: soar.CodeInvalid},
		{name: "an administrator sees no subject", p: as("admin@lab.invalid", soar.RoleAdmin), want: []string{"m-0000/slack=sent", "m-0002/slack=sent", "m-0003/email=sent", "m-0003/slack=failed"}},
		{name: "a tool", p: as("wazuh", soar.RoleTool), code: soar.CodeDenied},
	} {
		filter := all
		if row.change != nil {
			row.change(&filter)
		}
		list, _, err := w.service.Notices(t.Context(), row.p, filter)
		if soar.CodeOf(err) != row.code {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		var got []string
		for _, one := range list {
			got = append(got, one.MessageID+"/"+one.Way+"="+string(one.State))
			if bare := row.p.Has(soar.RoleAdmin); (one.Subject == "") != bare {
				t.Errorf("%s: subject %q", row.name, one.Subject)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", row.name, diff)
		}
	}
	seen := map[string]bool{}
	filter := soar.NoticeFilter{Page: soar.Page{Limit: 2}}
	for range 3 {
		page, next, err := w.service.Notices(t.Context(), as(lead, soar.RoleSOCLead), filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range page {
			seen[one.Key] = true
		}
		filter.After = next
	}
	if len(seen) != 5 || filter.After != "" {
		t.Errorf("%d on three pages, then %q", len(seen), filter.After)
	}
	key := soar.NoticeKey("m-0001", lead, "slack")
	if one, err := w.service.Notice(t.Context(), as(lead, soar.RoleSOCLead), key); err != nil || one.Key != key {
		t.Errorf("%+v %v", one, err)
	}
	if _, err := w.service.Notice(t.Context(), as(analyst, soar.RoleAnalyst), key); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("an analyst reads what is about a red incident: %v", err)
	}
}

// TestTest: a test is one real message, and says what became of it.
func TestTest(t *testing.T) {
	t.Parallel()
	server := waytest.NewMailServer(t)
	w := newWorld(t, nil)
	w.use("email", "smtp", map[string]string{"server": server.Address, "ca": server.CA, "from": "tocsin@soc.test"}, nil)
	admin := as("admin@lab.invalid", soar.RoleAdmin)
	for _, row := range []struct {
		name, way, person string
		p                 soar.Principal
		prepare           func()
		state             soar.NoticeState
		code              soar.Code
		says              string
	}{
		{name: "to oneself", way: "email", p: as(analyst, soar.RoleAnalyst), state: soar.NoticeSent},
		{name: "to another", way: "email", person: lead, p: admin, state: soar.NoticeSent},
		{name: "to another, by who may not", way: "email", person: lead, p: as(analyst, soar.RoleAnalyst), code: soar.CodeDenied, says: "operations:retry"},
		{name: "to a place, by who may not", way: "pager", p: as(lead, soar.RoleSOCLead), code: soar.CodeDenied, says: "operations:retry"},
		{name: "to a place", way: "pager", p: admin, state: soar.NoticeSent},
		{name: "to somebody at a place", way: "pager", person: lead, p: admin, code: soar.CodeInvalid, says: "leave the person out"},
		{name: "to a stranger", way: "email", person: "x@evil.test", p: admin, code: soar.CodeInvalid, says: "nobody in the directory"},
		{name: "by no way", way: "pigeon", p: admin, code: soar.CodeInvalid, says: "set up are: email, pager, slack"},
		{name: "refused", way: "email", person: lead, p: admin, prepare: func() { server.Refuse(lead, 550) }, state: soar.NoticeFailed, says: "refuses the message"},
		{name: "lost", way: "email", person: analyst, p: admin, prepare: func() { server.Cut("data", 1) }, state: soar.NoticeUnknown, says: "the connection ended"},
	} {
		if row.prepare != nil {
			row.prepare()
		}
		sent, err := w.service.Test(t.Context(), row.p, row.way, row.person)
		if soar.CodeOf(err) != row.code || sent.State != row.state || !strings.Contains(soar.MessageOf(err)+sent.Problem, row.says) {
			t.Errorf("%s: %+v %v", row.name, sent, err)
		}
		if err != nil {
			continue
		}
		kept, err := w.service.Notice(t.Context(), as(lead, soar.RoleSOCLead), sent.Key)
		if diff := cmp.Diff(sent, kept); diff != "" || err != nil {
			t.Errorf("%s: %v (-told +kept)\n%s", row.name, err, diff)
		}
	}
	mails := server.Mails()
	if len(mails) != 3 || mails[0].To[0] != analyst || !strings.Contains(string(mails[0].Raw), "This is a test. Nothing happened.") {
		t.Errorf("%d mails", len(mails))
	}
	said := w.texts(record.ChainSystem)
	if len(said) != 5 || said[4] != "Test message to "+analyst+" by email: unknown: the connection ended while the message was handed over" {
		t.Errorf("the record says %q", said)
	}
	if next, told, err := w.service.Follow(t.Context(), ""); next != "" || told != 0 || err != nil {
		t.Errorf("a test page is followed: %d %v", told, err)
	}
}

// storedIncident opens an incident in the database, where lists look.
func storedIncident(t *testing.T, w *world, id string, label soar.TLP) string {
	t.Helper()
	opened := record.Payload{At: noon, Kind: protocol.EventIncidentOpened, By: soar.System("test"), Text: "opened"}
	err := w.store.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: soar.Incident{
		ID: id, Title: "Title of " + id, Status: soar.StatusAssessed, Severity: soar.SeverityHigh, TLP: label, Category: soar.CategoryBruteForce, OpenedBy: soar.System("test"), OpenedAt: noon,
	}}}, opened)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
