package people

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Directory is the use case behind the operations.
type Directory interface {
	People(ctx context.Context, p soar.Principal) ([]soar.Person, error)
	Person(ctx context.Context, p soar.Principal, id string) (soar.Person, error)
	// Put is a conflict when the person is not before any more.
	Put(ctx context.Context, p soar.Principal, before soar.Person, change people.Change) (soar.Person, error)
	Qualifications(ctx context.Context, p soar.Principal, person string) ([]soar.Qualification, error)
	Record(ctx context.Context, p soar.Principal, q soar.Qualification) (soar.Qualification, error)
	Revoke(ctx context.Context, p soar.Principal, id, reason string) (soar.Qualification, error)
	Absences(ctx context.Context, p soar.Principal, person string) ([]soar.Absence, error)
	Away(ctx context.Context, p soar.Principal, a soar.Absence) (soar.Absence, error)
	Back(ctx context.Context, p soar.Principal, id, reason string) (soar.Absence, error)
	Slate(ctx context.Context, p soar.Principal, class string, at time.Time) (soar.Slate, error)
}

// Routes answers the operations. What all of the API's operations share is given.
type Routes struct {
	Directory Directory
	Now       func() time.Time
	Principal func(context.Context) soar.Principal
	Tag       func(noun any) string
	Match     func(match *string, tag, what string) error // nil when an If-Match holds
}

// ListPeople gives everybody.
func (r Routes) ListPeople(ctx context.Context, _ gen.ListPeopleRequestObject) (gen.ListPeopleResponseObject, error) {
	found, err := r.Directory.People(ctx, r.Principal(ctx))
	return gen.ListPeople200JSONResponse{Items: optional.List(found)}, err
}

// ShowPerson gives one.
func (r Routes) ShowPerson(ctx context.Context, request gen.ShowPersonRequestObject) (gen.ShowPersonResponseObject, error) {
	person, err := r.Directory.Person(ctx, r.Principal(ctx), request.PersonID)
	return gen.ShowPerson200JSONResponse{Body: person, Headers: gen.ShowPerson200ResponseHeaders{ETag: r.Tag(person)}}, err
}

// PutPerson writes one. The store compares again under its lock.
func (r Routes) PutPerson(ctx context.Context, request gen.PutPersonRequestObject) (gen.PutPersonResponseObject, error) {
	const what = "the person"
	before, err := r.Directory.Person(ctx, r.Principal(ctx), request.PersonID)
	tag := r.Tag(before)
	if soar.CodeOf(err) == soar.CodeNotFound {
		tag, err = "", nil
	}
	if err == nil {
		err = r.Match(request.Params.IfMatch, tag, what)
	}
	if err != nil {
		return nil, err
	}
	body := request.Body
	saved, err := r.Directory.Put(ctx, r.Principal(ctx), before, people.Change{
		ID: request.PersonID, Name: body.Name, Email: optional.Value(body.Email), Zone: optional.Value(body.Zone), Roles: body.Roles, Active: body.Active, Reason: body.Reason,
	})
	return gen.PutPerson200JSONResponse{Body: saved, Headers: gen.PutPerson200ResponseHeaders{ETag: r.Tag(saved)}}, err
}

// ListQualifications gives what people are qualified for.
func (r Routes) ListQualifications(ctx context.Context, request gen.ListQualificationsRequestObject) (gen.ListQualificationsResponseObject, error) {
	found, err := r.Directory.Qualifications(ctx, r.Principal(ctx), optional.Value(request.Params.Person))
	return gen.ListQualifications200JSONResponse{Items: optional.List(found)}, err
}

// RecordQualification keeps one.
func (r Routes) RecordQualification(ctx context.Context, request gen.RecordQualificationRequestObject) (gen.RecordQualificationResponseObject, error) {
	body := request.Body
	recorded, err := r.Directory.Record(ctx, r.Principal(ctx), soar.Qualification{
		Person: body.Person, Class: body.Class, Source: string(body.Source), Title: body.Title, ValidFrom: optional.Or(body.ValidFrom, r.Now), ValidUntil: body.ValidUntil,
	})
	return gen.RecordQualification201JSONResponse(recorded), err
}

// RevokeQualification ends one.
func (r Routes) RevokeQualification(ctx context.Context, request gen.RevokeQualificationRequestObject) (gen.RevokeQualificationResponseObject, error) {
	_, err := r.Directory.Revoke(ctx, r.Principal(ctx), request.QualificationID, request.Params.Reason)
	return gen.RevokeQualification204Response{}, err
}

// ListAbsences gives who is away.
func (r Routes) ListAbsences(ctx context.Context, request gen.ListAbsencesRequestObject) (gen.ListAbsencesResponseObject, error) {
	found, err := r.Directory.Absences(ctx, r.Principal(ctx), optional.Value(request.Params.Person))
	return gen.ListAbsences200JSONResponse{Items: optional.List(found)}, err
}

// SetAbsence keeps one.
func (r Routes) SetAbsence(ctx context.Context, request gen.SetAbsenceRequestObject) (gen.SetAbsenceResponseObject, error) {
	body := request.Body
	kept, err := r.Directory.Away(ctx, r.Principal(ctx), soar.Absence{
		Person: body.Person, Delegate: optional.Value(body.Delegate), From: optional.Or(body.From, r.Now), Until: body.Until, Reason: optional.Value(body.Reason),
	})
	return gen.SetAbsence201JSONResponse(kept), err
}

// EndAbsence ends one.
func (r Routes) EndAbsence(ctx context.Context, request gen.EndAbsenceRequestObject) (gen.EndAbsenceResponseObject, error) {
	_, err := r.Directory.Back(ctx, r.Principal(ctx), request.AbsenceID, request.Params.Reason)
	return gen.EndAbsence204Response{}, err
}

// ListApprovers tells who may approve what.
func (r Routes) ListApprovers(ctx context.Context, request gen.ListApproversRequestObject) (gen.ListApproversResponseObject, error) {
	slate, err := r.Directory.Slate(ctx, r.Principal(ctx), optional.Value(request.Params.Class), optional.Or(request.Params.At, r.Now))
	return gen.ListApprovers200JSONResponse(slate), err
}
