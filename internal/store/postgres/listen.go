package postgres

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	relistenAfter = time.Second
	closeWithin   = time.Second
)

// Listener hears what others announce on a channel, over a connection of its own:
// one from the pool would be missing there for ever.
type Listener struct {
	Pool     *pgxpool.Pool // whose address and settings it uses
	Channel  string        // a constant: it becomes part of a statement
	Deadline time.Duration // for connecting
	Log      *slog.Logger

	ignore string // announcements with this text are our own
}

// Listen gives a channel that gets a value when something was announced, and is
// closed when ctx ends. Values may be missed while the connection is away, and
// several announcements may give one value. The first connection is made before
// it returns; later ones are made again by themselves, each followed by a value
// for what may have been missed.
func (l Listener) Listen(ctx context.Context) (<-chan struct{}, error) {
	conn, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	out := make(chan struct{}, 1)
	go func() {
		defer close(out)
		l.forward(ctx, conn, out)
	}()
	return out, nil
}

func (l Listener) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.Deadline)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, l.Pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+l.Channel); err != nil {
		l.hangUp(conn)
		return nil, err
	}
	return conn, nil
}

func (l Listener) forward(ctx context.Context, conn *pgx.Conn, out chan<- struct{}) {
	for {
		err := l.waitAndWake(ctx, conn, out)
		l.hangUp(conn)
		for err != nil {
			if ctx.Err() == nil {
				l.Log.WarnContext(ctx, "listening on the database was interrupted", "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(relistenAfter):
			}
			conn, err = l.connect(ctx)
		}
		wake(out)
	}
}

// waitAndWake returns when the connection is lost or ctx ends.
func (l Listener) waitAndWake(ctx context.Context, conn *pgx.Conn, out chan<- struct{}) error {
	for {
		said, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if l.ignore == "" || said.Payload != l.ignore {
			wake(out)
		}
	}
}

func wake(out chan<- struct{}) {
	select {
	case out <- struct{}{}:
	default: // one is waiting already
	}
}

// hangUp closes a connection even when the context that it lived in has ended.
func (l Listener) hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	if err := conn.Close(ctx); err != nil {
		l.Log.Debug("closing the listening connection", "error", err)
	}
}
