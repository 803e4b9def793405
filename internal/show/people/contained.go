package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const malware = `{"timestamp":"2026-11-28T01:12:07.001+0000","id":"n-1","rule":{"id":"92200","level":13,"description":"Trojan found in memory",
"mitre":{"id":["T1204"]},"groups":["windows"]},"agent":{"id":"042","name":"ws-042","ip":"192.0.2.42"},"manager":{"name":"m"},"location":"EventChannel","data":{}}`

// contained is the first half: two people consent, one of them after a question, and
// a computer is taken off the network.
func (n *night) contained() []scene {
	var incident string
	var a soar.Approval
	var shown slacktest.Message
	return []scene{
		{"01:12 an alert opens an incident, and a card asks in the incident's own channel", func(ctx context.Context) (err error) {
			if incident, err = n.alert(ctx, malware); err != nil {
				return err
			}
			if a, err = n.approval(ctx, incident); err != nil {
				return err
			}
			if shown, err = n.card(ctx, a.ID, card.Approve); err != nil {
				return err
			}
			channel, _ := n.slack.Channel(shown.Channel)
			text := string(shown.Blocks)
			return want(strings.HasPrefix(channel.Name, "inc-") && strings.Contains(text, "ws-042") && strings.Contains(text, "edr.isolate_host"),
				"it stands in %q and says %.300s", channel.Name, text)
		}},
		{"a mail with a link goes to who may decide", func(ctx context.Context) error {
			_, err := n.mailedLink(ctx, commander, a.ID)
			return err
		}},
		{"who is not linked decides nothing, and is told how to link", func(ctx context.Context) error {
			return n.turnedAway(ctx, stranger, shown, "link")
		}},
		{"who may not decide is told so", func(ctx context.Context) error {
			return n.turnedAway(ctx, analyst, shown, "")
		}},
		{"the lead asks for information from the card", func(ctx context.Context) error {
			return n.fill(ctx, lead, shown, card.Ask, map[string]any{card.InText: "Is anybody working on it right now?"})
		}},
		{"the analyst answers, and the card shows both", func(ctx context.Context) error {
			question, err := n.card(ctx, a.ID, card.Answer)
			if err != nil {
				return err
			}
			if err := n.fill(ctx, analyst, question, card.Answer, map[string]any{card.InText: "Nobody, the user went home at six."}); err != nil {
				return err
			}
			return n.says(ctx, shown, "went home at six")
		}},
		{"the lead approves with a reason: one of two", func(ctx context.Context) error {
			if err := n.fill(ctx, lead, shown, card.Approve, map[string]any{card.InReason: "The trojan talks to its server."}); err != nil {
				return err
			}
			return n.says(ctx, shown, "1 of 2")
		}},
		{"the same click again decides nothing", func(ctx context.Context) error {
			after, err := n.clients[lead].Approval(ctx, a.ID)
			if err != nil {
				return err
			}
			return want(len(after.Decisions) == 1 && after.Status == soar.ApprovalPending, "%d decisions, %s", len(after.Decisions), after.Status)
		}},
		{"the commander approves on the page, without script", func(ctx context.Context) error { return n.byPage(ctx, a) }},
		{"the computer is isolated, once", func(ctx context.Context) error { return n.isolated(ctx, incident) }},
		{"the card's buttons are gone, and it says who decided", func(ctx context.Context) error {
			_, err := until(ctx, "the button goes", func() (bool, bool) {
				now := n.now(shown)
				_, open := now.Button(card.Approve)
				return true, now.TS != "" && !open
			})
			if err != nil {
				return err
			}
			text := string(n.now(shown).Blocks)
			return want(strings.Contains(text, commander) && strings.Contains(text, "approved"), "it says %.900s", text)
		}},
		{"the analyst fills in the task's form in Slack", func(ctx context.Context) error { return n.task(ctx, incident) }},
		{"the incident is closed, its channel hears of it, and its record verifies", func(ctx context.Context) error { return n.closed(ctx, incident, shown.Channel) }},
	}
}

// mailedLink waits for the mail about an approval and gives the link in it.
func (n *night) mailedLink(ctx context.Context, person, approval string) (string, error) {
	form := regexp.MustCompile(regexp.QuoteMeta(n.URL) + `/approve/[0-9A-Za-z_-]+`)
	return until(ctx, "a mail to "+person+" with a link for "+approval, func() (string, bool) {
		for _, mail := range n.box.to(person) {
			text := plainText(mail.raw)
			if link := form.FindString(text); link != "" && strings.Contains(mail.subject+text, approval) {
				return link, true
			}
		}
		return "", false
	})
}

// turnedAway has somebody click who may not, and wants him told.
func (n *night) turnedAway(ctx context.Context, person string, on slacktest.Message, word string) error {
	user := n.users[person]
	d := &slackDoor{house: n.house}
	heard := len(d.heard(user))
	if err := n.slack.Click(ctx, user, on.Channel, on.TS, card.Approve); err != nil {
		return err
	}
	told, view := d.wait(ctx, user, heard)
	if view != nil {
		done, err := n.slack.Submit(ctx, user, view.ID, map[string]any{card.InReason: "let me"})
		if err != nil {
			return err
		}
		told = said(done)
		if done.Closed {
			told, _ = d.wait(ctx, user, heard)
		}
	}
	return want(told != "" && strings.Contains(told, word), "he was told %q", told)
}

// now gives a message as it stands now.
func (n *night) now(m slacktest.Message) slacktest.Message {
	for _, message := range n.slack.Messages(m.Channel) {
		if message.TS == m.TS {
			return message
		}
	}
	return slacktest.Message{}
}

// says waits until a card says something.
func (n *night) says(ctx context.Context, m slacktest.Message, text string) error {
	_, err := until(ctx, "the card says "+text, func() (bool, bool) {
		return true, strings.Contains(string(n.now(m).Blocks), text)
	})
	if err != nil {
		err = fmt.Errorf("%w; it says %.600s", err, n.now(m).Blocks)
	}
	return err
}

// byPage opens the mailed link: looking decides nothing, the form does.
func (n *night) byPage(ctx context.Context, a soar.Approval) error {
	link, err := n.mailedLink(ctx, commander, a.ID)
	if err != nil {
		return err
	}
	d := &pageDoor{house: n.house}
	_, page, err := d.visit(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	before, err := n.clients[lead].Approval(ctx, a.ID)
	if err != nil || len(before.Decisions) != 1 {
		return fmt.Errorf("looking at the page left %d decisions: %w", len(before.Decisions), err)
	}
	form := url.Values{"seal": {field(sealField, page)}, "digest": {field(digestField, page)}, "reason": {"Seen the evidence, agreed."}, "do": {"approve"}}
	status, page, err := d.visit(ctx, http.MethodPost, link, form)
	if err != nil {
		return err
	}
	return want(status == http.StatusOK && strings.Contains(page, "approved"), "it answered %d: %s", status, text(page))
}

func (n *night) isolated(ctx context.Context, incident string) error {
	_, err := n.detail(ctx, incident, "is contained", func(d protocol.Detail) bool { return d.Incident.Status == soar.StatusContained })
	if err != nil {
		return err
	}
	effects, err := os.ReadFile(n.effects)
	if err != nil {
		return err
	}
	times := strings.Count(string(effects), "isolate")
	return want(times == 1, "the lab saw it %d times", times)
}

func (n *night) task(ctx context.Context, incident string) error {
	tasks, err := until(ctx, "a task", func() ([]soar.Task, bool) {
		page, err := n.clients[analyst].Tasks(ctx, soar.TaskOpen, incident, client.Page{})
		if err != nil || len(page.Items) == 0 {
			return nil, false
		}
		return page.Items, true
	})
	if err != nil {
		return err
	}
	shown, err := n.card(ctx, tasks[0].ID, card.DoTask)
	if err != nil {
		return err
	}
	return n.form(ctx, analyst, shown, card.DoTask)
}

func (n *night) closed(ctx context.Context, incident, channel string) error {
	_, err := n.detail(ctx, incident, "is closed", func(d protocol.Detail) bool { return d.Incident.Status == soar.StatusClosed })
	if err != nil {
		return err
	}
	if err := n.verify(ctx, incident); err != nil {
		return err
	}
	_, err = until(ctx, "the channel hears of the end", func() (bool, bool) {
		for _, message := range n.slack.Messages(channel) {
			if strings.Contains(strings.ToLower(message.Text+string(message.Blocks)), "closed") {
				return true, true
			}
		}
		return false, false
	})
	return err
}
