package quorum_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

func person(id string) soar.Actor { return soar.Actor{Kind: soar.ActorPerson, ID: id} }

func asked(change func(*soar.Approval)) soar.Approval {
	a := soar.Approval{
		ID: "APR-1", Quorum: 2, Digest: "d", ExpiresAt: noon(), Exclude: []soar.Actor{person("asker")},
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}, {Person: "zoe"}},
	}
	if change != nil {
		change(&a)
	}
	return a
}

func yes(id string, roles ...soar.Role) soar.Decision {
	return soar.Decision{ApprovalID: "APR-1", Approve: true, By: person(id), Roles: roles, Digest: "d", At: noon().Add(-time.Minute)}
}

func lead(id string) soar.Decision { return yes(id, soar.RoleSOCLead) }

func behalf(d soar.Decision, of string, roles ...soar.Role) soar.Decision {
	d.OnBehalfOf, d.RepresentedRoles = of, roles
	return d
}

func with(d soar.Decision, change func(*soar.Decision)) soar.Decision {
	change(&d)
	return d
}

func TestWhyNot(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		d      soar.Decision
		change func(*soar.Approval)
		want   quorum.Reason
	}{
		{"by role", lead("anna"), nil, quorum.Counts},
		{"by name", yes("zoe"), nil, quorum.Counts},
		{"on behalf of a named person", behalf(yes("otto"), "zoe"), nil, quorum.Counts},
		{"on behalf of a role", behalf(yes("otto"), "anna", soar.RoleSOCLead), nil, quorum.Counts},
		{"roles represented of nobody", with(yes("otto"), func(d *soar.Decision) { d.RepresentedRoles = []soar.Role{soar.RoleSOCLead} }), nil, quorum.NotApprover},
		{"what is needed besides", yes("chief", soar.RoleCISO), func(a *soar.Approval) { a.Needs = []soar.Approver{{Role: soar.RoleCISO}} }, quorum.Counts},
		{"a role that is not asked", yes("chief", soar.RoleCISO), nil, quorum.NotApprover},
		{"a name in other letters is no approver", yes("Zoe"), nil, quorum.NotApprover},
		{"a roster never decides", yes("anna"), func(a *soar.Approval) { a.Approvers = []soar.Approver{{Roster: "night"}, {}} }, quorum.NotApprover},
		{"excluded", lead("asker"), nil, quorum.Excluded},
		{"excluded, in other letters", lead(" Asker"), nil, quorum.Excluded},
		{"excluded, by a second account", with(lead("asker2"), func(d *soar.Decision) { d.AlsoKnownAs = []string{"asker"} }), nil, quorum.Excluded},
		{"on behalf of who is excluded", behalf(lead("anna"), "asker", soar.RoleSOCLead), nil, quorum.Excluded},
		{"a playbook of that name is not the person", lead("asker"), func(a *soar.Approval) { a.Exclude[0].Kind = soar.ActorPlaybook }, quorum.Counts},
		{"a tool", with(lead("anna"), func(d *soar.Decision) { d.By.Kind = soar.ActorTool }), nil, quorum.NotAPerson},
		{"nobody", lead(""), nil, quorum.NotAPerson},
		{"another approval", with(lead("anna"), func(d *soar.Decision) { d.ApprovalID = "APR-2" }), nil, quorum.OtherApproval},
		{"another digest", with(lead("anna"), func(d *soar.Decision) { d.Digest = "e" }), nil, quorum.OtherDigest},
		{"at the last moment", with(lead("anna"), func(d *soar.Decision) { d.At = noon().Add(-time.Nanosecond) }), nil, quorum.Counts},
		{"too late", with(lead("anna"), func(d *soar.Decision) { d.At = noon() }), nil, quorum.TooLate},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := quorum.WhyNot(asked(row.change), row.d); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	no := func(d soar.Decision) soar.Decision { d.Approve = false; return d }
	ciso := []soar.Approver{{Role: soar.RoleCISO}}
	rows := []struct {
		name      string
		change    func(*soar.Approval)
		decisions []soar.Decision
		status    soar.ApprovalStatus
		have      int
		last      string
	}{
		{"nobody yet", nil, nil, soar.ApprovalPending, 0, ""},
		{"one of two", nil, []soar.Decision{lead("anna")}, soar.ApprovalPending, 1, ""},
		{"two persons", nil, []soar.Decision{lead("anna"), yes("zoe")}, soar.ApprovalApproved, 2, "zoe"},
		{"one person twice", nil, []soar.Decision{lead("anna"), lead("anna")}, soar.ApprovalPending, 1, ""},
		{"one person by two accounts", nil, []soar.Decision{
			with(lead("anna"), func(d *soar.Decision) { d.AlsoKnownAs = []string{"anna@lab.invalid"} }), lead("Anna@lab.invalid"),
		}, soar.ApprovalPending, 1, ""},
		{"an absent person and the delegate are one", nil, []soar.Decision{behalf(yes("otto"), "zoe"), yes("zoe")}, soar.ApprovalPending, 1, ""},
		{"the delegate for two absent people is one", nil, []soar.Decision{behalf(yes("otto"), "zoe"), behalf(yes("otto"), "anna", soar.RoleSOCLead)}, soar.ApprovalPending, 1, ""},
		{"a no ends it", nil, []soar.Decision{lead("anna"), no(lead("bob")), lead("carl")}, soar.ApprovalDenied, 1, "bob"},
		{"a no that does not count", nil, []soar.Decision{no(lead("asker")), lead("anna"), lead("bob")}, soar.ApprovalApproved, 2, "bob"},
		{"a no after enough yeses", nil, []soar.Decision{lead("anna"), lead("bob"), no(lead("carl"))}, soar.ApprovalApproved, 2, "bob"},
		{"no quorum given is one", func(a *soar.Approval) { a.Quorum = 0 }, []soar.Decision{lead("anna")}, soar.ApprovalApproved, 1, "anna"},
		{"a need is not met by approvers", func(a *soar.Approval) { a.Needs = ciso }, []soar.Decision{lead("anna"), lead("bob")}, soar.ApprovalPending, 2, ""},
		{"a need counts for itself only", func(a *soar.Approval) { a.Needs = ciso }, []soar.Decision{lead("anna"), yes("chief", soar.RoleCISO)}, soar.ApprovalPending, 1, ""},
		{"quorum and need", func(a *soar.Approval) { a.Needs = ciso }, []soar.Decision{lead("anna"), yes("chief", soar.RoleCISO), lead("bob")}, soar.ApprovalApproved, 2, "bob"},
		{"one person who is both", func(a *soar.Approval) { a.Needs, a.Quorum = ciso, 1 }, []soar.Decision{yes("chief", soar.RoleCISO, soar.RoleSOCLead)}, soar.ApprovalApproved, 1, "chief"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := asked(row.change)
			a.Decisions = row.decisions
			result := quorum.Count(a)
			last := ""
			if d := result.Last(); d != nil {
				last = d.By.ID
			}
			if result.Status() != row.status || result.Have != row.have || last != row.last {
				t.Errorf("%s with %d, last by %q", result.Status(), result.Have, last)
			}
		})
	}
}

// What is settled stays settled, whatever comes after it, and adding what does not
// count changes nothing.
func TestSettledStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := asked(func(a *soar.Approval) {
			a.Quorum = rapid.IntRange(0, 3).Draw(t, "quorum")
			if rapid.Bool().Draw(t, "needs") {
				a.Needs = []soar.Approver{{Role: soar.RoleCISO}}
			}
		})
		people := []string{"anna", "bob", "zoe", "asker", "Bob", "chief"}
		roles := []soar.Role{soar.RoleSOCLead, soar.RoleCISO, soar.RoleAnalyst}
		for range rapid.IntRange(0, 8).Draw(t, "decisions") {
			d := yes(rapid.SampledFrom(people).Draw(t, "by"), rapid.SampledFrom(roles).Draw(t, "role"))
			d.Approve = rapid.IntRange(0, 4).Draw(t, "no") > 0
			if rapid.IntRange(0, 3).Draw(t, "delegate") == 0 {
				d = behalf(d, rapid.SampledFrom(people).Draw(t, "of"), rapid.SampledFrom(roles).Draw(t, "their role"))
			}
			before := quorum.Count(a)
			counts := quorum.WhyNot(a, d) == quorum.Counts
			a.Decisions = append(a.Decisions, d)
			after := quorum.Count(a)
			if before.Status() != soar.ApprovalPending && after.Status() != before.Status() {
				t.Fatalf("%s became %s", before.Status(), after.Status())
			}
			if !counts {
				if diff := cmp.Diff(before, after); diff != "" {
					t.Fatalf("a decision that does not count changed the result:\n%s", diff)
				}
			}
			if len(after.Counted) > len(people) || after.Have > len(after.Counted) {
				t.Fatalf("%d of %d counted", after.Have, len(after.Counted))
			}
		}
	})
}
