package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// retryAfter is how long a caller should wait when the database is away.
const retryAfter = 2 * time.Second

// codeAppendOnly is raised by the triggers of the migrations.
const codeAppendOnly = "TC001"

// Translate is the one place that reads driver errors. A *soar.Error passes
// through; whatever is not understood is internal, with its cause for the log.
func Translate(op string, err error) error {
	if err == nil {
		return nil
	}
	if coded, ok := errors.AsType[*soar.Error](err); ok {
		return coded
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return soar.Wrap(soar.CodeNotFound, op, err, "there is no such thing")
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return translatePostgres(op, pg)
	}
	if isConnection(err) {
		return unavailable(op, err)
	}
	return soar.Wrap(soar.CodeInternal, op, err, "the store failed; the log has the details")
}

func unavailable(op string, err error) error {
	out := soar.Wrap(soar.CodeUnavailable, op, err, "the database cannot be used at the moment")
	out.RetryAfter = retryAfter
	return out
}

// translatePostgres goes by SQLSTATE: single codes first, then their classes.
func translatePostgres(op string, pg *pgconn.PgError) error {
	switch pg.Code {
	case "23505":
		return soar.Wrap(soar.CodeConflict, op, pg, "it exists already")
	case "23503":
		return soar.Wrap(soar.CodeNotFound, op, pg, "something it refers to does not exist")
	case codeAppendOnly:
		return soar.Wrap(soar.CodeConflict, op, pg, "what is recorded cannot be changed")
	case "57014", "55P03", "40001", "40P01", "25P03", "25006":
		// cancelled by a deadline, lock not got, lost a conflict, standby
		return unavailable(op, pg)
	}
	switch class := pg.Code[:min(2, len(pg.Code))]; class {
	case "22", "23", "54": // data, constraints, limits such as the length of an index row
		return soar.Wrap(soar.CodeInvalid, op, pg, "a value cannot be stored")
	case "08", "53", "57", "58", "28":
		// connection, resources, operator's doing, disk, login refused
		return unavailable(op, pg)
	}
	return soar.Wrap(soar.CodeInternal, op, pg, "the store failed; the log has the details")
}

// isConnection tells errors of the way to the database from errors of ours.
func isConnection(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err)
}

// IsSerialization tells a transaction that lost a conflict and may be done again.
func IsSerialization(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// IsUndefinedTable tells that a table is not there.
func IsUndefinedTable(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "42P01"
}

// Missing gives "no rows" its name for people; other errors pass.
func Missing(op string, err error, noun, id string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return soar.Wrap(soar.CodeNotFound, op, err, "there is no %s %.80q", noun, id)
	}
	return err
}
