package incidents

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
)

// calendar is who is on call, by roster.
type calendar map[string]string

func (c calendar) Names() []string {
	var names []string
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (c calendar) OnCall(_ context.Context, roster string, _ time.Time) ([]string, error) {
	person, known := c[roster]
	if !known {
		return nil, soar.Errorf(soar.CodeNotFound, "calendar", "no roster %s", roster)
	}
	if person == "" {
		return nil, nil
	}
	return []string{person}, nil
}

// crowd is the directory; who is nobody in it is not known.
type crowd map[string]soar.Person

func (c crowd) Find(_ context.Context, id string) (soar.Person, error) {
	person, known := c[id]
	if !known {
		return soar.Person{}, soar.Errorf(soar.CodeNotFound, "crowd", "no person %s", id)
	}
	return person, nil
}

func (crowd) Unqualified(context.Context, string, []string, time.Time) ([]string, error) {
	return nil, nil
}

func (crowd) Represents(context.Context, string, time.Time) ([]soar.Person, error) { return nil, nil }

func member(p soar.Principal) soar.Person {
	known := soar.Person{ID: p.Actor.ID, Active: true}
	for _, role := range p.Roles {
		known.Roles = append(known.Roles, soar.RoleGrant{Role: role})
	}
	return known
}

var (
	anna = person("anna", soar.RoleAnalyst)
	otto = person("otto", soar.RoleAnalyst)
	jura = person("jura", soar.RoleLegal)
)

// office is the use case on the real store with a Temporal that is away, people, two
// rosters and one open task for analysts in an incident with the label.
func office(t *testing.T, label soar.TLP) (*Service, *store.Store) {
	t.Helper()
	service, s := onStore(t)
	gone := member(person("gone", soar.RoleAnalyst))
	gone.Active = false
	service.people = crowd{
		anna.Actor.ID: member(anna), otto.Actor.ID: member(otto), jura.Actor.ID: member(jura), "lead@lab.invalid": member(lead()), "gone@lab.invalid": gone,
		"reader@lab.invalid": member(person("reader", soar.RoleAuditor)),
	}
	service.rosters = calendar{"soc": anna.Actor.ID, "night": "", "law": jura.Actor.ID}
	open := protocol.OpenIncident{Input: protocol.IncidentInput{Incident: soar.Incident{ID: "INC-1", Title: "x", Status: soar.StatusAssessed, TLP: label, OpenedAt: noon()}}}
	if err := s.IncidentOpen(t.Context(), open, record.Payload{At: noon(), Kind: "note", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	journal(t, s, 1, soar.Task{ID: "TSK-1", IncidentID: "INC-1", Title: "Call", Status: soar.TaskOpen, Assignee: soar.Approver{Role: soar.RoleAnalyst}, CreatedAt: noon()})
	return service, s
}

func journal(t *testing.T, s *store.Store, seq int64, task soar.Task) {
	t.Helper()
	must(s.JournalWrite(t.Context(), protocol.JournalBatch{
		IncidentID: "INC-1", Tasks: []soar.Task{task}, Events: []protocol.TimelineEvent{{Seq: seq, At: noon(), Kind: "note", By: soar.System("t"), Text: "x"}},
	}))(t)
}

func claim(id string) HandRequest {
	return HandRequest{TaskID: "TSK-1", RequestID: id, Do: protocol.TaskClaim}
}

func give(id string, to soar.Approver) HandRequest {
	return HandRequest{TaskID: "TSK-1", RequestID: id, Do: protocol.TaskAssign, To: to, Reason: "knows it"}
}

func back(id string) HandRequest {
	return HandRequest{TaskID: "TSK-1", RequestID: id, Do: protocol.TaskRelease}
}

// TestATaskChangesHands walks through claim, assignment, return and answer with Temporal
// away: what was committed is told the truth of at once, by every reader.
func TestATaskChangesHands(t *testing.T) {
	t.Parallel()
	service, s := office(t, soar.TLPAmber)
	ctx := t.Context()
	mine := func(p soar.Principal) int {
		list, _, err := service.Tasks(ctx, p, soar.TaskFilter{Status: soar.TaskOpen, Mine: &p})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	whose := func(want ...int) {
		t.Helper()
		if diff := cmp.Diff(want, []int{mine(anna), mine(otto), mine(jura)}); diff != "" {
			t.Errorf("whose list has it: anna, otto, jura (-want +got)\n%s", diff)
		}
	}
	refused := func(err error, code soar.Code, part string) {
		t.Helper()
		if soar.CodeOf(err) != code || !strings.Contains(soar.MessageOf(err), part) {
			t.Errorf("got %v, want %s with %q", err, code, part)
		}
	}
	whose(1, 1, 0)
	for range 2 {
		if got := must(service.HandTask(ctx, anna, claim("c-1")))(t); got.ClaimedBy == nil || got.ClaimedBy.ID != anna.Actor.ID || got.Changes != 1 {
			t.Fatalf("claimed: %+v", got)
		}
	}
	must(service.HandTask(ctx, anna, claim("c-2")))(t) // has it already
	whose(1, 0, 0)
	_, err := service.HandTask(ctx, otto, claim("c-3"))
	refused(err, soar.CodeConflict, "is with anna@lab.invalid since")
	_, err = service.CompleteTask(ctx, otto, "TSK-1", "d-1", nil)
	refused(err, soar.CodeDenied, "is with anna@lab.invalid")
	_, err = service.HandTask(ctx, otto, back("r-1"))
	refused(err, soar.CodeDenied, "who gives it back")
	_, err = service.HandTask(ctx, lead(), back("r-2"))
	refused(err, soar.CodeInvalid, "say why")

	got := must(service.HandTask(ctx, lead(), give("a-1", soar.Approver{Roster: "law"})))(t)
	if got.ClaimedBy != nil || got.Assignee.Roster != "law" || got.AssignedBy.ID != "lead@lab.invalid" || got.Changes != 2 {
		t.Errorf("assigned: %+v", got)
	}
	whose(0, 0, 1)
	_, err = service.HandTask(ctx, anna, claim("c-4"))
	refused(err, soar.CodeDenied, "is for who is on call by law")
	must(service.HandTask(ctx, jura, claim("c-5")))(t)
	whose(0, 0, 1)
	must(service.HandTask(ctx, jura, back("r-3")))(t)
	_, err = service.HandTask(ctx, jura, back("r-4"))
	refused(err, soar.CodeConflict, "nobody has claimed")
	must(service.HandTask(ctx, lead(), give("a-2", soar.Approver{Person: otto.Actor.ID})))(t)
	whose(0, 1, 0)
	_, err = service.HandTask(ctx, lead(), give("a-3", soar.Approver{Person: otto.Actor.ID}))
	refused(err, soar.CodeConflict, "is for otto@lab.invalid already")

	// The workflow's view follows, and an older one takes nothing back.
	view := must(s.TaskGet(ctx, "TSK-1"))(t)
	older := view
	older.Assignee, older.Changes = soar.Approver{Role: soar.RoleAnalyst}, 1
	journal(t, s, 2, older)
	whose(0, 1, 0)
	journal(t, s, 3, view)
	whose(0, 1, 0)
	done := must(service.CompleteTask(ctx, otto, "TSK-1", "d-2", nil))(t)
	_, err = service.HandTask(ctx, lead(), give("a-4", soar.Approver{Person: anna.Actor.ID}))
	refused(err, soar.CodeConflict, "was done by otto@lab.invalid at "+done.CompletedAt.Format(time.RFC3339))
	checkHanded(t, service)
}

// checkHanded counts what stands in the record: accepted once each, refused with why.
func checkHanded(t *testing.T, service *Service) {
	t.Helper()
	entries := must(service.Timeline(t.Context(), anna, "INC-1", 0, 100))(t)
	if faults := record.Verify(entries); !faults.OK() {
		t.Errorf("the record does not verify: %+v", faults)
	}
	kinds := map[string]int{}
	for _, entry := range entries {
		kinds[must(record.ParsePayload(entry.Payload))(t).Kind]++
	}
	if kinds[protocol.EventCommand] != 6 || kinds[protocol.EventCommandRefused] != 7 {
		t.Errorf("got %v", kinds)
	}
}

// TestWhoMayReceive: need to know, roles that complete nothing, who does not exist.
func TestWhoMayReceive(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		label soar.TLP
		to    soar.Approver
		code  soar.Code
		part  string
	}{
		{"a person", soar.TLPAmber, soar.Approver{Person: otto.Actor.ID}, "", ""},
		{"a role", soar.TLPAmber, soar.Approver{Role: soar.RoleLegal}, "", ""},
		{"a roster", soar.TLPAmber, soar.Approver{Roster: "soc"}, "", ""},
		{"nobody", soar.TLPAmber, soar.Approver{}, soar.CodeInvalid, "exactly one"},
		{"two at once", soar.TLPAmber, soar.Approver{Person: otto.Actor.ID, Role: soar.RoleLegal}, soar.CodeInvalid, "exactly one"},
		{"not known", soar.TLPAmber, soar.Approver{Person: "who@lab.invalid"}, soar.CodeInvalid, "nobody who takes part"},
		{"has left", soar.TLPAmber, soar.Approver{Person: "gone@lab.invalid"}, soar.CodeInvalid, "nobody who takes part"},
		{"may only read", soar.TLPAmber, soar.Approver{Person: "reader@lab.invalid"}, soar.CodeDenied, "may not complete tasks"},
		{"a role that only reads", soar.TLPAmber, soar.Approver{Role: soar.RoleManager}, soar.CodeDenied, "may not complete tasks"},
		{"no such roster", soar.TLPAmber, soar.Approver{Roster: "day"}, soar.CodeInvalid, "there are law, night, soc"},
		{"a roster with a gap", soar.TLPAmber, soar.Approver{Roster: "night"}, soar.CodeConflict, "nobody is on call by roster night"},
		{"need not know", soar.TLPRed, soar.Approver{Person: otto.Actor.ID}, soar.CodeDenied, "does not need to know"},
		{"a role that need not know", soar.TLPRed, soar.Approver{Role: soar.RoleAnalyst}, soar.CodeDenied, "does not need to know"},
		{"on call and need not know", soar.TLPRed, soar.Approver{Roster: "soc"}, soar.CodeDenied, "anna@lab.invalid does not need to know"},
		{"who leads may know", soar.TLPRed, soar.Approver{Role: soar.RoleCISO}, "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			service, _ := office(t, row.label)
			_, err := service.HandTask(t.Context(), lead(), give("a", row.to))
			if soar.CodeOf(err) != row.code || !strings.Contains(soar.MessageOf(err), row.part) && row.code != "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestWhoMayHand: who lacks the permission, what is no person, what does not exist.
func TestWhoMayHand(t *testing.T) {
	t.Parallel()
	service, _ := office(t, soar.TLPAmber)
	tool := soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: "edr"}, Roles: []soar.Role{soar.RoleSOCLead}}
	elsewhere := claim("x")
	elsewhere.TaskID = "TSK-2"
	for name, row := range map[string]struct {
		p       soar.Principal
		request HandRequest
		code    soar.Code
	}{
		"an analyst assigns":  {anna, give("1", soar.Approver{Person: anna.Actor.ID}), soar.CodeDenied},
		"another role claims": {jura, claim("2"), soar.CodeDenied},
		"a tool claims":       {tool, claim("3"), soar.CodeDenied},
		"an auditor claims":   {person("a", soar.RoleAuditor), claim("4"), soar.CodeDenied},
		"no such task":        {anna, elsewhere, soar.CodeNotFound},
		"no id":               {anna, claim(""), soar.CodeInvalid},
		"no such verb":        {anna, HandRequest{TaskID: "TSK-1", RequestID: "5", Do: "steal"}, soar.CodeInvalid},
		"no reason":           {lead(), HandRequest{TaskID: "TSK-1", RequestID: "6", Do: protocol.TaskAssign, To: soar.Approver{Person: anna.Actor.ID}}, soar.CodeInvalid},
		"used for another":    {lead(), give("7", soar.Approver{Person: anna.Actor.ID}), ""},
	} {
		if _, err := service.HandTask(t.Context(), row.p, row.request); soar.CodeOf(err) != row.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := service.HandTask(t.Context(), lead(), give("7", soar.Approver{Person: otto.Actor.ID})); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("the same id for somebody else: %v", err)
	}
}

// TestTheFirstClaimCounts: of many who claim at once one has it, and all others are told
// who.
func TestTheFirstClaimCounts(t *testing.T) {
	t.Parallel()
	service, s := office(t, soar.TLPAmber)
	var group sync.WaitGroup
	results := make([]error, 12)
	for i := range results {
		group.Go(func() {
			name := string(rune('a' + i))
			_, results[i] = service.HandTask(t.Context(), person(name, soar.RoleAnalyst), claim("c-"+name))
		})
	}
	group.Wait()
	has := must(s.TaskGet(t.Context(), "TSK-1"))(t).ClaimedBy
	won := 0
	for i, err := range results {
		switch {
		case err == nil:
			won++
		case soar.CodeOf(err) != soar.CodeConflict || !strings.Contains(soar.MessageOf(err), "is with "+has.ID):
			t.Errorf("%d: %v", i, err)
		}
	}
	if won != 1 {
		t.Errorf("%d have it", won)
	}
}
