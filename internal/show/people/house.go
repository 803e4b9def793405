package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/show/people/cases"
	"github.com/tocsin-soar/tocsin/internal/show/stage"
	"github.com/tocsin-soar/tocsin/internal/slack/manifest"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	peoplestore "github.com/tocsin-soar/tocsin/internal/store/people"
)

// house is the product with the people's doors around it, on a database of its own.
type house struct {
	*stage.Stage
	slack  *slacktest.Slack
	soc    slacktest.Channel
	store  *store.Store // a second way to the same database, to put things there and to look
	people peoplestore.People
}

// plan says what a house is started with.
type plan struct {
	policy     map[string]string // file name -> content
	settings   map[string]string
	connectors map[string]app.ConnectorConfig
	roles      app.Roles
	log        io.Writer // nil: standard error
}

// build starts a house with a fake Slack that speaks to it by HTTP.
func build(ctx context.Context, o options, p plan) (h *house, err error) {
	h = &house{slack: slacktest.Start(slacktest.Options{Scopes: manifest.Scopes()})} // no more than the shipped manifest asks for
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	h.soc = h.slack.AddChannel(slacktest.Channel{Name: "soc", BotIn: true})
	dir, err := os.MkdirTemp("", "tocsin-policy-")
	if err != nil {
		return h, err
	}
	defer os.RemoveAll(dir) // it is read at the start
	for name, content := range p.policy {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return h, err
		}
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return h, err
	}
	settings := map[string]string{
		"listen": address, "public_url": "http://" + address,
		"policy_dir": dir, "slack_mode": "http", "slack_bot_token": h.slack.BotToken(), "slack_signing_secret": h.slack.SigningSecret(),
		"slack_team": h.slack.TeamID(), "slack_app": h.slack.AppID(), "slack_channel": h.soc.ID, "slack_api_url": h.slack.APIURL(),
	}
	for key, value := range p.settings {
		settings[key] = value
	}
	h.Stage, err = stage.Start(ctx, stage.Options{Name: "people", Postgres: o.postgres, Temporal: o.temporal, Settings: settings, Connectors: p.connectors, Roles: p.roles, Log: p.log})
	if err != nil {
		return h, err
	}
	h.slack.UseHTTP(h.URL)
	if h.store, err = store.Open(ctx, h.Database, store.Options{BlobDir: h.Dir, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		return h, err
	}
	h.people = peoplestore.New(h.store)
	return h, nil
}

// freeAddress gives an address on loopback that is free now: links in mails name it
// before anything listens.
func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

func (h *house) close() error {
	if h.store != nil {
		h.store.Close()
	}
	var err error
	if h.Stage != nil {
		err = h.Stage.Close()
	}
	h.slack.Close()
	return err
}

// plant puts the world of the cases into the database.
func (h *house) plant(ctx context.Context, w cases.World) error {
	event := func(text string) record.Payload {
		return record.Payload{At: w.Incidents[0].OpenedAt, Kind: protocol.EventNote, By: soar.System("show-people"), Text: text}
	}
	for _, p := range w.People {
		if _, err := h.people.Save(ctx, time.Time{}, p, event("a person")); err != nil {
			return fmt.Errorf("person %s: %w", p.ID, err)
		}
	}
	for _, q := range w.Qualifications {
		if err := h.people.QualificationAdd(ctx, q, event("a qualification")); err != nil {
			return fmt.Errorf("qualification %s: %w", q.ID, err)
		}
		if q.RevokedAt != nil {
			if err := h.people.QualificationRevoke(ctx, q.ID, *q.RevokedAt, event("revoked")); err != nil {
				return fmt.Errorf("qualification %s: %w", q.ID, err)
			}
		}
	}
	for _, a := range w.Absences {
		if err := h.people.AbsenceAdd(ctx, a, event("an absence")); err != nil {
			return fmt.Errorf("absence %s: %w", a.ID, err)
		}
	}
	return h.plantApprovals(ctx, w, event)
}

func (h *house) plantApprovals(ctx context.Context, w cases.World, event func(string) record.Payload) error {
	for _, incident := range w.Incidents {
		if err := h.store.IncidentOpen(ctx, protocol.OpenIncident{Input: protocol.IncidentInput{Incident: incident}}, event("opened")); err != nil {
			return fmt.Errorf("incident %s: %w", incident.ID, err)
		}
		batch := protocol.JournalBatch{IncidentID: incident.ID}
		for _, a := range w.Approvals {
			if a.IncidentID == incident.ID {
				batch.Approvals = append(batch.Approvals, a)
			}
		}
		if _, err := h.store.JournalWrite(ctx, batch); err != nil {
			return fmt.Errorf("approvals of %s: %w", incident.ID, err)
		}
	}
	for _, d := range w.Decisions {
		if _, _, err := h.store.DecisionInsert(ctx, d, event("decided before")); err != nil {
			return fmt.Errorf("decision %s: %w", d.ID, err)
		}
	}
	return nil
}
