package main

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/tocsin-soar/tocsin/internal/app"
)

// bodyAlerts is how many alerts a large body holds.
const bodyAlerts = 100

// intakeSide is one way of getting alerts into Postgres; send stores count of them.
type intakeSide struct {
	side
	count int
	total int64 // stored in all rounds
	send  func(ctx context.Context, n int64) error
}

func measureIntake(ctx context.Context, b *bench) (section, error) {
	databaseURL, pool, err := b.database(ctx)
	if err != nil {
		return section{}, err
	}
	door, err := b.product(ctx, databaseURL, app.Roles{API: true})
	if err != nil {
		return section{}, err
	}
	if _, err := pool.Exec(ctx, "CREATE TABLE bare (id bigint PRIMARY KEY, body bytea NOT NULL)"); err != nil {
		return section{}, err
	}
	sides := intakeSides(pool, door)
	var sent atomic.Int64 // no alert is sent twice
	for round := range b.options.rounds + 1 {
		text := ""
		for _, each := range sides {
			before, stored := used(), each.total
			rate, err := each.run(ctx, b.options, &sent)
			if err != nil {
				return section{}, fmt.Errorf("%s: %w", each.Name, err)
			}
			if round > 0 {
				each.add(rate)
				each.spend(used().since(before), int(each.total-stored))
				text += each.Name + " " + figure(rate) + "   "
			}
		}
		b.say("intake: round %d of %d: %s", round, b.options.rounds, text)
	}
	if err := complete(ctx, pool, sides); err != nil {
		return section{}, err
	}
	return intakeSection(b.options, sides), door.end()
}

func intakeSides(pool *pgxpool.Pool, door *product) []*intakeSide {
	size := len(numbered(0))
	return []*intakeSide{
		{side{Name: "Tocsin, 1 alert a body", Unit: "alerts/s", What: "POST /api/v1/alerts: token, mapping, alert, raw bytes and outbox order committed before the answer. The process carries the API only; the outbox waits."}, 1, 0,
			func(ctx context.Context, n int64) error { return door.post(ctx, numbered(n)) }},
		{side{Name: "bare inserts", Unit: "rows/s", What: fmt.Sprintf("INSERT of a number and %d bytes, the size of an alert's body, one statement and commit each, as pgbench would.", size)}, 1, 0,
			func(ctx context.Context, n int64) error {
				_, err := pool.Exec(ctx, "INSERT INTO bare VALUES ($1, $2)", n, numbered(n))
				return err
			}},
		{side{Name: "Tocsin, 100 alerts a body", Unit: "alerts/s", What: "the same door, an array of 100 in each body."}, bodyAlerts, 0,
			func(ctx context.Context, n int64) error { return door.post(ctx, array(n)) }},
		{side{Name: "bare inserts, 100 a transaction", Unit: "rows/s", What: "the same rows, 100 of them by one COPY each time."}, bodyAlerts, 0,
			func(ctx context.Context, n int64) error { return copied(ctx, pool, n) }},
	}
}

func intakeSection(o options, sides []*intakeSide) section {
	out := section{Name: "intake", Title: "Alerts accepted per second", How: []string{
		fmt.Sprintf("%d senders over as many kept connections, each sending the next when the last is answered, for %s in a round; %d connections for the bare rows.", o.senders, o.span, o.senders),
		"Every alert is another event; all that were answered are counted in the database at the end.",
	}}
	for _, each := range sides {
		each.sum()
		out.Sides = append(out.Sides, &each.side)
	}
	out.Ratios = []ratio{
		least("Tocsin, 1 alert a body / bare inserts", sides[0].Median/sides[1].Median, 0.3),
		{Name: "Tocsin, 100 alerts a body / bare inserts", Value: sides[2].Median / sides[1].Median},
		{Name: "Tocsin, 100 alerts a body / bare inserts, 100 a transaction", Value: sides[2].Median / sides[3].Median},
	}
	return out
}

// run sends for the span and gives what was stored a second.
func (s *intakeSide) run(ctx context.Context, o options, sent *atomic.Int64) (float64, error) {
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	var stored atomic.Int64
	for range o.senders {
		group.Go(func() error {
			for time.Since(began) < o.span {
				first := sent.Add(int64(s.count)) - int64(s.count)
				if err := s.send(ctx, first); err != nil {
					return err
				}
				stored.Add(int64(s.count))
			}
			return nil
		})
	}
	err := group.Wait()
	done := stored.Load()
	s.total += done
	return float64(done) / time.Since(began).Seconds(), err
}

func numbered(n int64) []byte { return alertBody(fmt.Sprintf("bench-%012d", n), "bench_intake", "low") }

func array(first int64) []byte {
	bodies := make([][]byte, bodyAlerts)
	for i := range bodies {
		bodies[i] = numbered(first + int64(i))
	}
	return append(append([]byte("["), bytes.Join(bodies, []byte(","))...), ']')
}

func copied(ctx context.Context, pool *pgxpool.Pool, first int64) error {
	rows := make([][]any, bodyAlerts)
	for i := range rows {
		rows[i] = []any{first + int64(i), numbered(first + int64(i))}
	}
	_, err := pool.CopyFrom(ctx, pgx.Identifier{"bare"}, []string{"id", "body"}, pgx.CopyFromRows(rows))
	return err
}

// complete holds what was answered against what is stored.
func complete(ctx context.Context, pool *pgxpool.Pool, sides []*intakeSide) error {
	var alerts, bare int64
	if err := pool.QueryRow(ctx, "SELECT (SELECT count(*) FROM alerts WHERE parsed), (SELECT count(*) FROM bare)").Scan(&alerts, &bare); err != nil {
		return err
	}
	if answered := sides[0].total + sides[2].total; answered != alerts {
		return fmt.Errorf("%d alerts were answered and %d are stored", answered, alerts)
	}
	if written := sides[1].total + sides[3].total; written != bare {
		return fmt.Errorf("%d bare rows were written and %d are stored", written, bare)
	}
	return nil
}
