package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	pg := func(code string) error {
		return fmt.Errorf("query: %w", &pgconn.PgError{Code: code, Message: "secret detail"})
	}
	rows := []struct {
		name string
		err  error
		want soar.Code
	}{
		{"nil", nil, ""},
		{"coded passes", fmt.Errorf("x: %w", soar.Errorf(soar.CodeDenied, "a", "no")), soar.CodeDenied},
		{"no rows", fmt.Errorf("x: %w", pgx.ErrNoRows), soar.CodeNotFound},
		{"unique", pg("23505"), soar.CodeConflict},
		{"foreign key", pg("23503"), soar.CodeNotFound},
		{"check", pg("23514"), soar.CodeInvalid},
		{"bad text", pg("22021"), soar.CodeInvalid},
		{"index row too long", pg("54000"), soar.CodeInvalid},
		{"append only", pg("TC001"), soar.CodeConflict},
		{"statement timeout", pg("57014"), soar.CodeUnavailable},
		{"lock timeout", pg("55P03"), soar.CodeUnavailable},
		{"serialization", pg("40001"), soar.CodeUnavailable},
		{"deadlock", pg("40P01"), soar.CodeUnavailable},
		{"shutdown", pg("57P01"), soar.CodeUnavailable},
		{"read only", pg("25006"), soar.CodeUnavailable},
		{"disk full", pg("53100"), soar.CodeUnavailable},
		{"too many connections", pg("53300"), soar.CodeUnavailable},
		{"privilege", pg("42501"), soar.CodeInternal},
		{"syntax", pg("42601"), soar.CodeInternal},
		{"odd code", pg("X"), soar.CodeInternal},
		{"deadline", context.DeadlineExceeded, soar.CodeUnavailable},
		{"cancelled", context.Canceled, soar.CodeUnavailable},
		{"cut", io.ErrUnexpectedEOF, soar.CodeUnavailable},
		{"network", &net.OpError{Op: "dial", Err: errors.New("refused")}, soar.CodeUnavailable},
		{"connect", &pgconn.ConnectError{}, soar.CodeUnavailable},
		{"closed", pgconn.ErrConnClosed, soar.CodeUnavailable},
		{"anything else", errors.New("boom"), soar.CodeInternal},
	}
	for _, row := range rows {
		got := Translate("store.Test", row.err)
		if soar.CodeOf(got) != row.want {
			t.Errorf("%s: got %v, want %s", row.name, got, row.want)
		}
		if coded, ok := errors.AsType[*soar.Error](got); ok && row.want == soar.CodeUnavailable && coded.RetryAfter != 2*time.Second {
			t.Errorf("%s: RetryAfter is %s", row.name, coded.RetryAfter)
		}
		if msg := soar.MessageOf(got); got != nil && row.want != soar.CodeDenied && (len(msg) == 0 || errors.Is(got, io.EOF)) {
			t.Errorf("%s: message %q", row.name, msg)
		}
	}
}
