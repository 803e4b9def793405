package slacktest

import (
	"fmt"
	"regexp"
	"slices"
)

var nameForm = regexp.MustCompile(`^[a-z0-9_-]{1,80}$`)

// direct gives the direct message with a user, made when there is none.
func (s *Slack) direct(user string) *Channel {
	for _, channel := range s.channels {
		if channel.Direct && channel.With == user {
			return channel
		}
	}
	channel := &Channel{ID: fmt.Sprintf("D%08d", s.next()), Direct: true, With: user, BotIn: true, Members: []string{user}}
	s.channels[channel.ID] = channel
	return channel
}

// held finds a channel that the bot may do something with.
func (s *Slack) held(args arguments) (*Channel, *refused) {
	channel := s.channels[args.text("channel")]
	switch {
	case channel == nil:
		return nil, refuse("channel_not_found")
	case channel.Direct:
		return nil, refuse("method_not_supported_for_channel_type")
	case channel.Archived:
		return nil, refuse("is_archived")
	case !channel.BotIn:
		return nil, refuse("not_in_channel")
	}
	return channel, nil
}

func shownChannel(c *Channel) map[string]any {
	return map[string]any{"channel": map[string]any{
		"id": c.ID, "name": c.Name, "is_channel": !c.Private, "is_private": c.Private, "is_archived": c.Archived, "is_im": c.Direct,
		"is_member": c.BotIn, "topic": map[string]any{"value": c.Topic}, "num_members": len(c.Members),
	}}
}

func (s *Slack) create(args arguments) (map[string]any, *refused) {
	name := args.text("name")
	private := args.text("is_private") == "true"
	scope := "channels:manage"
	if private {
		scope = "groups:write"
	}
	switch {
	case !s.holds(scope):
		return nil, &refused{word: "missing_scope", needed: scope}
	case !nameForm.MatchString(name):
		return nil, refuse("invalid_name_specials")
	case s.find(name) != nil:
		return nil, refuse("name_taken")
	}
	channel := &Channel{ID: fmt.Sprintf("C%08d", s.next()), Name: name, Private: private, BotIn: true}
	s.channels[channel.ID] = channel
	return shownChannel(channel), nil
}

func (s *Slack) archive(args arguments) (map[string]any, *refused) {
	channel, no := s.held(args)
	if no != nil {
		if no.word == "is_archived" {
			no.word = "already_archived"
		}
		return nil, no
	}
	channel.Archived = true
	return map[string]any{}, nil
}

func (s *Slack) invite(args arguments) (map[string]any, *refused) {
	channel, no := s.held(args)
	if no != nil {
		return nil, no
	}
	users := args.list("users")
	if len(users) == 0 || len(users) > 1000 {
		return nil, refuse("no_user")
	}
	for _, user := range users {
		known, ok := s.users[user]
		switch {
		case user == botUser:
			return nil, refuse("cant_invite_self")
		case !ok || known.Deleted:
			return nil, refuse("user_not_found")
		case slices.Contains(channel.Members, user):
			return nil, refuse("already_in_channel")
		}
	}
	channel.Members = append(channel.Members, users...)
	return shownChannel(channel), nil
}

func (s *Slack) join(args arguments) (map[string]any, *refused) {
	channel := s.channels[args.text("channel")]
	switch {
	case channel == nil:
		return nil, refuse("channel_not_found")
	case channel.Private || channel.Direct:
		return nil, refuse("method_not_supported_for_channel_type")
	case channel.Archived:
		return nil, refuse("is_archived")
	}
	channel.BotIn = true
	return shownChannel(channel), nil
}

func (s *Slack) openDirect(args arguments) (map[string]any, *refused) {
	users := args.list("users")
	if len(users) != 1 {
		return nil, refuse("invalid_user_combination")
	}
	if user, ok := s.users[users[0]]; !ok || user.Deleted {
		return nil, refuse("user_not_found")
	}
	return shownChannel(s.direct(users[0])), nil
}

func (s *Slack) setTopic(args arguments) (map[string]any, *refused) {
	channel, no := s.held(args)
	if no != nil {
		return nil, no
	}
	topic := args.text("topic")
	if units(topic) > 250 {
		return nil, refuse("too_long")
	}
	channel.Topic = topic
	return shownChannel(channel), nil
}

func (s *Slack) info(args arguments) (map[string]any, *refused) {
	channel := s.channels[args.text("channel")]
	if channel == nil || channel.Private && !channel.BotIn {
		return nil, refuse("channel_not_found")
	}
	return shownChannel(channel), nil
}

func (s *Slack) pin(args arguments) (map[string]any, *refused) {
	channel, no := s.held(args)
	if no != nil {
		return nil, no
	}
	ts := args.text("timestamp")
	switch {
	case s.message(channel.ID, ts) == nil:
		return nil, refuse("message_not_found")
	case slices.Contains(channel.pinned, ts):
		return nil, refuse("already_pinned")
	}
	channel.pinned = append(channel.pinned, ts)
	return map[string]any{}, nil
}

// Archive archives a channel, as a person with the right to do so would.
func (s *Slack) Archive(channel string) {
	s.change(channel, func(c *Channel) { c.Archived = true })
}

// Leave takes the bot out of a channel, as a person there can.
func (s *Slack) Leave(channel string) { s.change(channel, func(c *Channel) { c.BotIn = false }) }

func (s *Slack) change(channel string, how func(*Channel)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channels[channel]; c != nil {
		how(c)
	}
}

// Pinned gives the ts of what is pinned in a channel.
func (s *Slack) Pinned(channel string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channels[channel]; c != nil {
		return slices.Clone(c.pinned)
	}
	return nil
}
