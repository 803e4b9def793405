package people_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func as(id string, roles ...soar.Role) soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: id}, Roles: roles, Token: "tok"}
}

func admin() soar.Principal { return as("admin@lab.invalid", soar.RoleAdmin) }

func ada(roles ...soar.Role) people.Change {
	return people.Change{ID: "ada@lab.invalid", Name: "Ada", Email: "ada@lab.invalid", Zone: "Europe/Zurich", Roles: roles, Active: true, Reason: "joins the team"}
}

func TestPut(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.token(t, soar.Token{ID: "t0", Roles: []soar.Role{soar.RoleAdmin}, CreatedAt: noon}, "admin@lab.invalid")
	added, err := o.Put(t.Context(), admin(), soar.Person{}, ada(soar.RoleSOCLead, soar.RoleAnalyst, soar.RoleAnalyst))
	must(t, err)
	same(t, soar.Person{ID: "ada@lab.invalid", Name: "Ada", Email: "ada@lab.invalid", Zone: "Europe/Zurich", Active: true, UpdatedAt: noon,
		Roles: []soar.RoleGrant{{Role: soar.RoleAnalyst, Since: noon}, {Role: soar.RoleSOCLead, Since: noon}}}, added)

	o.clock = noon.Add(time.Hour)
	grown, err := o.Put(t.Context(), admin(), added, ada(soar.RoleCISO, soar.RoleSOCLead))
	must(t, err)
	same(t, []soar.RoleGrant{{Role: soar.RoleCISO, Since: noon.Add(time.Hour)}, {Role: soar.RoleSOCLead, Since: noon}}, grown.Roles)
	_, err = o.Put(t.Context(), admin(), added, ada())
	code(t, soar.CodeConflict, err)

	leaves := ada()
	leaves.Active, leaves.Reason = false, "has left the house"
	o.token(t, soar.Token{ID: "t1", Roles: []soar.Role{soar.RoleSOCLead}, CreatedAt: noon}, "ada@lab.invalid")
	gone, err := o.Put(t.Context(), admin(), grown, leaves)
	must(t, err)
	if gone.Active || len(gone.Roles) != 0 {
		t.Errorf("who has left holds %v", gone.Roles)
	}
	token, err := o.store.TokenFind(t.Context(), "t1")
	must(t, err)
	if token.RevokedAt == nil {
		t.Error("who has left has a token")
	}
	back := ada(soar.RoleAnalyst)
	o.clock = o.clock.Add(time.Hour)
	again, err := o.Put(t.Context(), admin(), gone, back)
	must(t, err)
	same(t, []soar.RoleGrant{{Role: soar.RoleAnalyst, Since: o.clock}}, again.Roles)
	same(t, []string{
		"person.changed: Person ada@lab.invalid added +analyst +soc_lead by admin@lab.invalid: joins the team",
		"person.changed: Person ada@lab.invalid changed +ciso -analyst by admin@lab.invalid: joins the team",
		"person.changed: Person ada@lab.invalid has left, all tokens revoked, -ciso -soc_lead by admin@lab.invalid: has left the house",
		"person.changed: Person ada@lab.invalid is back +analyst by admin@lab.invalid: joins the team",
	}, o.system(t))
}

func TestPutOverATokenKeepsSince(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.token(t, soar.Token{ID: "t1", Roles: []soar.Role{soar.RoleSOCLead}, CreatedAt: noon.Add(-time.Hour)}, "ada@lab.invalid")
	before, err := o.Person(t.Context(), admin(), "ada@lab.invalid")
	must(t, err)
	after, err := o.Put(t.Context(), admin(), before, ada(soar.RoleSOCLead))
	must(t, err)
	same(t, []soar.RoleGrant{{Role: soar.RoleSOCLead, Since: noon.Add(-time.Hour)}}, after.Roles)
}

func TestPutRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.token(t, soar.Token{ID: "t0", Roles: []soar.Role{soar.RoleAdmin}, CreatedAt: noon}, "admin@lab.invalid")
	self, err := o.Find(t.Context(), "admin@lab.invalid")
	must(t, err)
	with := func(change func(*people.Change)) people.Change {
		c := ada(soar.RoleAnalyst)
		change(&c)
		return c
	}
	for name, row := range map[string]struct {
		p      soar.Principal
		before soar.Person
		change people.Change
		code   soar.Code
		part   string
	}{
		"a lead":                {as("lead", soar.RoleSOCLead), soar.Person{}, ada(), soar.CodeDenied, "person:manage"},
		"a role for himself":    {admin(), self, with(func(c *people.Change) { c.ID = "admin@lab.invalid"; c.Roles = []soar.Role{soar.RoleAnalyst} }), soar.CodeDenied, "may not give yourself the role analyst"},
		"the last admin":        {admin(), self, with(func(c *people.Change) { c.ID = "admin@lab.invalid"; c.Roles = nil }), soar.CodeConflict, "last administrator"},
		"no reason":             {admin(), soar.Person{}, with(func(c *people.Change) { c.Reason = " a " }), soar.CodeInvalid, "say why"},
		"a misspelt role":       {admin(), soar.Person{}, with(func(c *people.Change) { c.Roles = []soar.Role{"soc_laed"} }), soar.CodeInvalid, `did you mean "soc_lead"?`},
		"a tool":                {admin(), soar.Person{}, with(func(c *people.Change) { c.Roles = []soar.Role{soar.RoleTool} }), soar.CodeInvalid, "not a role of people"},
		"two duties":            {admin(), soar.Person{}, with(func(c *people.Change) { c.Roles = []soar.Role{soar.RoleAdmin, soar.RoleCISO} }), soar.CodeInvalid, "two people"},
		"a role of who left":    {admin(), soar.Person{}, with(func(c *people.Change) { c.Active = false }), soar.CodeInvalid, "holds no role"},
		"an id with a space":    {admin(), soar.Person{}, with(func(c *people.Change) { c.ID = "a b" }), soar.CodeInvalid, "the id of a person"},
		"a zone that is none":   {admin(), soar.Person{}, with(func(c *people.Change) { c.Zone = "Europe/Zurch" }), soar.CodeInvalid, "not a time zone"},
		"the machine's zone":    {admin(), soar.Person{}, with(func(c *people.Change) { c.Zone = "Local" }), soar.CodeInvalid, "not a time zone"},
		"two addresses":         {admin(), soar.Person{}, with(func(c *people.Change) { c.Email = "a@lab.invalid, b@lab.invalid" }), soar.CodeInvalid, "one bare mail address"},
		"a name with a newline": {admin(), soar.Person{}, with(func(c *people.Change) { c.Name = "a\nb" }), soar.CodeInvalid, "control characters"},
		"no name":               {admin(), soar.Person{}, with(func(c *people.Change) { c.Name = "" }), soar.CodeInvalid, "a name of"},
	} {
		if _, err := o.Put(t.Context(), row.p, row.before, row.change); soar.CodeOf(err) != row.code || !strings.Contains(soar.MessageOf(err), row.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
	same(t, []string{"person.refused: admin@lab.invalid tried to give himself analyst and was refused: you may not give yourself the role analyst: another administrator has to"}, o.system(t))
	if _, err := o.People(t.Context(), as("tool", soar.RoleReporter)); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("a reporter reads the directory: %v", err)
	}
}

func drill() soar.Qualification {
	return soar.Qualification{Person: "ada@lab.invalid", Class: "isolation", Source: "drill", Title: "Spring drill", ValidFrom: noon, ValidUntil: noon.AddDate(1, 0, 0)}
}

func TestRecordAndRevoke(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.person(t, "ada@lab.invalid", soar.RoleSOCLead)
	lead := as("ciso@lab.invalid", soar.RoleCISO)
	q, err := o.Record(t.Context(), lead, drill())
	must(t, err)
	if len(q.ID) != 14 || !strings.HasPrefix(q.ID, "QUA-") || q.RecordedBy.ID != "ciso@lab.invalid" || !q.RecordedAt.Equal(noon) {
		t.Errorf("%+v", q)
	}
	missing, err := o.Unqualified(t.Context(), "ada@lab.invalid", []string{"edr.isolate_host"}, noon)
	must(t, err)
	same(t, 0, len(missing))
	_, err = o.Revoke(t.Context(), lead, q.ID, "")
	code(t, soar.CodeInvalid, err)
	_, err = o.Revoke(t.Context(), lead, "QUA-NONE", "because")
	code(t, soar.CodeNotFound, err)
	_, err = o.Revoke(t.Context(), lead, q.ID, "failed the drill again")
	must(t, err)
	_, err = o.Revoke(t.Context(), lead, q.ID, "failed the drill again")
	code(t, soar.CodeConflict, err)
	missing, err = o.Unqualified(t.Context(), "ada@lab.invalid", []string{"edr.isolate_host"}, noon)
	must(t, err)
	same(t, []string{"isolation"}, missing)
	same(t, []string{
		`qualification.recorded: ada@lab.invalid is qualified for isolation until 2027-03-02T12:00:00Z by drill "Spring drill", recorded by ciso@lab.invalid`,
		"qualification.revoked: Qualification " + q.ID + " of ada@lab.invalid for isolation revoked by ciso@lab.invalid: failed the drill again",
	}, o.system(t))

	with := func(change func(*soar.Qualification)) soar.Qualification {
		q := drill()
		change(&q)
		return q
	}
	for name, row := range map[string]struct {
		p    soar.Principal
		q    soar.Qualification
		code soar.Code
		part string
	}{
		"his own":       {as("ada@lab.invalid", soar.RoleSOCLead), drill(), soar.CodeDenied, "your own qualification"},
		"an analyst":    {as("bob", soar.RoleAnalyst), drill(), soar.CodeDenied, "qualification:manage"},
		"a class":       {lead, with(func(q *soar.Qualification) { q.Class = "isolaton" }), soar.CodeInvalid, `did you mean "isolation"?`},
		"another class": {lead, with(func(q *soar.Qualification) { q.Class = "zzz" }), soar.CodeInvalid, "it names isolation or accounts"},
		"a source":      {lead, with(func(q *soar.Qualification) { q.Source = "rumour" }), soar.CodeInvalid, "a course, an exam or a drill"},
		"no title":      {lead, with(func(q *soar.Qualification) { q.Title = " " }), soar.CodeInvalid, "which drill"},
		"backwards":     {lead, with(func(q *soar.Qualification) { q.ValidUntil = q.ValidFrom }), soar.CodeInvalid, "end after it begins"},
		"for ever":      {lead, with(func(q *soar.Qualification) { q.ValidUntil = q.ValidFrom.AddDate(20, 0, 0) }), soar.CodeInvalid, "five years"},
		"ended":         {lead, with(func(q *soar.Qualification) { q.ValidFrom = noon.AddDate(-1, 0, 0); q.ValidUntil = noon }), soar.CodeInvalid, "ended already"},
		"nobody":        {lead, with(func(q *soar.Qualification) { q.Person = "nobody" }), soar.CodeInvalid, "nobody is known"},
	} {
		if _, err := o.Record(t.Context(), row.p, row.q); soar.CodeOf(err) != row.code || !strings.Contains(soar.MessageOf(err), row.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := o.system(t); !strings.HasPrefix(got[len(got)-1], "person.refused: ada@lab.invalid tried to record his own qualification for isolation and was refused: ") {
		t.Errorf("the refusal is not in the record: %q", got)
	}
	own, err := o.Qualifications(t.Context(), as("ada@lab.invalid", soar.RoleLegal), "ada@lab.invalid")
	must(t, err)
	same(t, 1, len(own))
	_, err = o.Qualifications(t.Context(), as("bob", soar.RoleLegal), "ada@lab.invalid")
	code(t, soar.CodeDenied, err)
}

func TestAwayAndBack(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.person(t, "ada", soar.RoleSOCLead)
	o.person(t, "bob", soar.RoleAnalyst)
	o.person(t, "cio", soar.RoleCISO)
	o.person(t, "adm", soar.RoleAdmin)
	o.person(t, "old", soar.RoleAnalyst)
	o.left(t, "old")
	week := soar.Absence{Person: "ada", Delegate: "bob", From: noon.Add(-time.Hour), Until: noon.Add(7 * 24 * time.Hour), Reason: "leave"}
	a, err := o.Away(t.Context(), as("ada", soar.RoleSOCLead), week)
	must(t, err)
	if !a.From.Equal(noon) || !strings.HasPrefix(a.ID, "ABS-") {
		t.Errorf("an absence reaches into the past: %+v", a)
	}
	for name, row := range map[string]struct {
		p    soar.Principal
		a    soar.Absence
		code soar.Code
		part string
	}{
		"another's, by an analyst":  {as("bob", soar.RoleAnalyst), soar.Absence{Person: "ada", Until: noon.Add(time.Hour)}, soar.CodeDenied, "absence:manage"},
		"a lead stands in himself":  {as("ada", soar.RoleSOCLead), soar.Absence{Person: "cio", Delegate: "ada", Until: noon.Add(time.Hour)}, soar.CodeDenied, "may not make yourself the delegate"},
		"a tool of the same name":   {soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: "ada"}, Roles: []soar.Role{soar.RoleTool}}, week, soar.CodeDenied, "absence:manage"},
		"past":                      {as("ada", soar.RoleSOCLead), soar.Absence{Person: "ada", Until: noon}, soar.CodeInvalid, "must end after it begins"},
		"years":                     {as("ada", soar.RoleSOCLead), soar.Absence{Person: "ada", Until: noon.AddDate(2, 0, 0)}, soar.CodeInvalid, "a year at most"},
		"himself":                   {as("ada", soar.RoleSOCLead), soar.Absence{Person: "ada", Delegate: "ada", Until: noon.Add(time.Hour)}, soar.CodeInvalid, "somebody else"},
		"nobody":                    {as("ada", soar.RoleSOCLead), soar.Absence{Person: "ada", Delegate: "eve", Until: noon.Add(time.Hour)}, soar.CodeInvalid, "nobody is known"},
		"who has left":              {as("ada", soar.RoleSOCLead), soar.Absence{Person: "ada", Delegate: "old", Until: noon.Add(time.Hour)}, soar.CodeInvalid, "has left"},
		"an administrator stand in": {as("ada", soar.RoleSOCLead), soar.Absence{Person: "ada", Delegate: "adm", Until: noon.Add(time.Hour)}, soar.CodeInvalid, "administers"},
	} {
		if _, err := o.Away(t.Context(), row.p, row.a); soar.CodeOf(err) != row.code || !strings.Contains(soar.MessageOf(err), row.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
	standing, err := o.Represents(t.Context(), "bob", noon)
	must(t, err)
	same(t, []string{"ada"}, ids(standing))
	if _, err := o.Back(t.Context(), as("bob", soar.RoleAnalyst), a.ID, "he is here"); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("an analyst ends another's absence: %v", err)
	}
	if _, err := o.Back(t.Context(), as("bob", soar.RoleAnalyst), "ABS-NONE", "he is here"); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("an analyst learns which absences there are: %v", err)
	}
	_, err = o.Back(t.Context(), as("ada", soar.RoleSOCLead), a.ID, "back early")
	must(t, err)
	standing, err = o.Represents(t.Context(), "bob", noon)
	must(t, err)
	same(t, 0, len(standing))
	same(t, []string{
		"absence.set: ada is away from 2026-03-02T12:00:00Z until 2026-03-09T12:00:00Z, bob stands in; set by ada",
		`person.refused: ada tried to make himself the delegate of cio and was refused: you may not make yourself the delegate of somebody else: "cio" has to, or another lead`,
		"absence.ended: Absence " + a.ID + " of ada ended by ada: back early",
	}, o.system(t))
}
