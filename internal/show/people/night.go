package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/demo"
	"github.com/tocsin-soar/tocsin/internal/lab"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

//go:embed night/*.yaml
var nightPlaybooks embed.FS

// The people of the night; nobody of that name exists.
const (
	analyst   = "analyst@night.invalid"
	lead      = "lead@night.invalid"
	commander = "commander@night.invalid"
	officer   = "ciso@night.invalid"
	standby   = "standby@night.invalid" // on call
	stranger  = "stranger@night.invalid"
	engineer  = "engineer@night.invalid"
)

// nightRosters has one person on call at any time.
const nightRosters = `version: "1"
rosters:
  night:
    zone: Europe/Berlin
    layers:
      - {name: nights, people: [` + standby + `], starting: 2026-01-05, handover: "08:00", turn: 7d}
`

// nightPolicy waits as short as the language permits.
const nightPolicy = `version: "1"
policies:
  night:
    description: Somebody must answer tonight
    stale_after: 1h
    steps:
      - {to: [{roster: night}], wait: 1m}
      - {to: [{role: ciso}], wait: 1m}
    final:
      crisis:
        title: Decide whether this is a crisis, and lead it
        team: [{role: ciso}, {role: incident_commander}]
        due: 30m
        facts: {crisis_called: true}
      wait: 1h
`

const labToken = "token-of-the-lab-of-this-show"

// night is one night in the operations centre.
type night struct {
	*house
	t       *tally
	box     *mailbox
	effects string
	clients map[string]*client.Client
	users   map[string]string // person -> Slack user
	tool    *client.Client
}

// scene is one part of the night; what it cannot go on without ends the night.
type scene struct {
	what string
	play func(context.Context) error
}

// walkNight plays the scenes in order. A scene that breaks ends the walk, and is told.
func walkNight(ctx context.Context, o options, t *tally) (err error) {
	t.title("An analyst's night (Slack is a fake, the mail server, PostgreSQL and Temporal are real)")
	n, err := openNight(ctx, o, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	for _, s := range append(n.contained(), n.unanswered()...) {
		if !t.check(s.what, s.play(ctx)) {
			break
		}
	}
	return n.keep(ctx, o.out)
}

func openNight(ctx context.Context, o options, t *tally) (n *night, err error) {
	n = &night{t: t, clients: map[string]*client.Client{}, users: map[string]string{}}
	if n.box, err = openMailbox(ctx); err != nil {
		return nil, err
	}
	effects := filepath.Join(o.out, "effects.jsonl")
	if err := fresh(o.out); err != nil {
		return nil, err
	}
	stand, err := lab.New(lab.Options{Token: labToken, EffectsFile: effects})
	if err != nil {
		return nil, err
	}
	n.effects = effects
	server := httptest.NewServer(stand) // ends with the process
	connectors := map[string]app.ConnectorConfig{
		"mail": {Use: "smtp", Settings: map[string]string{"server": n.box.address, "tls": "none", "from": "tocsin@night.invalid"}},
	}
	for instance, kind := range demo.LabKinds() {
		if instance != "mail" {
			connectors[instance] = app.ConnectorConfig{Use: kind, Settings: map[string]string{"base_url": server.URL}, Secrets: map[string]secret.String{"token": secret.New(labToken)}}
		}
	}
	n.house, err = build(ctx, o, plan{
		policy:     map[string]string{"rosters.yaml": nightRosters, "escalation.yaml": nightPolicy},
		settings:   map[string]string{"slack_incident_channels": "high"},
		connectors: connectors, roles: app.Everything(),
	})
	if err != nil {
		return nil, errors.Join(err, n.box.close())
	}
	if err := n.assemble(ctx); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *night) close() error { return errors.Join(n.house.close(), n.box.close()) }

// assemble gives everybody a token and a Slack account that is linked, but for the
// stranger, and publishes the playbooks.
func (n *night) assemble(ctx context.Context) (err error) {
	cast := map[string][]soar.Role{
		analyst: {soar.RoleAnalyst}, lead: {soar.RoleSOCLead}, commander: {soar.RoleIncidentCommander}, officer: {soar.RoleCISO},
		standby: {soar.RoleSOCLead, soar.RoleAnalyst}, engineer: {soar.RolePlaybookEngineer},
	}
	for person, roles := range cast {
		if n.clients[person], err = n.Person(ctx, access.TokenRequest{Name: person, Person: person, Roles: roles}); err != nil {
			return err
		}
	}
	if n.tool, err = n.Person(ctx, access.TokenRequest{Name: "wazuh", Source: "wazuh"}); err != nil {
		return err
	}
	for person := range cast {
		if person == engineer {
			continue
		}
		if err := n.join(ctx, person); err != nil {
			return fmt.Errorf("%s joins Slack: %w", person, err)
		}
	}
	n.users[stranger] = n.slack.AddUser(slacktest.User{Name: stranger}).ID
	return n.publish(ctx)
}

// join links a Slack account as its owner does: /tocsin link there, the code here.
func (n *night) join(ctx context.Context, person string) error {
	user := n.slack.AddUser(slacktest.User{Name: person, RealName: person})
	n.users[person] = user.ID
	message, err := n.slack.Command(ctx, user.ID, n.soc.ID, "/tocsin link")
	if err != nil {
		return err
	}
	code := linkCode(message)
	if code == "" {
		return fmt.Errorf("no code in the answer to /tocsin link: %+v", message)
	}
	_, err = n.clients[person].SlackClaim(ctx, code)
	return err
}

func (n *night) publish(ctx context.Context) error {
	for _, name := range []string{"night_contain", "night_silent"} {
		source, err := nightPlaybooks.ReadFile("night/" + name + ".yaml")
		if err != nil {
			return err
		}
		if _, err := n.clients[engineer].PlaybookPublish(ctx, name, "", source); err != nil {
			return fmt.Errorf("publish %s: %w", name, err)
		}
		if _, err := n.clients[engineer].PlaybookActivate(ctx, name, "1.0.0"); err != nil {
			return fmt.Errorf("activate %s: %w", name, err)
		}
	}
	return nil
}

const within = 90 * time.Second // a bound for a busy machine, not a promise

// until waits for something, and says what it waited for when it does not come.
func until[T any](ctx context.Context, what string, look func() (T, bool)) (T, error) {
	for end := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		if got, ok := look(); ok {
			return got, nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			var none T
			return none, fmt.Errorf("did not come within %s: %s", within, what)
		}
	}
}

// alert sends one and gives the incident that it opens.
func (n *night) alert(ctx context.Context, body string) (string, error) {
	receipts, err := n.tool.AlertSend(ctx, "wazuh", "application/json", []byte(body))
	if err != nil {
		return "", err
	}
	return until(ctx, "an incident of the alert", func() (string, bool) {
		alert, err := n.clients[lead].Alert(ctx, receipts.Items[0].AlertID)
		if err != nil {
			return "", false
		}
		return alert.IncidentID, alert.IncidentID != ""
	})
}

// approval waits for the pending one of an incident.
func (n *night) approval(ctx context.Context, incident string) (soar.Approval, error) {
	return until(ctx, "an approval that waits in "+incident, func() (soar.Approval, bool) {
		page, err := n.clients[lead].Approvals(ctx, soar.ApprovalPending, incident, client.Page{})
		if err != nil || len(page.Items) == 0 {
			return soar.Approval{}, false
		}
		return page.Items[0], true
	})
}

// card waits for the message in a channel that has the button for the thing.
func (n *night) card(ctx context.Context, id, action string) (slacktest.Message, error) {
	return until(ctx, "a card of "+id+" with the button "+action, func() (slacktest.Message, bool) {
		for _, message := range n.slack.Messages("") {
			button, ok := message.Button(action)
			if ok && strings.Contains(button.Value, id) {
				return message, true
			}
		}
		return slacktest.Message{}, false
	})
}

// fill clicks a button and sends the modal that opens.
func (n *night) fill(ctx context.Context, person string, on slacktest.Message, action string, values map[string]any) error {
	return n.modal(ctx, person, on, action, func(slacktest.View) map[string]any { return values })
}

// modal clicks a button and sends the modal that opens with what write gives for it.
func (n *night) modal(ctx context.Context, person string, on slacktest.Message, action string, write func(slacktest.View) map[string]any) error {
	user := n.users[person]
	n.slack.Dismiss(user)
	if err := n.slack.Click(ctx, user, on.Channel, on.TS, action); err != nil {
		return err
	}
	view, err := until(ctx, "a modal for "+person, func() (slacktest.View, bool) {
		views := n.slack.Views(user)
		if len(views) == 0 {
			return slacktest.View{}, false
		}
		return views[len(views)-1], true
	})
	if err != nil {
		return err
	}
	done, err := n.slack.Submit(ctx, user, view.ID, write(view))
	if err != nil {
		return err
	}
	return want(done.Closed, "the modal stays open: %v", done.Errors)
}

// detail waits until the incident looks as wanted.
func (n *night) detail(ctx context.Context, id, what string, wanted func(protocol.Detail) bool) (protocol.Detail, error) {
	return until(ctx, "incident "+id+": "+what, func() (protocol.Detail, bool) {
		detail, err := n.clients[lead].Incident(ctx, id)
		if err != nil {
			return protocol.Detail{}, false
		}
		return *detail, wanted(*detail)
	})
}
