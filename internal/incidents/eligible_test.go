package incidents

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// town is a directory in memory, with the rules of internal/people.
type town struct {
	people   []soar.Person
	skills   []soar.Qualification
	absences []soar.Absence
	classes  *policy.Policy
	err      error
}

func (d town) Find(_ context.Context, id string) (soar.Person, error) {
	for _, person := range d.people {
		if person.ID == id {
			return person, d.err
		}
	}
	return soar.Person{}, firstOf(d.err, missing("person", id))
}

func (d town) Unqualified(_ context.Context, id string, actions []string, at time.Time) (lacking []string, err error) {
	for _, class := range d.classes.Demanded(actions) {
		held := false
		for _, q := range d.skills {
			held = held || q.Person == id && q.Class == class && q.ValidAt(at)
		}
		if !held {
			lacking = append(lacking, class)
		}
	}
	return lacking, d.err
}

func (d town) Represents(ctx context.Context, id string, at time.Time) (away []soar.Person, err error) {
	for _, absence := range d.absences {
		if absence.Delegate == id && absence.Covers(at) {
			person, err := d.Find(ctx, absence.Person)
			if err != nil {
				return nil, err
			}
			away = append(away, person)
		}
	}
	return away, d.err
}

func resident(name string, since time.Time, roles ...soar.Role) soar.Person {
	person := soar.Person{ID: name + "@lab.invalid", Email: name + "@lab.invalid", Active: true, UpdatedAt: noon()}
	for _, role := range roles {
		person.Roles = append(person.Roles, soar.RoleGrant{Role: role, Since: since})
	}
	return person
}

// published says that one person published every playbook.
type published string

func (p published) PlaybookByDigest(_ context.Context, digest string) (soar.PlaybookVersion, error) {
	if digest != "plan" {
		return soar.PlaybookVersion{}, missing("playbook", digest)
	}
	return soar.PlaybookVersion{PublishedBy: person(string(p)).Actor}, nil
}

// inTown gives the world a directory: two leads, an analyst who stands in for ciso,
// a deputy who stands in for who asked, and edr.isolate_host for the qualified only.
func inTown(t *testing.T) (*world, *town) {
	t.Helper()
	w, early := newWorld(t), noon().Add(-48*time.Hour)
	w.policy.Classes = []policy.Class{{Name: "isolation", Title: "Isolate", Actions: []string{"edr.isolate_*"}}}
	d := &town{classes: w.policy}
	for name, role := range map[string]soar.Role{
		"lead": soar.RoleSOCLead, "lead2": soar.RoleSOCLead, "ciso": soar.RoleCISO, "analyst": soar.RoleAnalyst,
		"deputy": soar.RoleAnalyst, "asked": soar.RoleSOCLead, "editor": soar.RoleSOCLead,
	} {
		d.people = append(d.people, resident(name, early, role))
		d.skills = append(d.skills, soar.Qualification{Person: name + "@lab.invalid", Class: "isolation", ValidFrom: early, ValidUntil: noon().Add(time.Hour)})
	}
	d.absences = []soar.Absence{
		{Person: "ciso@lab.invalid", Delegate: "analyst@lab.invalid", From: early, Until: noon().Add(time.Hour)},
		{Person: "asked@lab.invalid", Delegate: "deputy@lab.invalid", From: early, Until: noon().Add(time.Hour)},
	}
	w.people, w.versions = d, published("editor")
	approval := w.store.approvals["APR-INC-amber"]
	approval.RequestedAt, approval.NoAuthors, approval.PlaybookDigest = noon().Add(-time.Hour), true, "plan"
	w.store.approvals[approval.ID] = approval
	return w, d
}

func (d *town) change(name string, change func(*soar.Person)) {
	for i := range d.people {
		if d.people[i].ID == name+"@lab.invalid" {
			change(&d.people[i])
		}
	}
}

// TestWhoMayDecideInTown is the matrix of roles' age, competence, delegation and
// second accounts. Every refusal stands in the record and nothing is committed.
func TestWhoMayDecideInTown(t *testing.T) {
	t.Parallel()
	late := noon().Add(-time.Minute)
	rows := []struct {
		name   string
		p      soar.Principal
		change func(*town, *soar.Approval)
		part   string // of the refusal; empty: it counts
	}{
		{"a lead", lead(), nil, ""},
		{"nobody here", person("stranger", soar.RoleSOCLead), nil, "is not known here"},
		{"who has left", lead(), func(d *town, _ *soar.Approval) { d.change("lead", func(p *soar.Person) { p.Active = false }) }, "is not active"},
		{"a role of yesterday's token", lead(), func(d *town, _ *soar.Approval) { d.change("lead", func(p *soar.Person) { p.Roles = nil }) }, "is for soc_lead"},
		{"a narrowed token's role, where the directory has no row", lead(), func(d *town, _ *soar.Approval) {
			d.change("lead", func(p *soar.Person) { p.Roles, p.Narrowed, p.UpdatedAt = nil, p.Roles, time.Time{} })
		}, ""},
		{"a narrowed token made after it was asked", lead(), func(d *town, _ *soar.Approval) {
			d.change("lead", func(p *soar.Person) {
				p.Roles, p.Narrowed, p.UpdatedAt = nil, []soar.RoleGrant{{Role: soar.RoleSOCLead, Since: late}}, time.Time{}
			})
		}, "you hold soc_lead since 2026-03-02T11:59:00Z only"},
		{"a role of which nobody knows since when", lead(), func(d *town, _ *soar.Approval) {
			d.change("lead", func(p *soar.Person) { p.Roles, p.UpdatedAt = nil, time.Time{} })
		}, "is for soc_lead"},
		{"a role got after it was asked", lead(), func(d *town, _ *soar.Approval) {
			d.change("lead", func(p *soar.Person) { p.Roles[0].Since = late })
		}, "you hold soc_lead since 2026-03-02T11:59:00Z only"},
		{"a role got before it was let in", lead(), func(d *town, a *soar.Approval) {
			d.change("lead", func(p *soar.Person) { p.Roles[0].Since = late })
			a.Approvers[0].Since = noon()
		}, ""},
		{"let in later, and from the start", lead(), func(d *town, a *soar.Approval) {
			d.change("lead", func(p *soar.Person) { p.Roles[0].Since = late })
			a.Approvers = append(a.Approvers, soar.Approver{Role: soar.RoleSOCLead, Since: noon()})
		}, "only, after it was asked for"},
		{"never qualified", lead(), func(d *town, _ *soar.Approval) { d.skills = nil }, "needs a qualification for isolation"},
		{"qualified until now", lead(), func(d *town, _ *soar.Approval) {
			for i := range d.skills {
				d.skills[i].ValidUntil = noon()
			}
		}, "none that is valid at 2026-03-02T12:00:00Z"},
		{"qualified from now", lead(), func(d *town, _ *soar.Approval) {
			for i := range d.skills {
				d.skills[i].ValidFrom = noon()
			}
		}, ""},
		{"what needs no class", lead(), func(d *town, a *soar.Approval) { d.skills = nil; a.Bound[0].Action = "edr.look" }, ""},
		{"who published the playbook", person("editor", soar.RoleSOCLead), nil, "leaves it to somebody else"},
		{"who published it, where authors may", person("editor", soar.RoleSOCLead), func(_ *town, a *soar.Approval) { a.NoAuthors = false }, ""},
		{"a playbook that nobody published", lead(), func(_ *town, a *soar.Approval) { a.PlaybookDigest = "gone" }, "cannot be told"},
		{"the delegate of who is away", analyst(), nil, ""},
		{"the delegate, unqualified himself", analyst(), func(d *town, _ *soar.Approval) {
			for i := range d.skills {
				if d.skills[i].Person == "analyst@lab.invalid" {
					d.skills[i].Person = "ciso@lab.invalid"
				}
			}
		}, "needs a qualification"},
		{"the delegate, of who is back", analyst(), func(d *town, _ *soar.Approval) { d.absences[0].Until = noon() }, "approval:decide"},
		{"the delegate of who asked", person("deputy", soar.RoleAnalyst), nil, "you may not decide approval APR-INC-amber for asked@lab.invalid"},
		{"the delegate, excluded himself", analyst(), func(_ *town, a *soar.Approval) { a.Exclude = append(a.Exclude, analyst().Actor) }, "leaves it to somebody else"},
		{"the delegate, after the one he stands in for", analyst(), func(_ *town, a *soar.Approval) {
			a.Quorum = 2
			a.Decisions = []soar.Decision{{ApprovalID: a.ID, Approve: true, By: person("ciso").Actor, Digest: "d1", At: late}}
		}, "ciso@lab.invalid has decided already"},
		{"who came back, after the delegate", person("ciso", soar.RoleCISO), func(_ *town, a *soar.Approval) {
			a.Quorum = 2
			a.Decisions = []soar.Decision{{ApprovalID: a.ID, Approve: true, By: analyst().Actor, OnBehalfOf: "ciso@lab.invalid", Digest: "d1", At: late}}
		}, "analyst@lab.invalid has decided already"},
		{"a second account of who asked", lead(), func(d *town, _ *soar.Approval) {
			d.change("lead", func(p *soar.Person) { p.Email = "Asked@lab.invalid" })
		}, "leaves it to somebody else"},
		{"two accounts with one address, of which one asked", lead(), func(d *town, _ *soar.Approval) {
			d.change("lead", func(p *soar.Person) { p.Email = "one@lab.invalid" })
			d.change("asked", func(p *soar.Person) { p.Email = "one@lab.invalid" })
		}, "leaves it to somebody else"},
		{"a second account of who decided", lead(), func(d *town, a *soar.Approval) {
			d.change("lead", func(p *soar.Person) { p.Email = "one@lab.invalid" })
			a.Quorum = 2
			a.Decisions = []soar.Decision{{ApprovalID: a.ID, Approve: true, By: person("lead2").Actor, AlsoKnownAs: []string{"one@lab.invalid"}, Roles: lead().Roles, Digest: "d1", At: late}}
		}, "lead2@lab.invalid has decided already"},
		{"what is needed besides", person("ciso", soar.RoleCISO), func(_ *town, a *soar.Approval) {
			a.Approvers, a.Needs = a.Approvers[:1], []soar.Approver{{Role: soar.RoleCISO}}
		}, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w, d := inTown(t)
			approval := w.store.approvals["APR-INC-amber"]
			if row.change != nil {
				row.change(d, &approval)
			}
			w.store.approvals[approval.ID] = approval
			_, err := w.Decide(t.Context(), row.p, yes())
			after := len(w.store.approvals[approval.ID].Decisions)
			if row.part == "" {
				if err != nil || after != len(approval.Decisions)+1 {
					t.Errorf("got %v, %d decisions", err, after)
				}
				return
			}
			if !strings.Contains(soar.MessageOf(err), row.part) || after != len(approval.Decisions) {
				t.Errorf("got %v, %d decisions; want %q", err, after, row.part)
			}
			refused := soar.CodeOf(err) == soar.CodeDenied || soar.CodeOf(err) == soar.CodeConflict
			if entries := w.entries("INC-amber"); refused && (len(entries) != 1 || !strings.Contains(entries[0], "was refused: ")) {
				t.Errorf("record: %v", entries)
			}
		})
	}
}

func TestDelegatesDecision(t *testing.T) {
	t.Parallel()
	w, _ := inTown(t)
	got := must(w.Decide(t.Context(), analyst(), yes()))(t)
	want := soar.Decision{
		ID: "d-1", ApprovalID: "APR-INC-amber", IncidentID: "INC-amber", Approve: true, By: analyst().Actor, Roles: analyst().Roles,
		Reason: "seen it", Digest: "d1", Via: "cli", At: noon(), OnBehalfOf: "ciso@lab.invalid", RepresentedRoles: []soar.Role{soar.RoleCISO},
		Qualifications: []string{"isolation"},
	}
	if diff := cmp.Diff([]soar.Decision{want}, got.Decisions); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if entries := w.entries("INC-amber"); !strings.Contains(entries[0], "analyst@lab.invalid on behalf of ciso@lab.invalid approved") {
		t.Errorf("record: %v", entries)
	}
}

// A list of what is one's own has what one may decide for who is away.
func TestMineHasWhatADelegateMayDecide(t *testing.T) {
	t.Parallel()
	w, d := inTown(t)
	me, other := analyst(), lead()
	for name, row := range map[string]struct {
		mine *soar.Principal
		want []string
	}{"the delegate": {&me, []string{"ciso@lab.invalid"}}, "somebody else": {&other, nil}, "everybody's": {nil, nil}} {
		_, _, err := w.Approvals(t.Context(), analyst(), soar.ApprovalFilter{Mine: row.mine})
		if err != nil || !slices.Equal(w.store.away, row.want) {
			t.Errorf("%s: for %v, %v", name, w.store.away, err)
		}
	}
	d.err = soar.Errorf(soar.CodeUnavailable, "town", "away")
	if _, _, err := w.Approvals(t.Context(), analyst(), soar.ApprovalFilter{Mine: &me}); soar.CodeOf(err) != soar.CodeUnavailable {
		t.Errorf("a list that may lack something: %v", err)
	}
}

// Unknown is an error: nothing is decided while the directory cannot be asked.
func TestDirectoryAway(t *testing.T) {
	t.Parallel()
	w, d := inTown(t)
	d.err = soar.Errorf(soar.CodeUnavailable, "town", "away")
	if _, err := w.Decide(t.Context(), lead(), yes()); soar.CodeOf(err) != soar.CodeUnavailable || len(w.store.approvals["APR-INC-amber"].Decisions) > 0 {
		t.Errorf("got %v", err)
	}
}
