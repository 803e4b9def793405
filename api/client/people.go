package client

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
)

// People gives everybody who takes part.
func (c *Client) People(ctx context.Context) (*gen.PersonList, error) {
	r, err := c.api.ListPeopleWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Person gives one person, and the tag to change him with.
func (c *Client) Person(ctx context.Context, id string) (person *gen.Person, tag string, err error) {
	r, err := c.api.ShowPersonWithResponse(ctx, id)
	if err != nil {
		return nil, "", err
	}
	person, err = answer(r.JSON200)
	return person, r.HTTPResponse.Header.Get("ETag"), err
}

// PersonPut writes a person in the place of the one with the tag; an empty tag is for
// whoever is there, or nobody.
func (c *Client) PersonPut(ctx context.Context, id, tag string, body gen.PersonInput) (*gen.Person, error) {
	r, err := c.api.PutPersonWithResponse(ctx, id, &gen.PutPersonParams{IfMatch: optional(tag), IdempotencyKey: fresh()}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Qualifications gives those of one person, all when person is empty.
func (c *Client) Qualifications(ctx context.Context, person string) (*gen.QualificationList, error) {
	r, err := c.api.ListQualificationsWithResponse(ctx, &gen.ListQualificationsParams{Person: optional(person)})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// QualificationRecord keeps what somebody has learnt.
func (c *Client) QualificationRecord(ctx context.Context, body gen.QualificationInput) (*gen.Qualification, error) {
	r, err := c.api.RecordQualificationWithResponse(ctx, &gen.RecordQualificationParams{IdempotencyKey: fresh()}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON201)
}

// QualificationRevoke ends a qualification.
func (c *Client) QualificationRevoke(ctx context.Context, id, reason string) error {
	_, err := c.api.RevokeQualificationWithResponse(ctx, id, &gen.RevokeQualificationParams{Reason: reason, IdempotencyKey: fresh()})
	return err
}

// Absences gives those of one person, all when person is empty.
func (c *Client) Absences(ctx context.Context, person string) (*gen.AbsenceList, error) {
	r, err := c.api.ListAbsencesWithResponse(ctx, &gen.ListAbsencesParams{Person: optional(person)})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// AbsenceSet says that somebody is away.
func (c *Client) AbsenceSet(ctx context.Context, body gen.AbsenceInput) (*gen.Absence, error) {
	r, err := c.api.SetAbsenceWithResponse(ctx, &gen.SetAbsenceParams{IdempotencyKey: fresh()}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON201)
}

// AbsenceEnd ends an absence.
func (c *Client) AbsenceEnd(ctx context.Context, id, reason string) error {
	_, err := c.api.EndAbsenceWithResponse(ctx, id, &gen.EndAbsenceParams{Reason: reason, IdempotencyKey: fresh()})
	return err
}

// Approvers tells who may approve what; nil means now, an empty class all of them.
func (c *Client) Approvers(ctx context.Context, at *time.Time, class string) (*gen.Slate, error) {
	r, err := c.api.ListApproversWithResponse(ctx, &gen.ListApproversParams{At: at, Class: optional(class)})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}
