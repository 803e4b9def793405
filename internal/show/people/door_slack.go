package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/show/people/cases"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/identity"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/chat"
)

// slackDoor clicks buttons as they may have stood on a card, with what the case says
// was shown.
type slackDoor struct {
	house *house
	link  *identity.Service
	users map[string]string // person -> user
}

// directory is what identity needs of people.
type directory struct{ house *house }

// Find gives a person of the directory.
func (d directory) Find(ctx context.Context, id string) (soar.Person, error) {
	return d.house.people.Person(ctx, id)
}

func openSlack(_ context.Context, _ options, h *house, _ cases.World) (cases.Door, error) {
	link := identity.New(identity.Options{Store: chat.New(h.store), People: directory{h}, Random: random{}, Now: time.Now})
	return &slackDoor{h, link, map[string]string{}}, nil
}

// user gives the person's account, linked by a one-time code as people do it. Who is
// not in the directory has an account that nobody knows.
func (d *slackDoor) user(ctx context.Context, person string) (string, error) {
	if user, ok := d.users[person]; ok {
		return user, nil
	}
	user := d.house.slack.AddUser(slacktest.User{Name: person, RealName: person}).ID
	d.users[person] = user
	code, _, err := d.link.Code(ctx, d.house.slack.TeamID(), user)
	if err != nil {
		return "", err
	}
	_, err = d.link.Claim(ctx, soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: person}}, code)
	switch soar.CodeOf(err) {
	case soar.CodeInternal, soar.CodeUnavailable:
		if err != nil {
			return "", err
		}
	}
	return user, nil
}

// Decide clicks, fills the modal in when one opens, and reads what comes back.
func (d *slackDoor) Decide(ctx context.Context, c cases.Case) (bool, string, error) {
	user, err := d.user(ctx, c.By.ID)
	if err != nil {
		return false, "", err
	}
	action, fill := card.Deny, map[string]any{card.InReason: c.Reason}
	if c.Approve {
		action = card.Approve
	}
	d.house.slack.Dismiss(user)
	heard := len(d.heard(user))
	ref := card.Ref{Approval: c.ApprovalID, Digest: c.Digest}
	button := slacktest.Stale{Channel: d.house.soc.ID, TS: "1700000000.000100", Action: action, Value: ref.String()}
	if err := d.house.slack.Replay(ctx, user, button); err != nil {
		return false, "", fmt.Errorf("click: %w", err)
	}
	told, view := d.wait(ctx, user, heard)
	if view == nil {
		return false, told, want(told != "", "neither a modal nor a word")
	}
	if strings.Contains(string(view.Body), `"`+card.InTarget+`"`) {
		fill[card.InTarget] = "web-1"
	}
	done, err := d.house.slack.Submit(ctx, user, view.ID, fill)
	if errors.Is(err, slacktest.ErrNotFilled) {
		return false, "say why: " + err.Error(), nil // Slack itself does not send it
	}
	if err != nil {
		return false, "", fmt.Errorf("submit: %w", err)
	}
	if !done.Closed {
		return false, said(done), nil
	}
	return d.counted(ctx, c, user, heard)
}

// counted asks the database whether the decision is there: a modal also closes when
// the answer comes later.
func (d *slackDoor) counted(ctx context.Context, c cases.Case, user string, heard int) (bool, string, error) {
	after, err := d.house.store.ApprovalGet(ctx, c.ApprovalID)
	if err != nil {
		return false, "", err
	}
	taken := slices.ContainsFunc(after.Decisions, func(one soar.Decision) bool { return one.By.ID == c.By.ID && one.Via == "slack" })
	if taken {
		return true, "", nil
	}
	told, _ := d.wait(ctx, user, heard)
	return false, told, nil
}

func said(done slacktest.Submitted) string {
	var words []string
	for _, word := range done.Errors {
		words = append(words, word)
	}
	if done.View != nil && len(words) == 0 {
		words = append(words, string(done.View.Body))
	}
	return strings.Join(words, "; ")
}

// heard is all that only this user was told, and what was written to him.
func (d *slackDoor) heard(user string) []slacktest.Message {
	return append(d.house.slack.Ephemerals(user, ""), d.house.slack.DirectMessages(user)...)
}

const answerWithin = 10 * time.Second

// wait looks until the user has a modal before him or was told something new.
func (d *slackDoor) wait(ctx context.Context, user string, heard int) (string, *slacktest.View) {
	for end := time.Now().Add(answerWithin); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(2 * time.Millisecond) {
		if views := d.house.slack.Views(user); len(views) > 0 {
			return "", &views[len(views)-1]
		}
		if now := d.heard(user); len(now) > heard {
			last := now[len(now)-1]
			return last.Text + string(last.Blocks), nil
		}
	}
	return "", nil
}
