package apitest

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// slackFake knows one Slack user.
type slackFake struct{ *Fake }

func slackIdentity() soar.SlackIdentity {
	return soar.SlackIdentity{Team: "T0LAB", User: "U0ANA", Person: PersonID, LinkedAt: Start, LinkedBy: soar.Actor{Kind: soar.ActorPerson, ID: PersonID}}
}

// List gives him.
func (f slackFake) List(ctx context.Context, _ soar.Principal) ([]soar.SlackIdentity, error) {
	return []soar.SlackIdentity{slackIdentity()}, f.begin(ctx, "List", "")
}

// Claim links him with whoever calls.
func (f slackFake) Claim(ctx context.Context, p soar.Principal, code string) (soar.SlackIdentity, error) {
	if err := f.begin(ctx, "Claim", "%q", code); err != nil {
		return soar.SlackIdentity{}, err
	}
	f.take(ctx, "slack user U0ANA")
	made := slackIdentity()
	made.Person, made.LinkedBy = p.Actor.ID, p.Actor
	return made, nil
}

// Unlink ends that.
func (f slackFake) Unlink(ctx context.Context, _ soar.Principal, team, user string) error {
	if err := f.begin(ctx, "Unlink", "%s/%s", team, user); err != nil || user != slackIdentity().User {
		return or(err, notFound("linked Slack user"))
	}
	return nil
}
