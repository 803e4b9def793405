package store_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func evidence(id string) soar.Evidence {
	return soar.Evidence{ID: id, IncidentID: incidentID, StepPath: "r1/collect", Name: "../../etc/passwd", MediaType: "text/plain", Bytes: 5, SHA256: strings.Repeat("ab", 32), Source: "web-1", Method: "edr.collect_evidence", Volatility: 1, CollectedBy: analyst, CollectedAt: at, TLP: soar.TLPAmber}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	first := soar.CustodyEntry{What: "collected", By: analyst, Why: "step", At: at}
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-1"), first, event("collected")))
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-1"), first, event("collected"))) // an activity's second attempt
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-2"), first, event("collected too")))
	must(t, s.CustodyAppend(t.Context(), soar.CustodyEntry{EvidenceID: "EVD-1", Seq: 77, What: "exported", By: lead, At: at}, event("exported")))

	same(t, []soar.Evidence{evidence("EVD-1"), evidence("EVD-2")}, get(s.EvidenceList(t.Context(), incidentID))(t))
	same(t, evidence("EVD-2"), get(s.EvidenceGet(t.Context(), "EVD-2"))(t))
	want := []soar.CustodyEntry{{EvidenceID: "EVD-1", Seq: 1, What: "collected", By: analyst, Why: "step", At: at}, {EvidenceID: "EVD-1", Seq: 2, What: "exported", By: lead, At: at}}
	same(t, want, get(s.CustodyList(t.Context(), "EVD-1"))(t))
	same(t, []string{"opened", "collected", "collected too", "exported"}, chain(t, s, incidentID))

	other := evidence("EVD-1")
	other.SHA256 = strings.Repeat("cd", 32)
	wantCode(t, s.EvidenceInsert(t.Context(), other, first, event("x")), soar.CodeConflict, "other contents")
	other.SHA256 = "short"
	wantCode(t, s.EvidenceInsert(t.Context(), other, first, event("x")), soar.CodeInvalid, "SHA-256")
	other = evidence("EVD-3")
	other.IncidentID = "nope"
	wantCode(t, s.EvidenceInsert(t.Context(), other, first, event("x")), soar.CodeNotFound, "refers")
	wantCode(t, s.CustodyAppend(t.Context(), soar.CustodyEntry{EvidenceID: "nope"}, event("x")), soar.CodeNotFound, "evidence")
	_, err := s.EvidenceGet(t.Context(), "nope")
	wantCode(t, err, soar.CodeNotFound, "evidence")
}

func TestCustodyAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-1"), soar.CustodyEntry{What: "collected"}, event("collected")))
	must(t, errors.Join(together(16, func(int) error {
		return s.CustodyAppend(t.Context(), soar.CustodyEntry{EvidenceID: "EVD-1", What: "verified"}, event("verified"))
	})...))
	for i, entry := range get(s.CustodyList(t.Context(), "EVD-1"))(t) {
		same(t, i+1, entry.Seq)
	}
	same(t, 18, len(chain(t, s, incidentID)))
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	digest, _, size, err := s.BlobPut(t.Context(), strings.NewReader("hello"), 100)
	must(t, err)
	same(t, int64(5), size)
	in := get(s.BlobOpen(t.Context(), digest))(t)
	defer in.Close()
	same(t, "hello", string(get(io.ReadAll(in))(t)))

	without := storetest.Open(t, storetest.URL(t), store.Options{})
	_, _, _, err = without.BlobPut(t.Context(), strings.NewReader("x"), 1)
	wantCode(t, err, soar.CodeUnavailable, "no folder")
	_, err = without.BlobOpen(t.Context(), digest)
	wantCode(t, err, soar.CodeUnavailable, "no folder")
}

// TestRegisters lists containments and evidence of all incidents, newest first,
// with their filters, also those that were stored before there was such a list.
func TestRegisters(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyURL(t)
	must(t, store.Migrate(t.Context(), url))
	must(t, store.MigrateDown(t.Context(), url, 7))
	must(t, raw(t, url, `INSERT INTO incidents (id, doc, title, status, severity, category, owner, ended, correlation_key, opened_at)
		VALUES ('INC-old', '{"id":"INC-old","tlp":"amber"}', '', 'assessed', '', '', '', false, '', now())`))
	must(t, raw(t, url, `INSERT INTO containments (id, incident_id, doc, state) VALUES
		('c-old', 'INC-old', '{"id":"c-old","incident_id":"INC-old","target":"web-01","since":"2026-01-01T00:00:00Z","state":"active"}', 'active')`))
	must(t, raw(t, url, `INSERT INTO evidence (id, incident_id, doc, sha256) VALUES
		('EVD-old', 'INC-old', '{"id":"EVD-old","incident_id":"INC-old","tlp":"amber","collected_at":"2026-01-01T00:00:00Z"}', 'aa')`))
	must(t, store.Migrate(t.Context(), url))
	s := storetest.Open(t, url, store.Options{})
	open(t, s, incidentID)
	held := func(id, target, state string, since time.Time) soar.Containment {
		return soar.Containment{ID: id, IncidentID: incidentID, Target: target, State: state, Since: since}
	}
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: incidentID, Events: events(1, 2), Containments: []soar.Containment{
		held("c-1", "WEB-02", "active", at), held("c-2", "db-01", "released", at.Add(time.Hour)), held("c-3", "db-02", "release_failed", at.Add(2*time.Hour)),
	}}))(t)
	withEvidence := soar.EvidenceFilter{Page: soar.Page{Limit: 1}}
	item := evidence("EVD-1")
	item.TLP = soar.TLPRed
	must(t, s.EvidenceInsert(t.Context(), item, soar.CustodyEntry{What: "collected", By: analyst, At: at}, event("collected")))

	ids := func(f soar.ContainmentFilter) (out []string) {
		for {
			page, next, err := s.ContainmentList(t.Context(), f)
			must(t, err)
			for _, one := range page {
				out = append(out, one.ID)
			}
			if f.After = next; next == "" {
				return out
			}
		}
	}
	same(t, []string{"c-3", "c-1", "c-old"}, ids(soar.ContainmentFilter{Held: true, Page: soar.Page{Limit: 1}}))
	same(t, []string{"c-2"}, ids(soar.ContainmentFilter{State: "released"}))
	same(t, []string{"c-1", "c-old"}, ids(soar.ContainmentFilter{Target: "web-"}))
	same(t, []string{"c-old"}, ids(soar.ContainmentFilter{IncidentID: "INC-old"}))

	first, next, err := s.EvidencePage(t.Context(), withEvidence)
	must(t, err)
	withEvidence.After = next
	second, last, err := s.EvidencePage(t.Context(), withEvidence)
	must(t, err)
	if len(first) != 1 || len(second) != 1 || last != "" || first[0].ID != "EVD-1" || second[0].ID != "EVD-old" {
		t.Errorf("got %v, %v, %q", first, second, last)
	}
	seen, _, err := s.EvidencePage(t.Context(), soar.EvidenceFilter{Viewer: &soar.Viewer{Person: "somebody"}})
	must(t, err)
	if len(seen) != 1 || seen[0].ID != "EVD-old" {
		t.Errorf("who leads nothing sees %v", seen)
	}
}

// TestMine lists what somebody may decide or has to do, by name or by role, and
// not what he is excluded from.
func TestMine(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	approvals := []soar.Approval{approval("APR-role", at.Add(time.Hour)), approval("APR-name", at.Add(time.Hour)), approval("APR-out", at.Add(time.Hour)), approval("APR-other", at.Add(time.Hour))}
	approvals[0].Approvers = []soar.Approver{{Role: soar.RoleCISO}, {Role: soar.RoleSOCLead}}
	approvals[1].Approvers = []soar.Approver{{Person: "me@lab.invalid"}}
	approvals[2].Approvers, approvals[2].Exclude = []soar.Approver{{Role: soar.RoleSOCLead}}, []soar.Actor{{Kind: soar.ActorPerson, ID: "me@lab.invalid"}}
	approvals[3].Approvers = nil
	tasks := []soar.Task{task("TSK-role"), task("TSK-other")}
	tasks[0].Assignee, tasks[1].Assignee = soar.Approver{Role: soar.RoleSOCLead}, soar.Approver{Person: "other@lab.invalid"}
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: incidentID, Events: events(1, 2), Approvals: approvals, Tasks: tasks}))(t)
	me := soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "me@lab.invalid"}, Roles: []soar.Role{soar.RoleSOCLead}}
	var got []string
	found, _, err := s.ApprovalList(t.Context(), soar.ApprovalFilter{Mine: &me})
	must(t, err)
	for _, one := range found {
		got = append(got, one.ID)
	}
	todo, _, err := s.TaskList(t.Context(), soar.TaskFilter{Mine: &me})
	must(t, err)
	for _, one := range todo {
		got = append(got, one.ID)
	}
	same(t, []string{"APR-role", "APR-name", "TSK-role"}, got)

	// For who is away: what is for them by name or role, and excludes neither.
	away := []soar.Person{{ID: "ciso@lab.invalid", Email: "chief@lab.invalid", Active: true, Roles: []soar.RoleGrant{{Role: soar.RoleCISO}}}}
	approvals = []soar.Approval{approval("APR-away-role", at.Add(time.Hour)), approval("APR-away-name", at.Add(time.Hour)), approval("APR-away-out", at.Add(time.Hour)), approval("APR-me-out", at.Add(time.Hour)), approval("APR-needs", at.Add(time.Hour))}
	for i := range approvals {
		approvals[i].Approvers = []soar.Approver{{Role: soar.RoleCISO}}
	}
	approvals[1].Approvers = []soar.Approver{{Person: "ciso@lab.invalid"}}
	approvals[2].Exclude = []soar.Actor{{Kind: soar.ActorPerson, ID: "chief@lab.invalid"}}
	approvals[3].Exclude = []soar.Actor{{Kind: soar.ActorPerson, ID: "me@lab.invalid"}}
	approvals[4].Approvers, approvals[4].Needs = nil, []soar.Approver{{Role: soar.RoleSOCLead}}
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: incidentID, Events: events(3, 4), Approvals: approvals}))(t)
	got = nil
	found, _, err = s.ApprovalList(t.Context(), soar.ApprovalFilter{Mine: &me, Away: away})
	must(t, err)
	for _, one := range found {
		got = append(got, one.ID)
	}
	slices.Sort(got)
	same(t, []string{"APR-away-name", "APR-away-role", "APR-name", "APR-needs", "APR-role"}, got)
}

// TestAlertFilters finds an alert by each of its fields, whatever the case.
func TestAlertFilters(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	one := alert(1)
	one.Host, one.User, one.Title, one.Severity = soar.Host{Name: "Web-01", IP: "192.0.2.1"}, soar.User{Email: "root@lab.invalid"}, "50% of LOGINS_failed", soar.SeverityHigh
	get2(s.AlertInsert(t.Context(), one, nil))(t)
	get2(s.AlertInsert(t.Context(), alert(2), nil))(t)
	before, after := one.ReceivedAt.Add(-time.Hour), one.ReceivedAt.Add(time.Hour)
	for name, row := range map[string]struct {
		filter soar.AlertFilter
		want   int
	}{
		"host by name": {soar.AlertFilter{Host: "web-01"}, 1}, "host by address": {soar.AlertFilter{Host: "192.0.2.1"}, 1}, "part of a host": {soar.AlertFilter{Host: "web"}, 0},
		"user": {soar.AlertFilter{User: "ROOT@lab.invalid"}, 1}, "text": {soar.AlertFilter{Query: "logins_F"}, 1}, "no wildcards": {soar.AlertFilter{Query: "%failed"}, 0},
		"severity": {soar.AlertFilter{Severity: soar.SeverityHigh, Host: "web-01"}, 1}, "since": {soar.AlertFilter{Since: &before}, 2}, "too late": {soar.AlertFilter{Since: &after}, 0}, "until": {soar.AlertFilter{Until: &before}, 0},
	} {
		found, _, err := s.AlertList(t.Context(), row.filter)
		must(t, err)
		if len(found) != row.want {
			t.Errorf("%s: %d found, want %d", name, len(found), row.want)
		}
	}
}
