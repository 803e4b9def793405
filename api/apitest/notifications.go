package apitest

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// noticeFake keeps one delivery that nobody got.
type noticeFake struct{ *Fake }

// NoticeKey names the delivery.
const NoticeKey = "5a1c0e0123456789abcdef0123456789"

func notice() soar.Notice {
	return soar.Notice{
		Key: NoticeKey, MessageID: "INC-2026-0A1B2C/7", IncidentID: IncidentID, Person: PersonID, Way: "email", Kind: "approval_requested", About: ApprovalID,
		Subject: "Isolate web-01?\x1b[2J", State: soar.NoticeGaveUp, Attempts: 3, Unsure: true, Problem: "the mail server refuses the message", Template: "approval@0123456789ab",
		PlannedAt: Start, ChangedAt: Start,
	}
}

// Notices gives it.
func (f noticeFake) Notices(ctx context.Context, _ soar.Principal, filter soar.NoticeFilter) ([]soar.Notice, string, error) {
	next := ""
	if filter.Limit == 1 && filter.After == "" {
		next = "more"
	}
	return []soar.Notice{notice()}, next, f.begin(ctx, "Notices", "%s %s %s", filter.Person, filter.Way, filter.State)
}

// Notice gives it.
func (f noticeFake) Notice(ctx context.Context, _ soar.Principal, key string) (soar.Notice, error) {
	if err := f.begin(ctx, "Notice", "%s", key); err != nil || key != NoticeKey {
		return soar.Notice{}, or(err, notFound("notification"))
	}
	return notice(), nil
}

// Test says that the message was sent by mail, and refused elsewhere.
func (f noticeFake) Test(ctx context.Context, p soar.Principal, way, personID string) (soar.Notice, error) {
	if err := f.begin(ctx, "Test", "%s %s", way, personID); err != nil {
		return soar.Notice{}, err
	}
	if personID == "" {
		personID = p.Actor.ID
	}
	f.take(ctx, NoticeKey)
	sent := soar.Notice{Key: NoticeKey, MessageID: "test/1", Person: personID, Way: way, Kind: "test", Subject: "A test", State: soar.NoticeSent, Attempts: 1, PlannedAt: Start, ChangedAt: Start}
	if way != "email" {
		sent.State, sent.Problem = soar.NoticeFailed, "the system answered 401 Unauthorized"
	}
	return sent, nil
}
