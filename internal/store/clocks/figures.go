package clocks

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

const openNow = `SELECT kind, CASE WHEN paused THEN 'paused' WHEN due_at <= now() THEN 'breached' WHEN warn_at <= now() THEN 'warning' ELSE 'running' END AS state,
	count(*), coalesce(extract(epoch FROM min(due_at) FILTER (WHERE due_at > now() AND NOT paused) - now()), -1)::float8
	FROM ` + clocks + ` WHERE met_at IS NULL AND NOT drill GROUP BY 1, 2`

// happened counts in the record, which only grows: a counter made of it does, too.
const happened = `SELECT count(*) FILTER (WHERE r.kind = 'objective.breached'), count(*) FILTER (WHERE r.kind = 'objective.warning')
	FROM record_entries r JOIN incidents i ON i.id = r.chain
	WHERE r.kind IN ('objective.breached', 'objective.warning') AND NOT coalesce((i.doc->>'drill')::boolean, false)`

// Queue puts the questions about clocks into a batch that reads figures, each with
// where its answer goes. Drills are left out.
func Queue(batch *pgx.Batch, out *soar.Figures) {
	out.Clocks, out.ClockNext = map[soar.ClockFigure]int{}, map[soar.ClockKind]time.Duration{}
	batch.Queue(openNow).Query(func(rows pgx.Rows) error {
		var key soar.ClockFigure
		var n int
		var seconds float64
		_, err := pgx.ForEachRow(rows, []any{&key.Kind, &key.State, &n, &seconds}, func() error {
			out.Clocks[key] = n
			next := time.Duration(seconds * float64(time.Second))
			if before, known := out.ClockNext[key.Kind]; seconds >= 0 && (!known || next < before) {
				out.ClockNext[key.Kind] = next
			}
			return nil
		})
		return err
	})
	batch.Queue(happened).QueryRow(func(row pgx.Row) error { return row.Scan(&out.ClockBreaches, &out.ClockWarnings) })
}
