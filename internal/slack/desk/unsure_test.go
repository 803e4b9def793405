package desk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/desk"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// shaky commits what it is told and loses the answer on its way; with blind it cannot
// even look.
type shaky struct {
	*incidents.Service
	lost, blind bool
}

func lost() error {
	return soar.Errorf(soar.CodeUnavailable, "store", "the database cannot be used at the moment")
}

func (s *shaky) Approval(ctx context.Context, p soar.Principal, id string) (soar.Approval, error) {
	if s.blind {
		return soar.Approval{}, lost()
	}
	return s.Service.Approval(ctx, p, id)
}

func (s *shaky) Decide(ctx context.Context, p soar.Principal, r incidents.DecideRequest) (soar.Approval, error) {
	a, err := s.Service.Decide(ctx, p, r)
	if s.lost {
		return soar.Approval{}, lost()
	}
	return a, err
}

func (s *shaky) Ask(ctx context.Context, p soar.Principal, r incidents.AskRequest) (soar.Approval, error) {
	if s.lost {
		return soar.Approval{}, lost()
	}
	return s.Service.Ask(ctx, p, r)
}

func (s *shaky) Command(ctx context.Context, p soar.Principal, r incidents.CommandRequest) (protocol.Reply, error) {
	if s.lost {
		return protocol.Reply{}, lost()
	}
	return s.Service.Command(ctx, p, r)
}

// When it is not known whether something was recorded, that is said, with where to
// look; the same modal sent again, by another click on its button, counts once.
func TestWhatIsNotKnownIsSaidToBeNotKnown(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.open(soar.TLPAmber, nil)
	cases := &shaky{Service: n.service}
	n.desk = desk.New(desk.Options{Incidents: cases, Chat: n.board})
	m := n.card("Approval needed")
	modal := n.clicked(n.pressed(lead(), m, card.Approve))
	ask := n.clicked(n.pressed(lead(), m, card.Ask))
	reason := map[string]string{card.InReason: "confirmed with the owner"}
	refused := func(s slack.Submission, want string) {
		t.Helper()
		_, err := n.desk.Submit(t.Context(), s)
		if soar.CodeOf(err) != soar.CodeUnavailable || !strings.Contains(soar.MessageOf(err), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	cases.blind = true
	refused(n.sent(lead(), "V1", modal, reason), "Nothing was recorded: the database cannot be used")
	if len(n.approval().Decisions) != 0 {
		t.Fatal("it was recorded")
	}
	cases.blind, cases.lost = false, true
	refused(n.sent(lead(), "V1", modal, reason), "It is not known whether your decision on "+aid+" is recorded")
	refused(n.sent(lead(), "V2", ask, map[string]string{card.InText: "Which owner?"}), "It is not known whether what you wrote on "+aid)
	cases.lost = false
	if answer := n.submit(n.sent(lead(), "V1", modal, reason)); !answer.Clear {
		t.Errorf("sent again: %+v", answer)
	}
	if a := n.approval(); len(a.Decisions) != 1 {
		t.Errorf("%d decisions", len(a.Decisions))
	}
	cases.lost = true
	_, err := n.desk.Command(t.Context(), slack.Command{Event: n.event(lead()), Text: "ack " + n.id})
	if !strings.Contains(soar.MessageOf(err), "It is not known whether it is recorded that "+n.id+" is in your hands") {
		t.Errorf("ack: %v", err)
	}
}
