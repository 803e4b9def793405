package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connectors/notify"
	telling "github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/notify/way"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/notices"
	peoplestore "github.com/tocsin-soar/tocsin/internal/store/people"
)

// journalWriter is how a message gets into the outbox, in one transaction and
// once under its id.
type journalWriter interface {
	JournalWrite(ctx context.Context, batch protocol.JournalBatch) (protocol.JournalReceipt, error)
}

// queue is behind notify.send.
type queue struct{ journal journalWriter }

// Notify puts the message into the outbox.
func (q queue) Notify(ctx context.Context, m notify.Message) error {
	message := protocol.Message{ID: m.ID, Audience: m.Audience, Kind: "note", Template: m.Template, Subject: m.Subject, Body: m.Body, Urgent: m.Urgent}
	_, err := q.journal.JournalWrite(ctx, protocol.JournalBatch{IncidentID: m.IncidentID, Messages: []protocol.Message{message}})
	return err
}

// initNotify makes what tells people; own are ways that need no connector.
func (a *App) initNotify(own ...telling.Way) error {
	ways, err := a.ways(own)
	if err != nil {
		return err
	}
	directory := peoplestore.New(a.store)
	a.notify = telling.New(telling.Options{
		Ledger: notices.New(a.store), People: a.people, Cases: a.store, Policy: a.policy, Letters: a.letters, Ways: ways,
		Links: a.links.Link, OnCall: a.oncall.OnCall, Meter: a.metrics, NewID: rand.Text, Now: time.Now, Log: a.log,
		Away: func(ctx context.Context, at time.Time) ([]soar.Absence, error) {
			return directory.Absences(ctx, "", at)
		},
	})
	return nil
}

// ways opens the ways of notifications.yaml. A way that a site wrote down and did not
// set up ends the start: somebody believes that it is used.
func (a *App) ways(own []telling.Way) (ways []telling.Way, err error) {
	const file = "notifications.yaml"
	registry := a.counted()
	for _, wanted := range a.policy.Notifications.Ways {
		if wanted.Connector == "" {
			i := slices.IndexFunc(own, func(w telling.Way) bool { return w.Name() == wanted.Name })
			if i < 0 {
				return nil, fmt.Errorf("%s: the way %q names no connector, and Tocsin has none of this name set up", file, wanted.Name)
			}
			ways = append(ways, own[i])
			continue
		}
		instance, described, found := registry.Find(wanted.Connector)
		if !found && slices.Contains(a.policy.Shipped, file) {
			a.log.Warn("nobody will be told: the connector is not configured", "way", wanted.Name, "connector", wanted.Connector)
			continue
		}
		if !found {
			return nil, fmt.Errorf("%s: the way %q uses the connector %q, which is not configured", file, wanted.Name, wanted.Connector)
		}
		made, err := way.Over(wanted.Name, instance, described)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		ways = append(ways, made)
	}
	names := make([]string, len(ways))
	for i, made := range ways {
		names[i] = made.Name()
	}
	a.metrics.KnowWays(names)
	return ways, nil
}

// clock tells the time; tests bring their own.
type clock func() time.Time
