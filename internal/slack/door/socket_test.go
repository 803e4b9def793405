package door_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/door"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// bySocket is a workspace whose door has its two connections.
func bySocket(t *testing.T) (*house, *slacktest.Slack, *door.Sockets, slack.Posted) {
	t.Helper()
	h, fake, d, client := inWorkspace(t)
	sockets := door.NewSockets(d, client.Sockets())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); sockets.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	until(t, func() bool { return fake.Sockets() == 2 && sockets.Open() == 2 })
	fake.UseSocket()
	return h, fake, sockets, card(t, client)
}

// An acknowledgement that is lost on its way: the person is warned by Slack, what he
// sent was done once, and when he sends the modal again it is another event with the
// same content, which the desk knows.
func TestALostAcknowledgementDoublesNothing(t *testing.T) {
	t.Parallel()
	h, fake, _, at := bySocket(t)
	fake.DropAcks(1)
	if err := fake.Click(t.Context(), analystUser, at.Channel, at.TS, "approval.approve"); !errors.Is(err, slacktest.ErrNoAnswer) {
		t.Errorf("got %v", err)
	}
	<-h.desk.came
	views := fake.Views(analystUser)
	if len(views) != 1 || h.desk.count() != 1 {
		t.Fatalf("%d modals, %d events", len(views), h.desk.count())
	}
	fake.DropAcks(1)
	reason := map[string]any{"reason": "seen"}
	if _, err := fake.Submit(t.Context(), analystUser, views[0].ID, reason); !errors.Is(err, slacktest.ErrNoAnswer) {
		t.Errorf("got %v", err)
	}
	<-h.desk.came
	done, err := fake.Submit(t.Context(), analystUser, views[0].ID, reason)
	if err != nil || !done.Closed {
		t.Errorf("sent again: %+v, %v", done, err)
	}
	if h.desk.count() != 3 || h.desk.submissions[0].View.ID != h.desk.submissions[1].View.ID {
		t.Errorf("%d events", h.desk.count())
	}
}

// The same envelope that Slack sends again, because no acknowledgement came, is not
// closed as if it had been done anew.
func TestAnEnvelopeThatComesAgainIsToldSo(t *testing.T) {
	t.Parallel()
	h, fake, _, at := bySocket(t)
	must(t, fake.Click(t.Context(), analystUser, at.Channel, at.TS, "approval.approve"))
	fake.DuplicateLastAnswer(1)
	done, err := fake.Submit(t.Context(), analystUser, fake.Views(analystUser)[0].ID, map[string]any{"reason": "seen"})
	must(t, err)
	if done.Closed || done.View == nil || !strings.Contains(string(done.View.Body), "received before") {
		t.Errorf("got %+v", done)
	}
	if len(h.desk.submissions) != 1 {
		t.Errorf("%d submissions", len(h.desk.submissions))
	}
}

// Slack takes connections away: with a warning, for a refresh, or without a word. The
// door comes back by itself, and nothing in between is done twice.
func TestConnectionsComeBack(t *testing.T) {
	t.Parallel()
	h, fake, sockets, at := bySocket(t)
	for i, reason := range []string{"warning", "refresh_requested", ""} {
		fake.Disconnect(reason)
		until(t, func() bool { return fake.Sockets() == 2 && sockets.Open() == 2 })
		fake.Dismiss(analystUser)
		must(t, fake.Click(t.Context(), analystUser, at.Channel, at.TS, "approval.approve"))
		if n := h.desk.count(); n != i+1 {
			t.Errorf("after %q: %d events", reason, n)
		}
	}
}

// What cannot be taken over a socket is not acknowledged when nobody could be told: Slack
// warns the person then.
func TestWhatNobodyWasToldIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	h, fake, _, at := bySocket(t)
	h.desk.err = soar.Errorf(soar.CodeConflict, "test", "is denied already")
	must(t, fake.Click(t.Context(), analystUser, at.Channel, at.TS, "approval.approve"))
	if told := fake.Ephemerals(analystUser, at.Channel); len(told) != 1 || !strings.Contains(told[0].Text, "is denied already") {
		t.Errorf("was told %+v", told)
	}
	fake.Dismiss(analystUser)
	fake.Forbid("chat.postMessage", "restricted_action")
	fake.ForbidResponses(true)
	if err := fake.Click(t.Context(), analystUser, at.Channel, at.TS, "approval.approve"); !errors.Is(err, slacktest.ErrNoAnswer) {
		t.Errorf("got %v", err)
	}
}

// An envelope of a kind to come is acknowledged and does nothing; one that cannot be
// read does not end the connection.
func TestEnvelopesToCome(t *testing.T) {
	t.Parallel()
	h, fake, sockets, at := bySocket(t)
	must(t, fake.Event(t.Context(), map[string]any{"type": "to_come", "user": []any{1}, "view": "text"}))
	must(t, fake.OpenHome(t.Context(), analystUser))
	<-h.desk.came
	must(t, fake.Click(t.Context(), analystUser, at.Channel, at.TS, "approval.approve"))
	if sockets.Open() != 2 || len(h.desk.homes) != 1 || len(h.desk.clicks) != 1 {
		t.Errorf("%d connections, %d homes, %d clicks", sockets.Open(), len(h.desk.homes), len(h.desk.clicks))
	}
}
