package store

import (
	"context"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// maxVersions bounds one PlaybookVersions: each comes with its text and plan.
const maxVersions = 100

// PlaybookInsert keeps a published version with its record entry, and makes it the
// active one when it says Active; both or nothing. The same playbook and digest
// again keeps what is there, says false, and is recorded only when it became
// active by that. The same name and version with another source is a conflict;
// the same source with another plan (a connector's manifest changed) is one more
// row of that version.
func (s *Store) PlaybookInsert(ctx context.Context, v soar.PlaybookVersion, event record.Payload) (created bool, err error) {
	const op = "store.PlaybookInsert"
	if v.Playbook == "" || v.Version == "" || v.Digest == "" {
		return false, soar.Errorf(soar.CodeInvalid, op, "a playbook needs a name, a version and a digest")
	}
	if strings.Contains(string(v.Plan), "\x00") || len(v.Plan) == 0 {
		return false, soar.Errorf(soar.CodeInvalid, op, "a playbook needs a plan")
	}
	by, err := postgres.Document(op, v.PublishedBy)
	if err != nil {
		return false, err
	}
	row := sqlcgen.PlaybookInsertParams{
		Digest: v.Digest, Playbook: v.Playbook, Version: v.Version, Source: []byte(v.Source), Plan: v.Plan,
		PublishedBy: by, PublishedAt: v.PublishedAt.UTC(),
	}
	err = s.writeKeyed(ctx, op, "", func(ctx context.Context, t *tx) error {
		// The head first: of two that publish one version at once, the second sees
		// the first.
		if _, err := t.lockHead(ctx, record.ChainSystem); err != nil {
			return err
		}
		var changed bool
		if created, changed, err = t.publish(ctx, op, v, row); err != nil || !changed {
			return err
		}
		return t.append(ctx, record.ChainSystem, event)
	})
	return created, err
}

// publish keeps a version and activates it where that is wanted.
func (t *tx) publish(ctx context.Context, op string, v soar.PlaybookVersion, row sqlcgen.PlaybookInsertParams) (created, changed bool, err error) {
	other, err := t.PlaybookOtherSource(ctx, sqlcgen.PlaybookOtherSourceParams{Playbook: row.Playbook, Version: row.Version, Source: row.Source})
	if err != nil {
		return false, false, err
	}
	if other {
		return false, false, soar.Errorf(soar.CodeConflict, op, "version %s of %s is published with other contents; give the change a new version", v.Version, v.Playbook)
	}
	n, err := t.Queries.PlaybookInsert(ctx, row)
	if err != nil {
		return false, false, err
	}
	if created = n > 0; !created {
		before, err := t.PlaybookByDigest(ctx, v.Digest)
		if err != nil {
			return false, false, err
		}
		if before.Playbook != v.Playbook {
			return false, false, soar.Errorf(soar.CodeConflict, op, "the same plan is published as playbook %s", before.Playbook)
		}
	}
	if !v.Active {
		return created, created, nil
	}
	n, err = t.Queries.PlaybookActivate(ctx, sqlcgen.PlaybookActivateParams{Playbook: v.Playbook, Digest: &v.Digest})
	return created, created || n > 0, err
}

// PlaybookActivate makes one version of a playbook the active one.
func (s *Store) PlaybookActivate(ctx context.Context, name, digest string, event record.Payload) error {
	const op = "store.PlaybookActivate"
	return s.writeKeyed(ctx, op, "", func(ctx context.Context, t *tx) error {
		v, err := t.PlaybookByDigest(ctx, digest)
		if err == nil && v.Playbook != name {
			err = pgx.ErrNoRows
		}
		if err != nil {
			return postgres.Missing(op, err, "version of playbook "+name+" with digest", digest)
		}
		if _, err := t.Queries.PlaybookActivate(ctx, sqlcgen.PlaybookActivateParams{Playbook: name, Digest: &digest}); err != nil {
			return err
		}
		return t.append(ctx, record.ChainSystem, event)
	})
}

// PlaybookDisable leaves a playbook without an active version: it starts no more,
// and what runs goes on.
func (s *Store) PlaybookDisable(ctx context.Context, name string, event record.Payload) error {
	const op = "store.PlaybookDisable"
	return s.writeKeyed(ctx, op, "", func(ctx context.Context, t *tx) error {
		if _, err := t.PlaybookNewest(ctx, name); err != nil {
			return postgres.Missing(op, err, "playbook", name)
		}
		if _, err := t.Queries.PlaybookActivate(ctx, sqlcgen.PlaybookActivateParams{Playbook: name}); err != nil {
			return err
		}
		return t.append(ctx, record.ChainSystem, event)
	})
}

// PlaybookActive gives all active versions, sorted by name.
func (s *Store) PlaybookActive(ctx context.Context) ([]soar.PlaybookVersion, error) {
	out := []soar.PlaybookVersion{}
	err := s.read(ctx, "store.PlaybookActive", func(ctx context.Context) error {
		rows, err := s.queries.PlaybookActive(ctx)
		for _, row := range rows {
			v, err := playbookFrom(sqlcgen.PlaybookByDigestRow(row))
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return err
	})
	return out, err
}

// PlaybookGet gives one version of a playbook; of several plans of a version the
// active one, else the last. With no version it gives the active one, and the
// newest when none is active: see PlaybookVersion.Active.
func (s *Store) PlaybookGet(ctx context.Context, name, version string) (soar.PlaybookVersion, error) {
	return s.playbook(ctx, "store.PlaybookGet", name, func(ctx context.Context) (sqlcgen.PlaybookByDigestRow, error) {
		if version == "" {
			row, err := s.queries.PlaybookNewest(ctx, name)
			return sqlcgen.PlaybookByDigestRow(row), err
		}
		row, err := s.queries.PlaybookByVersion(ctx, sqlcgen.PlaybookByVersionParams{Playbook: name, Version: version})
		return sqlcgen.PlaybookByDigestRow(row), err
	})
}

// PlaybookVersions gives the versions of a playbook with their source and plan, the
// last published first, at most 100; none when the playbook is not known.
func (s *Store) PlaybookVersions(ctx context.Context, name string) ([]soar.PlaybookVersion, error) {
	out := []soar.PlaybookVersion{}
	err := s.read(ctx, "store.PlaybookVersions", func(ctx context.Context) error {
		rows, err := s.queries.PlaybookVersions(ctx, sqlcgen.PlaybookVersionsParams{Playbook: name, Most: maxVersions})
		for _, row := range rows {
			v, err := playbookFrom(sqlcgen.PlaybookByDigestRow(row))
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return err
	})
	return out, err
}

// PlaybookByDigest gives the version that incidents pin by its plan's digest.
func (s *Store) PlaybookByDigest(ctx context.Context, digest string) (soar.PlaybookVersion, error) {
	return s.playbook(ctx, "store.PlaybookByDigest", digest, func(ctx context.Context) (sqlcgen.PlaybookByDigestRow, error) {
		return s.queries.PlaybookByDigest(ctx, digest)
	})
}

func (s *Store) playbook(ctx context.Context, op, id string, query func(context.Context) (sqlcgen.PlaybookByDigestRow, error)) (soar.PlaybookVersion, error) {
	var v soar.PlaybookVersion
	err := s.read(ctx, op, func(ctx context.Context) error {
		row, err := query(ctx)
		if err != nil {
			return postgres.Missing(op, err, "playbook", id)
		}
		v, err = playbookFrom(row)
		return err
	})
	return v, err
}

// PlaybookList gives one page of versions, the last published first, without
// Source and Plan, and the next page's cursor.
func (s *Store) PlaybookList(ctx context.Context, page soar.Page) ([]soar.PlaybookVersion, string, error) {
	const op, list = "store.PlaybookList", "playbooks"
	after, err := postgres.ParseCursor(op, list, page.After)
	if err != nil {
		return nil, "", err
	}
	arg := sqlcgen.PlaybookListParams{Before: math.MaxInt64, Most: int32(page.Size() + 1)}
	if after != nil {
		arg.Before = after.Ord
	}
	out, next := []soar.PlaybookVersion{}, ""
	err = s.read(ctx, op, func(ctx context.Context) error {
		rows, err := s.queries.PlaybookList(ctx, arg)
		for i, row := range rows {
			if i == page.Size() {
				next = postgres.Cursor{List: list, Ord: rows[i-1].Ord}.String()
				break
			}
			v, err := playbookFrom(sqlcgen.PlaybookByDigestRow{
				Digest: row.Digest, Playbook: row.Playbook, Version: row.Version,
				PublishedBy: row.PublishedBy, PublishedAt: row.PublishedAt, Active: row.Active,
			})
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return err
	})
	return out, next, err
}

func playbookFrom(row sqlcgen.PlaybookByDigestRow) (soar.PlaybookVersion, error) {
	by, err := postgres.Parse[soar.Actor](row.PublishedBy)
	return soar.PlaybookVersion{
		Playbook: row.Playbook, Version: row.Version, Digest: row.Digest, Source: string(row.Source), Plan: row.Plan,
		Active: row.Active, PublishedBy: by, PublishedAt: row.PublishedAt,
	}, err
}
