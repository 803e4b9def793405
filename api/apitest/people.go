package apitest

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// PersonID is the one person of the directory.
const PersonID = "ada@lab.invalid"

// peopleFake keeps one person, one qualification and one absence.
type peopleFake struct{ *Fake }

func person() soar.Person {
	return soar.Person{ID: PersonID, Name: "Ada\x1b[2J", Email: PersonID, Zone: "Europe/Zurich", Active: true, UpdatedAt: Start, Roles: []soar.RoleGrant{{Role: soar.RoleSOCLead, Since: Start}}}
}

// People gives everybody.
func (f peopleFake) People(ctx context.Context, _ soar.Principal) ([]soar.Person, error) {
	return []soar.Person{person()}, f.begin(ctx, "People", "")
}

// Person gives one.
func (f peopleFake) Person(ctx context.Context, _ soar.Principal, id string) (soar.Person, error) {
	if err := f.begin(ctx, "Person", "%s", id); err != nil || id != PersonID {
		return soar.Person{}, or(err, notFound("person"))
	}
	return person(), nil
}

// Put notes how a person shall stand.
func (f peopleFake) Put(ctx context.Context, _ soar.Principal, before soar.Person, c people.Change) (soar.Person, error) {
	if err := f.begin(ctx, "Put", "%s before=%q active=%t roles=%v zone=%s reason=%q", c.ID, before.ID, c.Active, c.Roles, c.Zone, c.Reason); err != nil {
		return soar.Person{}, err
	}
	f.take(ctx, "person "+c.ID)
	after := soar.Person{ID: c.ID, Name: c.Name, Email: c.Email, Zone: c.Zone, Active: c.Active, UpdatedAt: Start.Add(time.Hour), Roles: []soar.RoleGrant{}}
	for _, role := range c.Roles {
		after.Roles = append(after.Roles, soar.RoleGrant{Role: role, Since: Start})
	}
	return after, nil
}

func qualification() soar.Qualification {
	return soar.Qualification{ID: "QUA-0123456789", Person: PersonID, Class: "host_isolation", Source: "drill", Title: "Spring drill", ValidFrom: Start, ValidUntil: Start.AddDate(1, 0, 0), RecordedBy: soar.System("test"), RecordedAt: Start}
}

// Qualifications gives one.
func (f peopleFake) Qualifications(ctx context.Context, _ soar.Principal, of string) ([]soar.Qualification, error) {
	return []soar.Qualification{qualification()}, f.begin(ctx, "Qualifications", "%s", of)
}

// Record notes one.
func (f peopleFake) Record(ctx context.Context, p soar.Principal, q soar.Qualification) (soar.Qualification, error) {
	if err := f.begin(ctx, "Record", "%s %s %s %q until=%s", q.Person, q.Class, q.Source, q.Title, q.ValidUntil.UTC().Format(time.RFC3339)); err != nil {
		return soar.Qualification{}, err
	}
	f.take(ctx, "qualification QUA-0123456789")
	q.ID, q.RecordedBy, q.RecordedAt = "QUA-0123456789", p.Actor, Start
	return q, nil
}

// Revoke ends it.
func (f peopleFake) Revoke(ctx context.Context, _ soar.Principal, id, reason string) (soar.Qualification, error) {
	if err := f.begin(ctx, "Revoke", "%s %q", id, reason); err != nil || id != qualification().ID {
		return soar.Qualification{}, or(err, notFound("qualification"))
	}
	return qualification(), nil
}

// Absences gives one.
func (f peopleFake) Absences(ctx context.Context, _ soar.Principal, of string) ([]soar.Absence, error) {
	return []soar.Absence{{ID: "ABS-0123456789", Person: PersonID, Delegate: "bob@lab.invalid", From: Start, Until: Start.Add(48 * time.Hour), By: soar.System("test")}}, f.begin(ctx, "Absences", "%s", of)
}

// Away notes one.
func (f peopleFake) Away(ctx context.Context, p soar.Principal, a soar.Absence) (soar.Absence, error) {
	if err := f.begin(ctx, "Away", "%s delegate=%q until=%s reason=%q", a.Person, a.Delegate, a.Until.UTC().Format(time.RFC3339), a.Reason); err != nil {
		return soar.Absence{}, err
	}
	f.take(ctx, "absence ABS-0123456789")
	a.ID, a.By = "ABS-0123456789", p.Actor
	return a, nil
}

// Back ends it.
func (f peopleFake) Back(ctx context.Context, _ soar.Principal, id, reason string) (soar.Absence, error) {
	if err := f.begin(ctx, "Back", "%s %q", id, reason); err != nil || id != "ABS-0123456789" {
		return soar.Absence{}, or(err, notFound("absence"))
	}
	return soar.Absence{ID: id}, nil
}

// Slate tells who may approve: two for what belongs to no class, and too few for the
// class host_isolation.
func (f peopleFake) Slate(ctx context.Context, _ soar.Principal, class string, at time.Time) (soar.Slate, error) {
	if err := f.begin(ctx, "Slate", "class=%q", class); err != nil {
		return soar.Slate{}, err
	}
	until := Start.AddDate(1, 0, 0)
	ada := soar.Standing{Person: PersonID, Name: "Ada"}
	qualified := soar.Standing{Person: PersonID, Name: "Ada", QualifiedUntil: &until, Soon: true}
	bob := soar.Standing{Person: "bob@lab.invalid", Name: "Bob", For: "cio@lab.invalid"}
	cannot := soar.Standing{Person: "bob@lab.invalid", Name: "Bob", For: "cio@lab.invalid", Why: "not qualified"}
	classes := []soar.ClassSlate{
		{Title: "actions of no class", Least: 2, Able: 2, Roles: []soar.RoleSlate{{Role: soar.RoleSOCLead, Holders: 1, Able: []soar.Standing{ada}, Unable: []soar.Standing{}}, {Role: soar.RoleCISO, Holders: 1, Able: []soar.Standing{bob}, Unable: []soar.Standing{}}}},
		{Class: "host_isolation", Title: "Take a computer off the network", Least: 2, Able: 1, Alarm: true, Roles: []soar.RoleSlate{{Role: soar.RoleSOCLead, Holders: 1, Able: []soar.Standing{qualified}, Unable: []soar.Standing{}}, {Role: soar.RoleCISO, Holders: 1, Able: []soar.Standing{}, Unable: []soar.Standing{cannot}}}},
	}
	switch class {
	case "":
		return soar.Slate{At: at.UTC(), Alarm: true, Classes: classes}, nil
	case "host_isolation":
		return soar.Slate{At: at.UTC(), Alarm: true, Classes: classes[1:]}, nil
	case "none":
		return soar.Slate{At: at.UTC(), Classes: classes[:1]}, nil
	default:
		return soar.Slate{}, soar.Errorf(soar.CodeInvalid, "fake", "%q is not a class of competence.yaml", class)
	}
}
