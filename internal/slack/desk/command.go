package desk

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// shownMost is how many of a kind an answer or the App Home lists.
const shownMost = 20

// Command answers /tocsin. Only who asked sees the answer.
func (d *Desk) Command(ctx context.Context, c slack.Command) (slack.Reply, error) {
	words := strings.Fields(c.Text)
	verb, rest := "help", []string(nil)
	if len(words) > 0 {
		verb, rest = strings.ToLower(words[0]), words[1:]
	}
	var m card.Message
	var err error
	switch verb {
	case "help", "?":
		m = d.look().Help()
	case "report":
		return slack.Reply{}, d.open(ctx, c.Event, d.look().Report())
	case "status":
		m, err = d.status(ctx, c, rest)
	case "approvals", "approval":
		m, err = d.approvals(ctx, c)
	case "tasks", "task":
		m, err = d.tasks(ctx, c)
	case "ack", "acknowledge":
		m, err = d.ack(ctx, c, rest)
	case "oncall", "on-call":
		m, err = d.onCall(ctx, rest)
	case "who": // who is on call [ROSTER]
		m, err = d.onCall(ctx, after(rest, "is", "on", "call"))
	default:
		m = d.look().Say("There is no command " + verb + ". /tocsin help says which there are.")
	}
	return slack.Reply{Text: m.Text, Blocks: m.Blocks}, err
}

// after leaves out the words that a sentence begins with.
func after(words []string, leading ...string) []string {
	for len(words) > 0 && len(leading) > 0 && strings.EqualFold(strings.Trim(words[0], "?"), leading[0]) {
		words, leading = words[1:], leading[1:]
	}
	return words
}

func (d *Desk) status(ctx context.Context, c slack.Command, rest []string) (card.Message, error) {
	if len(rest) > 0 {
		detail, err := d.Incidents.Show(ctx, c.Person, strings.ToUpper(rest[0]))
		if err != nil {
			return card.Message{}, err
		}
		return d.look().Incident(card.IncidentCard{Incident: detail.Incident}), nil
	}
	open := true
	list, next, err := d.Incidents.List(ctx, c.Person, soar.IncidentFilter{Open: &open, Page: soar.Page{Limit: shownMost}})
	if err != nil {
		return card.Message{}, err
	}
	return d.look().Incidents(list, next != ""), nil
}

func (d *Desk) approvals(ctx context.Context, c slack.Command) (card.Message, error) {
	list, more, err := d.myApprovals(ctx, c.Person)
	if err != nil {
		return card.Message{}, err
	}
	return d.look().Approvals(list, more), nil
}

func (d *Desk) tasks(ctx context.Context, c slack.Command) (card.Message, error) {
	list, more, err := d.myTasks(ctx, c.Person)
	if err != nil {
		return card.Message{}, err
	}
	return d.look().Tasks(list, more), nil
}

func (d *Desk) ack(ctx context.Context, c slack.Command, rest []string) (card.Message, error) {
	if len(rest) != 1 {
		return d.look().Say("Say which incident: /tocsin ack INC-2026-0A1B2C"), nil
	}
	text, err := d.acknowledge(ctx, c.Event, strings.ToUpper(rest[0]))
	if err != nil {
		return card.Message{}, err
	}
	return d.look().Say(text), nil
}

func (d *Desk) onCall(ctx context.Context, rest []string) (card.Message, error) {
	if d.Rosters == nil {
		return d.look().OnCall(nil), nil
	}
	names := d.Rosters.Names()
	if len(rest) > 0 {
		names = []string{strings.Trim(strings.Join(rest, " "), "?")}
	}
	var list []card.OnDuty
	for _, roster := range names {
		ids, err := d.Rosters.OnCall(ctx, roster, d.Now())
		if err != nil {
			return card.Message{}, err
		}
		duty := card.OnDuty{Roster: roster}
		for _, id := range ids {
			duty.People = append(duty.People, d.person(ctx, id))
		}
		list = append(list, duty)
	}
	return d.look().OnCall(list), nil
}

// person gives what is known of somebody; at least the id.
func (d *Desk) person(ctx context.Context, id string) soar.Person {
	if d.People != nil {
		if person, err := d.People.Find(ctx, id); err == nil {
			return person
		}
	}
	return soar.Person{ID: id}
}
