package chatpost

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

// Rooms are the rooms of one chat.
type Rooms struct{ room store.Room }

// New gives those in this database.
func New(s *store.Store) Rooms { return Rooms{s.Room()} }

// An incident gets a room while it runs, when it is new or something in it waits for
// people: who joins a chat to an old installation is not told of everything at once.
const openRooms = `INSERT INTO chat_rooms (incident_id)
	SELECT i.id FROM incidents i
	WHERE NOT i.ended AND NOT EXISTS (SELECT FROM chat_rooms r WHERE r.incident_id = i.id)
		AND (i.opened_at > now() - $1::interval
			OR EXISTS (SELECT FROM approvals a WHERE a.incident_id = i.id AND a.status = 'pending')
			OR EXISTS (SELECT FROM tasks t WHERE t.incident_id = i.id AND t.status = 'open'))
	ORDER BY i.opened_at LIMIT 500
	ON CONFLICT DO NOTHING`

// The worst goes first, so that a storm of small ones does not hide it.
const claimRooms = `UPDATE chat_rooms r SET lease_until = now() + $1::interval
	FROM (SELECT r.incident_id, h.seq FROM chat_rooms r
		JOIN record_heads h ON h.chain = r.incident_id JOIN incidents i ON i.id = r.incident_id
		WHERE NOT r.done AND r.lease_until < now() AND (h.seq > r.seen_seq OR r.next_at <= now())
		ORDER BY CASE i.severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, i.opened_at
		LIMIT $2 FOR UPDATE OF r SKIP LOCKED) c
	WHERE r.incident_id = c.incident_id
	RETURNING r.incident_id, r.channel, r.archived, r.invited, r.seen_seq, r.told_seq, c.seq, r.failures, r.done, r.next_at`

// Claim gives up to limit rooms that are behind their incident, or due, for the time
// of the lease. Fresh is how old an incident in which nothing waits may be to get a
// room. One that is not settled by the end of the lease comes again.
func (k Rooms) Claim(ctx context.Context, limit int, lease, fresh time.Duration) (rooms []soar.ChatRoom, err error) {
	err = k.room.Read(ctx, "chatpost.Claim", func(ctx context.Context, db *pgxpool.Pool) error {
		if _, err := db.Exec(ctx, openRooms, fresh); err != nil {
			return err
		}
		rows, err := db.Query(ctx, claimRooms, lease, limit)
		if err != nil {
			return err
		}
		rooms, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r soar.ChatRoom, err error) {
			err = row.Scan(&r.IncidentID, &r.Channel, &r.Archived, &r.Invited, &r.SeenSeq, &r.ToldSeq, &r.HeadSeq, &r.Failures, &r.Done, &r.NextAt)
			return r, err
		})
		if err != nil {
			return err
		}
		for i := range rooms {
			if rooms[i].Posts, err = posts(ctx, db, rooms[i].IncidentID); err != nil {
				return err
			}
		}
		return nil
	})
	return rooms, err
}

func posts(ctx context.Context, db *pgxpool.Pool, incidentID string) ([]soar.ChatPost, error) {
	rows, err := db.Query(ctx, `SELECT key, channel, ts, digest FROM chat_posts WHERE incident_id = $1 AND ts <> '' ORDER BY key`, incidentID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[soar.ChatPost])
}

// Behind counts the rooms that do not show their incident as it is: waiting are all of
// them, failing those of them that could not be brought up to date at the last try.
func (k Rooms) Behind(ctx context.Context) (waiting, failing int, err error) {
	err = k.room.Read(ctx, "chatpost.Behind", func(ctx context.Context, db *pgxpool.Pool) error {
		return db.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE r.failures > 0) FROM chat_rooms r JOIN record_heads h ON h.chain = r.incident_id
			WHERE NOT r.done AND (h.seq > r.seen_seq OR r.failures > 0)`).Scan(&waiting, &failing)
	})
	return waiting, failing, err
}

// Posted notes one message right after it was written or changed; with an empty TS
// that it is gone. What happened outside must not be forgotten when the rest fails.
func (k Rooms) Posted(ctx context.Context, incidentID string, p soar.ChatPost) error {
	return k.room.Read(ctx, "chatpost.Posted", func(ctx context.Context, db *pgxpool.Pool) error {
		_, err := db.Exec(ctx, `INSERT INTO chat_posts (incident_id, key, channel, ts, digest) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (incident_id, key) DO UPDATE SET channel = excluded.channel, ts = excluded.ts, digest = excluded.digest`,
			incidentID, postgres.Clean(p.Key), postgres.Clean(p.Channel), postgres.Clean(p.TS), p.Digest)
		return err
	})
}

// Save notes how far a room is, without its messages, and keeps the claim.
func (k Rooms) Save(ctx context.Context, r soar.ChatRoom) error {
	return k.room.Read(ctx, "chatpost.Save", func(ctx context.Context, db *pgxpool.Pool) error {
		_, err := db.Exec(ctx, `UPDATE chat_rooms SET channel = $2, archived = $3, invited = $4, told_seq = $5 WHERE incident_id = $1`,
			r.IncidentID, postgres.Clean(r.Channel), r.Archived, append([]string{}, r.Invited...), r.ToldSeq)
		return err
	})
}

// Settle ends a claim: how far the room is, and when it is looked at again by itself.
func (k Rooms) Settle(ctx context.Context, r soar.ChatRoom) error {
	return k.room.Read(ctx, "chatpost.Settle", func(ctx context.Context, db *pgxpool.Pool) error {
		_, err := db.Exec(ctx, `UPDATE chat_rooms SET seen_seq = $2, done = $3, next_at = $4, failures = 0, lease_until = '-infinity' WHERE incident_id = $1`,
			r.IncidentID, r.SeenSeq, r.Done, r.NextAt)
		return err
	})
}

// Retry ends a claim that failed. The room comes again after the wait.
func (k Rooms) Retry(ctx context.Context, incidentID string, wait time.Duration) error {
	return k.room.Read(ctx, "chatpost.Retry", func(ctx context.Context, db *pgxpool.Pool) error {
		_, err := db.Exec(ctx, `UPDATE chat_rooms SET failures = failures + 1, lease_until = now() + $2::interval WHERE incident_id = $1`, incidentID, wait)
		return err
	})
}

// Channel gives the own channel of an incident, "" without one that is open.
func (k Rooms) Channel(ctx context.Context, incidentID string) (channel string, err error) {
	err = k.room.Read(ctx, "chatpost.Channel", func(ctx context.Context, db *pgxpool.Pool) error {
		err := db.QueryRow(ctx, `SELECT channel FROM chat_rooms WHERE incident_id = $1 AND NOT archived`, incidentID).Scan(&channel)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return channel, err
}
