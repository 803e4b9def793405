package clocks

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

// chosen are the incidents of the span; counted are those that are measured. Times
// are seconds since the incident was opened.
const chosen = `SELECT incidents.id, %s AS key, ended, status = 'not_an_incident' AS no_incident, coalesce((doc->>'drill')::boolean, false) AS drill,
	extract(epoch FROM acknowledged_at - opened_at)::float8 AS acknowledge, extract(epoch FROM contained_at - opened_at)::float8 AS contain,
	extract(epoch FROM (doc->>'recovered_at')::timestamptz - opened_at)::float8 AS recover, extract(epoch FROM closed_at - opened_at)::float8 AS closing
	FROM incidents WHERE `

const times = `WITH chosen AS (%s), marked AS (SELECT *, NOT drill AND NOT no_incident AS counted FROM chosen)
	SELECT grouping(key) = 1, coalesce(key, ''),
	count(*) FILTER (WHERE counted), count(*) FILTER (WHERE counted AND NOT ended), count(*) FILTER (WHERE drill), count(*) FILTER (WHERE NOT drill AND no_incident),
	%s FROM marked GROUP BY GROUPING SETS ((), (key))`

// reached is one soar.ProgrammeTime.
const reached = `count($) FILTER (WHERE counted), count(*) FILTER (WHERE counted AND $ IS NULL AND NOT ended), count(*) FILTER (WHERE counted AND $ IS NULL AND ended),
	percentile_cont(0.5) WITHIN GROUP (ORDER BY $) FILTER (WHERE counted), percentile_cont(0.9) WITHIN GROUP (ORDER BY $) FILTER (WHERE counted)`

// settled counts objectives, without duties: missed is late, breached whatever came
// after, or not met when the incident ended. What was dropped counts for nothing.
const settled = `WITH chosen AS (%s), judged AS (
	SELECT key, (o.doc->>'met_at')::timestamptz AS met_at, coalesce((o.doc->>'breached')::boolean, false) OR coalesce((o.doc->>'met_at')::timestamptz > (o.doc->>'due_at')::timestamptz, false)
		OR coalesce(o.doc->'ended'->>'as', '') = 'unmet' AS missed, o.doc->'ended' IS NOT NULL AS ended
	FROM chosen JOIN objectives o ON o.incident_id = chosen.id WHERE NOT drill AND NOT no_incident AND o.doc->'duty' IS NULL)
	SELECT grouping(key) = 1, coalesce(key, ''), count(*) FILTER (WHERE met_at IS NOT NULL AND NOT missed), count(*) FILTER (WHERE missed), count(*) FILTER (WHERE met_at IS NULL AND NOT missed AND NOT ended)
	FROM judged GROUP BY GROUPING SETS ((), (key))`

// keyOf is the expression that incidents are grouped by.
func keyOf(by soar.ProgrammeBy) string {
	switch by {
	case soar.BySeverity:
		return "severity"
	case soar.ByCategory:
		return "category"
	case soar.ByMonth:
		return "to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM')"
	default:
		return "NULL::text"
	}
}

// Programme measures how incidents were responded to. See soar.Programme for the
// formulas.
func (c Clocks) Programme(ctx context.Context, f soar.ProgrammeFilter) (soar.Programme, error) {
	l := postgres.List{}
	l.And("opened_at >= $", f.From.UTC())
	l.And("opened_at < $", f.Until.UTC())
	l.Narrow(f.Viewer, "")
	where, args := l.Conditions()
	from := fill(chosen, keyOf(f.By)) + where
	groups := map[string]*soar.ProgrammeGroup{}
	total := &soar.ProgrammeGroup{}
	group := func(all bool, key string) *soar.ProgrammeGroup {
		switch {
		case all:
			return total
		case groups[key] == nil:
			groups[key] = &soar.ProgrammeGroup{Key: key}
		}
		return groups[key]
	}
	err := c.room.Read(ctx, "clocks.Programme", func(ctx context.Context, db *pgxpool.Pool) error {
		clear(groups)
		tx, err := db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it only read
		if err := readTimes(ctx, tx, fill(times, from, each(reached, "acknowledge", "contain", "recover", "closing")), args, group); err != nil {
			return err
		}
		return readObjectives(ctx, tx, fill(settled, from), args, group)
	})
	out := soar.Programme{From: f.From.UTC(), Until: f.Until.UTC(), By: f.By, Total: *total, Groups: []soar.ProgrammeGroup{}}
	if f.By == "" {
		return out, err
	}
	for _, one := range groups {
		out.Groups = append(out.Groups, *one)
	}
	slices.SortFunc(out.Groups, func(a, b soar.ProgrammeGroup) int {
		if f.By == soar.BySeverity {
			return cmp.Compare(soar.Severity(b.Key).Rank(), soar.Severity(a.Key).Rank())
		}
		return cmp.Compare(a.Key, b.Key)
	})
	return out, err
}

type grouper func(all bool, key string) *soar.ProgrammeGroup

func readTimes(ctx context.Context, db postgres.Querier, query string, args []any, group grouper) error {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	var all bool
	var read soar.ProgrammeGroup
	into := []any{&all, &read.Key, &read.Incidents, &read.Open, &read.Drills, &read.NotIncidents}
	for _, t := range []*soar.ProgrammeTime{&read.Acknowledge, &read.Contain, &read.Recover, &read.Close} {
		into = append(into, &t.Count, &t.Open, &t.Skipped, &t.Median, &t.P90)
	}
	_, err = pgx.ForEachRow(rows, into, func() error {
		*group(all, read.Key) = read
		for _, t := range []*soar.ProgrammeTime{&read.Acknowledge, &read.Contain, &read.Recover, &read.Close} {
			t.Median, t.P90 = nil, nil // the next row has its own
		}
		return nil
	})
	return err
}

func readObjectives(ctx context.Context, db postgres.Querier, query string, args []any, group grouper) error {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	var all bool
	var key string
	var o soar.ProgrammeObjectives
	_, err = pgx.ForEachRow(rows, []any{&all, &key, &o.Met, &o.Missed, &o.Open}, func() error {
		one := o
		if judged := o.Met + o.Missed; judged > 0 {
			share := float64(o.Met) / float64(judged)
			one.Share = &share
		}
		group(all, key).Objectives = one
		return nil
	})
	return err
}
