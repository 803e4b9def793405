package figures

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/clocks"
)

// Read counts what is open and waiting, at one moment and in one round trip,
// for metrics and the doctor. Each part reads what is unsettled through an index
// of its own; only containments and the heads of the record are read whole.
func Read(ctx context.Context, room store.Room) (soar.Figures, error) {
	out := soar.Figures{
		Incidents: map[soar.IncidentFigure]int{}, Ledger: map[soar.LedgerState]int{}, Containments: map[string]int{},
		Objectives: map[soar.ObjectiveFigure]int{}, Outbox: map[string]soar.OutboxFigures{},
	}
	err := room.Read(ctx, "figures.Read", func(ctx context.Context, db *pgxpool.Pool) error {
		tx, err := db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it only read
		batch := figuresBatch(&out)
		clocks.Queue(batch, &out)
		return tx.SendBatch(ctx, batch).Close()
	})
	return out, err
}

// figuresBatch queues the questions, each with where its answer goes.
func figuresBatch(out *soar.Figures) *pgx.Batch {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT severity, status, count(*) FROM incidents WHERE NOT ended GROUP BY severity, status`).Query(each(func(rows pgx.Rows) error {
		var key soar.IncidentFigure
		var n int
		err := rows.Scan(&key.Severity, &key.Status, &n)
		out.Incidents[key] = n
		return err
	}))
	batch.Queue(`SELECT count(*), coalesce(extract(epoch FROM now() - min(requested_at)), 0)::float8 FROM approvals WHERE status = 'pending'`).QueryRow(func(row pgx.Row) error {
		var seconds float64
		err := row.Scan(&out.ApprovalsWaiting, &seconds)
		out.ApprovalOldest = age(seconds)
		return err
	})
	batch.Queue(`SELECT state, count(*) FROM actions WHERE state IN ('intent', 'sent', 'unknown') GROUP BY state`).Query(each(func(rows pgx.Rows) error {
		var state soar.LedgerState
		var n int
		err := rows.Scan(&state, &n)
		out.Ledger[state] = n
		return err
	}))
	batch.Queue(`SELECT state, count(*) FROM containments WHERE state <> 'released' GROUP BY state`).Query(each(func(rows pgx.Rows) error {
		var state string
		var n int
		err := rows.Scan(&state, &n)
		out.Containments[state] = n
		return err
	}))
	batch.Queue(`SELECT o.name, CASE WHEN (o.doc ->> 'breached')::boolean THEN 'breached' WHEN o.doc ->> 'met_at' IS NOT NULL THEN 'met' ELSE 'running' END AS state, count(*)
		FROM incidents i JOIN objectives o ON o.incident_id = i.id WHERE NOT i.ended AND o.doc->'duty' IS NULL GROUP BY 1, 2`).Query(each(func(rows pgx.Rows) error {
		var key soar.ObjectiveFigure
		var n int
		err := rows.Scan(&key.Name, &key.State, &n)
		out.Objectives[key] = n
		return err
	}))
	batch.Queue(`SELECT kind, count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
		FROM outbox WHERE done_at IS NULL AND parked_at IS NULL GROUP BY kind`).Query(each(func(rows pgx.Rows) error {
		var kind string
		var items soar.OutboxFigures
		var seconds float64
		err := rows.Scan(&kind, &items.Waiting, &seconds)
		items.Oldest = age(seconds)
		out.Outbox[kind] = items
		return err
	}))
	batch.Queue(`SELECT kind, count(*) FROM outbox WHERE parked_at IS NOT NULL GROUP BY kind`).Query(each(func(rows pgx.Rows) error {
		var kind string
		var parked int
		err := rows.Scan(&kind, &parked)
		items := out.Outbox[kind]
		items.Parked = parked
		out.Outbox[kind] = items
		return err
	}))
	batch.Queue(`SELECT count(*), coalesce(sum(seq), 0)::bigint FROM record_heads`).QueryRow(func(row pgx.Row) error {
		return row.Scan(&out.RecordChains, &out.RecordEntries)
	})
	return batch
}

func each(row func(pgx.Rows) error) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			if err := row(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}

// age makes a duration of a database's seconds. A row from a clock ahead is new.
func age(seconds float64) time.Duration {
	return max(0, time.Duration(seconds*float64(time.Second)))
}

// FirstAction tells when the incident's first alert was received, and whether the
// action under the key is the first in its ledger; without an alert it is not.
func FirstAction(ctx context.Context, room store.Room, incidentID, key string) (alertAt time.Time, first bool, err error) {
	err = room.Read(ctx, "figures.FirstAction", func(ctx context.Context, db *pgxpool.Pool) error {
		var at *time.Time
		err := db.QueryRow(ctx, `SELECT (SELECT min(received_at) FROM alerts WHERE incident_id = $1),
			$2 = (SELECT key FROM actions WHERE incident_id = $1 ORDER BY created_at, key LIMIT 1)`, incidentID, key).Scan(&at, &first)
		if err != nil || at == nil {
			first = false
			return err
		}
		alertAt = *at
		return nil
	})
	return alertAt, first, err
}
