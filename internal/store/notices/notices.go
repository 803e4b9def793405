package notices

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

// Notices is the ledger of who was told.
type Notices struct{ room store.Room }

// New gives the ledger in this database.
func New(s *store.Store) Notices { return Notices{s.Room()} }

const columns = `id, message_id, coalesce(incident_id, ''), person, way, kind, about, audience, subject, body, urgent, state, attempts,
	passing, problem, template, summary, planned_at, due_at, changed_at, unsure, page`

func scan(row pgx.CollectableRow) (soar.Notice, error) {
	var n soar.Notice
	err := row.Scan(fields(&n)...)
	utc(&n)
	return n, err
}

func fields(n *soar.Notice) []any {
	return []any{
		&n.Key, &n.MessageID, &n.IncidentID, &n.Person, &n.Way, &n.Kind, &n.About, &n.Audience, &n.Subject, &n.Body, &n.Urgent, &n.State, &n.Attempts,
		&n.Passing, &n.Problem, &n.Template, &n.Summary, &n.PlannedAt, &n.DueAt, &n.ChangedAt, &n.Unsure, &n.Page,
	}
}

func utc(n *soar.Notice) {
	n.PlannedAt, n.ChangedAt = n.PlannedAt.UTC(), n.ChangedAt.UTC()
	if n.DueAt != nil {
		due := n.DueAt.UTC()
		n.DueAt = &due
	}
}

type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

func collect(ctx context.Context, db querier, where string, args ...any) ([]soar.Notice, error) {
	rows, err := db.Query(ctx, `SELECT `+columns+` FROM notices WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// Plan adds the first way of each recipient of one message, and gives all rows of
// the message as they stand. What is there already stays. Recipients get at most
// most messages that are not urgent in within, the last of which is a summary: what
// is more is held until the window that began with the first is over. most zero
// means any number; a wanted row that is held already, or is exempt, is not counted.
func (n Notices) Plan(ctx context.Context, messageID string, wanted []soar.Notice, most int, within time.Duration) (all []soar.Notice, err error) {
	wanted = slices.Clone(wanted)
	slices.SortFunc(wanted, func(a, b soar.Notice) int { return strings.Compare(a.Person, b.Person) })
	err = n.room.Write(ctx, "notices.Plan", "", func(ctx context.Context, t store.Tx) error {
		for _, one := range wanted {
			if _, err := t.Exec(ctx, `SELECT pg_advisory_xact_lock(7405051, hashtext($1))`, postgres.Clean(one.Person)); err != nil {
				return err
			}
		}
		for _, one := range wanted {
			if most > 0 && one.State == soar.NoticePlanned && !one.Urgent && one.Person != "" {
				if err := hold(ctx, t, &one, most, within); err != nil {
					return err
				}
			}
			if err := put(ctx, t, one, `ON CONFLICT DO NOTHING`); err != nil {
				return err
			}
		}
		all, err = collect(ctx, t, `message_id = $1 ORDER BY person, planned_at, id`, postgres.Clean(messageID))
		return err
	})
	return all, err
}

// hold lays a message aside when its recipient has had enough of them: while some
// are held already, and when one less than most went out within the window.
func hold(ctx context.Context, t store.Tx, one *soar.Notice, most int, within time.Duration) error {
	rows, err := t.Query(ctx, `SELECT count(*) FILTER (WHERE state <> 'held'), min(planned_at), max(due_at) FILTER (WHERE state = 'held')
		FROM (SELECT DISTINCT ON (message_id) message_id, state, planned_at, due_at FROM notices
			WHERE person = $1 AND NOT urgent AND planned_at > $2 AND state NOT IN ('skipped', 'coalesced') ORDER BY message_id, planned_at) recent`,
		postgres.Clean(one.Person), one.PlannedAt.Add(-within))
	if err != nil {
		return err
	}
	var sent int
	var first, due *time.Time
	if _, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (struct{}, error) {
		return struct{}{}, row.Scan(&sent, &first, &due)
	}); err != nil {
		return err
	}
	switch {
	case due != nil:
		one.State, one.DueAt = soar.NoticeHeld, due
	case sent >= most-1 && first != nil:
		until := first.Add(within)
		one.State, one.DueAt = soar.NoticeHeld, &until
	}
	return nil
}

func put(ctx context.Context, t store.Tx, n soar.Notice, conflict string) error {
	_, err := t.Exec(ctx, `INSERT INTO notices (id, message_id, incident_id, person, way, kind, about, audience, subject, body, urgent, state, attempts,
		passing, problem, template, summary, planned_at, due_at, changed_at, unsure, page)
		VALUES ($1, $2, nullif($3, ''), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) `+conflict,
		n.Key, postgres.Clean(n.MessageID), postgres.Clean(n.IncidentID), postgres.Clean(n.Person), n.Way, postgres.Clean(n.Kind), postgres.Clean(n.About),
		postgres.Clean(n.Audience), postgres.Clean(n.Subject), postgres.Clean(n.Body), n.Urgent, string(n.State), n.Attempts,
		n.Passing, postgres.Short(n.Problem), n.Template, n.Summary, n.PlannedAt, n.DueAt, n.ChangedAt, n.Unsure, string(n.Page))
	return err
}

// Note writes how one delivery stands, with its entry of the record if it has one,
// in the incident's chain or the system's. What was sent stays so: another process
// that gave up later changes nothing.
func (n Notices) Note(ctx context.Context, one soar.Notice, event *record.Payload) error {
	return n.room.Write(ctx, "notices.Note", "", func(ctx context.Context, t store.Tx) error {
		err := put(ctx, t, one, `ON CONFLICT (id) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, passing = excluded.passing, problem = excluded.problem,
			template = excluded.template, due_at = excluded.due_at, changed_at = excluded.changed_at,
			unsure = excluded.unsure, page = excluded.page WHERE notices.state <> 'sent'`)
		if err != nil || event == nil {
			return err
		}
		chain := one.IncidentID
		if chain == "" {
			chain = record.ChainSystem
		}
		return t.Record(ctx, chain, *event)
	})
}

// Due gives up to limit recipients for whom something is held that is due now.
func (n Notices) Due(ctx context.Context, now time.Time, limit int) (people []string, err error) {
	err = n.room.Read(ctx, "notices.Due", func(ctx context.Context, db *pgxpool.Pool) error {
		rows, err := db.Query(ctx, `SELECT person FROM notices WHERE state = 'held' AND due_at <= $1 GROUP BY person ORDER BY min(due_at) LIMIT $2`, now, limit)
		if err != nil {
			return err
		}
		people, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return people, err
}

// Gather puts the summary of all that is held and due for a recipient into the
// outbox, and says how many messages it holds; zero when another process did so.
func (n Notices) Gather(ctx context.Context, person string, now time.Time, summary protocol.Message) (count int, err error) {
	err = n.room.Write(ctx, "notices.Gather", "", func(ctx context.Context, t store.Tx) error {
		if _, err := t.Exec(ctx, `SELECT pg_advisory_xact_lock(7405051, hashtext($1))`, postgres.Clean(person)); err != nil {
			return err
		}
		tag, err := t.Exec(ctx, `UPDATE notices SET state = 'coalesced', summary = $3, changed_at = $2 WHERE person = $1 AND state = 'held' AND due_at <= $2`,
			postgres.Clean(person), now, summary.ID)
		if count = int(tag.RowsAffected()); err != nil || count == 0 {
			return err
		}
		return t.Notify(ctx, summary)
	})
	return count, err
}

// Summarised gives what a summary tells of, oldest first.
func (n Notices) Summarised(ctx context.Context, summary string) (all []soar.Notice, err error) {
	err = n.room.Read(ctx, "notices.Summarised", func(ctx context.Context, db *pgxpool.Pool) error {
		all, err = collect(ctx, db, `summary = $1 ORDER BY planned_at, id`, summary)
		return err
	})
	return all, err
}

// List gives one page, newest first.
func (n Notices) List(ctx context.Context, f soar.NoticeFilter) (list []soar.Notice, next string, err error) {
	l := postgres.List{Name: "notices", Table: "notices", At: "planned_at", Columns: columns}
	l.AndText("incident_id", f.IncidentID)
	l.AndText("person", f.Person)
	l.AndText("message_id", f.MessageID)
	l.AndText("state", string(f.State))
	l.AndText("way", f.Way)
	l.AndText("id", f.Key)
	l.Narrow(f.Viewer, "notices.incident_id")
	list = []soar.Notice{}
	next, err = n.room.Fetch(ctx, "notices.List", l, f.Page, func(rows pgx.Rows, at *time.Time, id *string) error {
		var one soar.Notice
		if err := rows.Scan(append([]any{at, id}, fields(&one)...)...); err != nil {
			return err
		}
		utc(&one)
		list = append(list, one)
		return nil
	})
	return list, next, err
}
