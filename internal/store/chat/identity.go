package chat

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

const selectIdentity = `SELECT team, slack_user, person, linked_at, linked_by FROM slack_identities WHERE ended_at IS NULL`

func scanIdentity(row pgx.CollectableRow) (soar.SlackIdentity, error) {
	i, err := pgx.RowToStructByPos[soar.SlackIdentity](row)
	i.LinkedAt = i.LinkedAt.UTC()
	return i, err
}

// Identities gives who is linked, sorted by person and workspace; with a person's id
// those of that person alone.
func (c Chat) Identities(ctx context.Context, person string) (all []soar.SlackIdentity, err error) {
	err = c.room.Read(ctx, "chat.Identities", func(ctx context.Context, db *pgxpool.Pool) error {
		rows, err := db.Query(ctx, selectIdentity+` AND ($1 = '' OR person = $1) ORDER BY person, team`, person)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanIdentity)
		return err
	})
	return all, err
}

// Identity gives who a Slack user is; not_found when nobody is linked.
func (c Chat) Identity(ctx context.Context, team, user string) (found soar.SlackIdentity, err error) {
	err = c.room.Read(ctx, "chat.Identity", func(ctx context.Context, db *pgxpool.Pool) error {
		rows, err := db.Query(ctx, selectIdentity+` AND team = $1 AND slack_user = $2`, team, user)
		if err != nil {
			return err
		}
		found, err = pgx.CollectExactlyOneRow(rows, scanIdentity)
		return postgres.Missing("chat.Identity", err, "linked Slack user", user)
	})
	return found, err
}

// CodeAdd keeps the hash of a new code. Older codes of that user are good no more.
func (c Chat) CodeAdd(ctx context.Context, hash []byte, code soar.SlackCode) error {
	return c.room.Write(ctx, "chat.CodeAdd", "", func(ctx context.Context, t store.Tx) error {
		if _, err := t.Exec(ctx, `DELETE FROM slack_codes WHERE team = $1 AND slack_user = $2`, code.Team, code.User); err != nil {
			return err
		}
		_, err := t.Exec(ctx, `INSERT INTO slack_codes (hash, team, slack_user, made_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			hash, code.Team, code.User, code.MadeAt, code.ExpiresAt)
		return err
	})
}

// Claim uses up a code and links its Slack user with a person, with the entry that
// tell makes for the system's chain. not_found when there is no such code or its
// time is over at that instant; a conflict when the user or the person is linked
// already: then the code stays good.
func (c Chat) Claim(ctx context.Context, hash []byte, person string, by soar.Actor, at time.Time, tell func(soar.SlackIdentity) record.Payload) (linked soar.SlackIdentity, err error) {
	const op = "chat.Claim"
	err = c.room.Write(ctx, op, "", func(ctx context.Context, t store.Tx) error {
		linked = soar.SlackIdentity{Person: person, LinkedAt: at, LinkedBy: by}
		err := t.QueryRow(ctx, `DELETE FROM slack_codes WHERE hash = $1 AND expires_at > $2 RETURNING team, slack_user`, hash, at).Scan(&linked.Team, &linked.User)
		if errors.Is(err, pgx.ErrNoRows) {
			return soar.Wrap(soar.CodeNotFound, op, err, "there is no such code, or its time is over: write /tocsin link in Slack for a new one")
		}
		if err != nil {
			return err
		}
		tag, err := t.Exec(ctx, `INSERT INTO slack_identities (team, slack_user, person, linked_at, linked_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			linked.Team, linked.User, linked.Person, linked.LinkedAt, by)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return soar.Errorf(soar.CodeConflict, op, "this Slack user, or you in this workspace, is linked already: unlink that first")
		}
		return t.Record(ctx, record.ChainSystem, tell(linked))
	})
	return linked, err
}

// Unlink ends a link, with its entry of the system's chain; not_found when there is none.
func (c Chat) Unlink(ctx context.Context, team, user string, at time.Time, event record.Payload) error {
	const op = "chat.Unlink"
	return c.room.Write(ctx, op, "", func(ctx context.Context, t store.Tx) error {
		tag, err := t.Exec(ctx, `UPDATE slack_identities SET ended_at = $3 WHERE team = $1 AND slack_user = $2 AND ended_at IS NULL`, team, user, at)
		if err == nil && tag.RowsAffected() == 0 {
			err = soar.Errorf(soar.CodeNotFound, op, "%s is not linked", soar.Shorten(user, 40))
		}
		if err != nil {
			return err
		}
		return t.Record(ctx, record.ChainSystem, event)
	})
}
