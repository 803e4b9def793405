package slackroom

import (
	"context"
	"errors"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/notify"
	oncall "github.com/tocsin-soar/tocsin/internal/oncall/desk"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/desk"
	"github.com/tocsin-soar/tocsin/internal/slack/follow"
	"github.com/tocsin-soar/tocsin/internal/slack/identity"
	"github.com/tocsin-soar/tocsin/internal/slack/tell"
	"github.com/tocsin-soar/tocsin/internal/slack/workspace"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/chat"
)

// At gives the maker of the desk: what clicks mean is for these use cases to say.
func At(cases *incidents.Service, people people, rosters *oncall.Service) func(*slack.Client, *identity.Service) slack.Desk {
	return func(client *slack.Client, _ *identity.Service) slack.Desk {
		return desk.New(desk.Options{Incidents: cases, Chat: workspace.New(client), People: people, Rosters: rosters})
	}
}

// follower keeps the workspace as the database is.
func (r *Room) follower(o Options) *follow.Follower {
	return follow.New(follow.Options{
		Rooms: r.rooms, Incidents: o.Store, Chat: workspace.New(r.Client), Accounts: accounts{r.chat, o.People, o.Config.Team},
		SOC: o.Config.Channel, Channels: soar.Severity(o.Config.Channels), ArchiveAfter: o.Config.ArchiveAfter, Logger: o.Log,
	})
}

// Ways gives how messages reach people here: none when Slack is off, and the channel
// only when there is one.
func (r *Room) Ways() []notify.Way {
	if r.off() {
		return nil
	}
	ways := []notify.Way{tell.New(workspace.New(r.Client), r.chat, r.team)}
	if r.channel != "" {
		ways = append(ways, tell.NewChannel(workspace.New(r.Client), r.channel))
	}
	return ways
}

// Planned gives the ways that a configuration will have, to be looked at and not used.
func Planned(c Config) []notify.Way {
	return (&Room{mode: c.Mode, team: c.Team, channel: c.Channel}).Ways()
}

// accounts gives who is linked, as far as the directory knows them.
type accounts struct {
	chat   chat.Chat
	people people
	team   string
}

// Accounts gives the linked accounts of our workspace.
func (a accounts) Accounts(ctx context.Context) ([]follow.Account, error) {
	linked, err := a.chat.Identities(ctx, "")
	if err != nil {
		return nil, err
	}
	var list []follow.Account
	for _, one := range linked {
		if one.Team != a.team {
			continue
		}
		person, err := a.people.Find(ctx, one.Person)
		if known, ok := errors.AsType[*soar.Error](err); ok && known.Code == soar.CodeNotFound {
			continue // has left
		}
		if err != nil {
			return nil, err
		}
		list = append(list, follow.Account{User: one.User, Person: person})
	}
	return list, nil
}
