package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const guessing = `{"timestamp":"2026-11-28T03:20:00.001+0000","id":"n-2","rule":{"id":"5763","level":10,"description":"sshd: brute force trying to get access",
"mitre":{"id":["T1110"]},"groups":["sshd"]},"agent":{"id":"007","name":"web-01","ip":"192.0.2.10"},"manager":{"name":"m"},
"location":"/var/log/auth.log","data":{"srcip":"203.0.113.67","dstuser":"deploy"}}`

// unanswered is the second half: nobody answers, so it goes up until somebody does.
func (n *night) unanswered() []scene {
	var incident string
	var a soar.Approval
	return []scene{
		{"03:20 another alert; the approval is left alone", func(ctx context.Context) (err error) {
			if incident, err = n.alert(ctx, guessing); err != nil {
				return err
			}
			a, err = n.approval(ctx, incident)
			return err
		}},
		{"the lead is reminded, the commander is asked too", func(ctx context.Context) error {
			if err := n.recorded(ctx, incident, protocol.EventApprovalReminded); err != nil {
				return err
			}
			if err := n.recorded(ctx, incident, protocol.EventApprovalEscalated); err != nil {
				return err
			}
			return n.reached(ctx, commander, a.ID)
		}},
		{"it expires, which counts as no: nothing is blocked", func(ctx context.Context) error {
			after, err := until(ctx, "the approval ends", func() (soar.Approval, bool) {
				now, err := n.clients[lead].Approval(ctx, a.ID)
				if err != nil {
					return soar.Approval{}, false
				}
				return *now, now.Status != soar.ApprovalPending
			})
			if err != nil {
				return err
			}
			return want(after.Status == soar.ApprovalExpired && len(after.Decisions) == 0, "it is %s with %d decisions", after.Status, len(after.Decisions))
		}},
		{"an answer after the end is told the truth", func(ctx context.Context) error {
			accepted, told, err := (&apiDoor{wallet{n.house, map[string]string{}}}).Decide(ctx, late(a))
			if err != nil {
				return err
			}
			return want(!accepted && strings.Contains(told, "expired"), "accepted %v, told %q", accepted, told)
		}},
		{"who is on call by the roster is woken, by mail and in Slack", func(ctx context.Context) error {
			return n.reached(ctx, standby, incident)
		}},
		{"/tocsin says who is on call", func(ctx context.Context) error {
			message, err := n.slack.Command(ctx, n.users[lead], n.soc.ID, "/tocsin who is on call")
			if err != nil || message == nil {
				return fmt.Errorf("no answer: %w", err)
			}
			return want(strings.Contains(message.Text+string(message.Blocks), "standby"), "it says %.300s", message.Text+string(message.Blocks))
		}},
		{"nobody acknowledges: a minute later the next step tells the CISO", func(ctx context.Context) error {
			return n.reached(ctx, officer, incident)
		}},
		{"still nobody: crisis management is called in, with a task", func(ctx context.Context) error { return n.crisis(ctx, incident) }},
		{"/tocsin ack stops it", func(ctx context.Context) error {
			if _, err := n.slack.Command(ctx, n.users[officer], n.soc.ID, "/tocsin ack "+incident); err != nil {
				return err
			}
			_, err := n.detail(ctx, incident, "is acknowledged", func(d protocol.Detail) bool { return d.Incident.AcknowledgedAt != nil })
			return err
		}},
		{"the record of it verifies", func(ctx context.Context) error { return n.verify(ctx, incident) }},
	}
}

// recorded waits for an entry of this kind.
func (n *night) recorded(ctx context.Context, incident, kind string) error {
	_, err := until(ctx, "an entry "+kind, func() (bool, bool) {
		page, err := n.clients[lead].Timeline(ctx, incident, 0, 500)
		if err != nil {
			return false, false
		}
		for _, entry := range page.Items {
			if entry.Kind == kind {
				return true, true
			}
		}
		return false, false
	})
	return err
}

// reached waits until a person was told of something by mail.
func (n *night) reached(ctx context.Context, person, of string) error {
	_, err := until(ctx, "a mail to "+person+" about "+of, func() (bool, bool) {
		for _, mail := range n.box.to(person) {
			if strings.Contains(mail.subject+plainText(mail.raw), of) {
				return true, true
			}
		}
		return false, false
	})
	return err
}

func (n *night) crisis(ctx context.Context, incident string) error {
	_, err := until(ctx, "the task of the crisis team", func() (bool, bool) {
		page, err := n.clients[officer].Tasks(ctx, soar.TaskOpen, incident, client.Page{})
		if err != nil {
			return false, false
		}
		for _, task := range page.Items {
			if strings.Contains(task.Title, "crisis") {
				return true, true
			}
		}
		return false, false
	})
	return err
}

// form fills in whatever modal the button opens: text where text is wanted, the first
// choice where there are some.
func (n *night) form(ctx context.Context, person string, on slacktest.Message, action string) error {
	return n.modal(ctx, person, on, action, func(view slacktest.View) map[string]any { return anyAnswer(view.Body) })
}

func anyAnswer(body json.RawMessage) map[string]any {
	var view struct {
		Blocks []struct {
			Type    string `json:"type"`
			ID      string `json:"block_id"`
			Element struct {
				Options []struct {
					Value string `json:"value"`
				} `json:"options"`
			} `json:"element"`
		} `json:"blocks"`
	}
	_ = json.Unmarshal(body, &view) // the fake has read it
	values := map[string]any{}
	for _, block := range view.Blocks {
		switch {
		case block.Type != "input":
		case len(block.Element.Options) > 0:
			values[block.ID] = block.Element.Options[0].Value
		default:
			values[block.ID] = "A black window, for a second."
		}
	}
	return values
}

// verify checks the incident's record as an outsider would.
func (n *night) verify(ctx context.Context, incident string) error {
	body, err := n.clients[lead].Record(ctx, incident)
	if err != nil {
		return err
	}
	defer body.Close()
	var entries []record.Entry
	for entry, err := range record.Read(body) {
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	report := record.Verify(entries)
	return want(report.OK() && report.Entries > 0, "%+v", report)
}
