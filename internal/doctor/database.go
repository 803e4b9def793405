package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/figures"
)

const (
	leastPostgres = 150000 // server_version_num
	mostSkew      = 2 * time.Second
	oldOutbox     = 5 * time.Minute
)

func (p *patient) database(ctx context.Context) {
	kept, err := store.Open(ctx, p.config.DatabaseURL.Reveal(), store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fix := "start PostgreSQL, or mend database_url; alerts are refused with 503 until then"
		if soar.CodeOf(err) == soar.CodeConflict {
			fix = `run "tocsin migrate"`
		}
		p.fail("database", said(err), fix)
		return
	}
	defer kept.Close()
	server, err := kept.ServerGet(ctx)
	if err != nil {
		p.fail("database", said(err), "look at PostgreSQL's log")
		return
	}
	p.server(server)
	p.figures(ctx, kept)
}

func (p *patient) server(s store.Server) {
	version := fmt.Sprintf("%d.%d", s.Version/10000, s.Version%10000)
	switch {
	case s.Version < leastPostgres:
		p.fail("database", "PostgreSQL "+version+" is too old", "move to PostgreSQL 15 or newer")
	case s.Standby:
		p.fail("database", "this PostgreSQL is a standby and takes no writes", "point database_url at the primary")
	default:
		p.ok("database", "PostgreSQL %s answers as %s", version, s.User)
	}
	if s.TLS {
		p.ok("database TLS", "the connection is encrypted")
	} else {
		p.warn("database TLS", "the connection is not encrypted", "fine on this machine itself; across a network set sslmode=verify-full in database_url")
	}
	want, err := store.SchemaVersion()
	switch {
	case err != nil:
		p.fail("migrations", err.Error(), "this binary is broken: install it again")
	case s.Schema > want:
		p.warn("migrations", fmt.Sprintf("the schema is at %d and this binary knows %d", s.Schema, want), "a newer version runs beside this one: finish the upgrade")
	default:
		p.ok("migrations", "the schema is at %d, as this binary needs", s.Schema)
	}
	switch {
	case s.Super:
		p.warn("database role", s.User+" is a superuser, whom no rule of the database holds back", "let the service log in as a member of tocsin_app and keep the owner for migrations: deploy/README.md")
	case !s.Service:
		p.warn("database role", s.User+" is no member of tocsin_app", "let the service log in as a member of tocsin_app: deploy/README.md")
	default:
		p.ok("database role", "%s may do what the service needs", s.User)
	}
	if skew := s.Skew.Abs(); skew > mostSkew {
		p.fail("clock", fmt.Sprintf("this machine and the database differ by %s", skew.Round(time.Millisecond)), "synchronise both with NTP: times in the record mislead, and deadlines move")
	} else {
		p.ok("clock", "within %s of the database's", mostSkew)
	}
}

// figures tells what waits for a person.
func (p *patient) figures(ctx context.Context, kept *store.Store) {
	now, err := figures.Read(ctx, kept.Room())
	if err != nil {
		p.fail("work", said(err), "look at PostgreSQL's log and load")
		return
	}
	parked, waiting, oldest := 0, 0, time.Duration(0)
	for _, items := range now.Outbox {
		parked, waiting, oldest = parked+items.Parked, waiting+items.Waiting, max(oldest, items.Oldest)
	}
	switch {
	case parked > 0:
		p.parked(ctx, kept, parked)
	case oldest > oldOutbox:
		p.warn("outbox", fmt.Sprintf("%d items wait, the oldest for %s", waiting, oldest.Round(time.Second)), "nothing is lost; look whether a server runs and reaches Temporal and the mail connector")
	default:
		p.ok("outbox", "%d items wait, none is parked", waiting)
	}
	if n := now.Ledger[soar.LedgerUnknown]; n > 0 {
		p.warn("actions", fmt.Sprintf("%d actions may or may not have happened", n), "look at their targets, and answer the tasks of their incidents: tocsin task list")
	} else {
		p.ok("actions", "none is unknown")
	}
	if n := now.Containments["release_failed"]; n > 0 {
		p.fail("containments", fmt.Sprintf("%d could not be taken back", n), "release them by hand: somebody may be cut off longer than agreed")
	} else {
		p.ok("containments", "%d in force, none failed to be released", now.Containments["active"])
	}
	if now.RecordChains == 0 {
		p.warn("record", "it is empty", "fine on a new installation; otherwise database_url points at the wrong database")
	} else {
		p.ok("record", "%d entries in %d chains; \"tocsin record verify\" checks them", now.RecordEntries, now.RecordChains)
	}
}

// parked shows why the longest parked ones are.
func (p *patient) parked(ctx context.Context, kept *store.Store, n int) {
	text := fmt.Sprintf("%d items failed for good", n)
	if items, err := kept.OutboxParked(ctx, 3); err == nil {
		for _, item := range items {
			text += fmt.Sprintf("; %s %s: %s", item.Kind, item.Key, soar.Shorten(item.Problem, 200))
		}
	}
	p.warn("outbox", text, "mend the cause: what a parked item would have done has not been done")
}
