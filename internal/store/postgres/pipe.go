package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Tx is a transaction that saves round trips. BEGIN is not sent by itself but
// together with the first statement, and statements whose results nobody reads are
// put off with Later: they travel, in their order, with the next statement that is
// not, or with the COMMIT. What was put off and fails, fails there, and takes the
// transaction with it. A Tx serves one goroutine.
type Tx struct {
	conn    *pgxpool.Conn
	waiting *pgx.Batch // statements that are not sent yet
	sent    bool       // the server has seen the transaction
}

// Begin makes a transaction on a connection that the caller releases after Commit
// or Rollback. Nothing is sent.
func Begin(conn *pgxpool.Conn) *Tx {
	t := &Tx{conn: conn, waiting: &pgx.Batch{}}
	t.waiting.Queue("begin")
	return t
}

// Commit sends what waits and commits. A transaction without a statement costs
// nothing.
func (t *Tx) Commit(ctx context.Context) error {
	if !t.sent && t.waiting.Len() == 1 {
		return nil
	}
	tag, err := t.Exec(ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

// Rollback ends the transaction without its effects. A connection on which that
// fails is dropped when it is released.
func (t *Tx) Rollback(ctx context.Context) {
	if t.sent && !t.conn.Conn().IsClosed() {
		_, _ = t.conn.Exec(ctx, "rollback")
	}
}

// Exec sends what waits and one statement.
func (t *Tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results, err := t.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	return tag, errors.Join(err, results.Close())
}

// Query sends what waits and one query.
func (t *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results, err := t.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	return lastRows{rows, results}, err
}

// QueryRow sends what waits and one query for one row.
func (t *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	results, err := t.send(ctx, sql, args)
	if err != nil {
		return lastRow{err: err}
	}
	return lastRow{row: results.QueryRow(), results: results}
}

// SendBatch sends what waits and then a batch.
func (t *Tx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	for _, query := range batch.QueuedQueries {
		t.waiting.Queue(query.SQL, query.Arguments...)
	}
	results, err := t.flush(ctx, batch.Len())
	if err != nil {
		return unread{err}
	}
	return results
}

// send sends what waits and one statement more, whose result is the next to read.
func (t *Tx) send(ctx context.Context, sql string, args []any) (pgx.BatchResults, error) {
	t.waiting.Queue(sql, args...)
	return t.flush(ctx, 1)
}

// flush sends all that waits and reads the results but those of the last ones.
func (t *Tx) flush(ctx context.Context, unread int) (pgx.BatchResults, error) {
	batch := t.waiting
	t.waiting, t.sent = &pgx.Batch{}, true
	results := t.conn.SendBatch(ctx, batch)
	for range batch.Len() - unread {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // says the same
			return nil, err
		}
	}
	return results, nil
}

// Later gives what puts statements off. They report success, and no result.
func (t *Tx) Later() Later { return Later{t} }

// Later puts statements off until the next that is not.
type Later struct{ t *Tx }

// Exec puts a statement off.
func (l Later) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	l.t.waiting.Queue(sql, args...)
	return pgconn.CommandTag{}, nil
}

// SendBatch puts a batch off.
func (l Later) SendBatch(_ context.Context, batch *pgx.Batch) pgx.BatchResults {
	for _, query := range batch.QueuedQueries {
		l.t.waiting.Queue(query.SQL, query.Arguments...)
	}
	return unread{}
}

var errResult = errors.New("a statement whose result is read cannot be put off")

// Query is refused: nobody could read the rows.
func (l Later) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, errResult }

// QueryRow is refused: nobody could read the row.
func (l Later) QueryRow(context.Context, string, ...any) pgx.Row { return lastRow{err: errResult} }

// lastRow ends the batch that it is the last result of.
type lastRow struct {
	row     pgx.Row
	results pgx.BatchResults
	err     error
}

// Scan reads the row.
func (r lastRow) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	err := r.row.Scan(into...)
	if problem := r.results.Close(); err == nil {
		return problem
	}
	return err
}

// lastRows ends the batch that it is the last result of.
type lastRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Close ends reading; what went wrong is in Err.
func (r lastRows) Close() {
	r.Rows.Close()
	_ = r.results.Close()
}

// unread stands for results that come later, or never.
type unread struct{ err error }

// Exec gives the error, if there is one.
func (u unread) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, u.err }

// Query gives no rows.
func (u unread) Query() (pgx.Rows, error) { return nil, errors.Join(u.err, errResult) }

// QueryRow gives no row.
func (u unread) QueryRow() pgx.Row { return lastRow{err: errors.Join(u.err, errResult)} }

// Tx gives none.
func (u unread) Tx() pgx.Tx { return nil }

// Close has nothing to end.
func (u unread) Close() error { return u.err }
