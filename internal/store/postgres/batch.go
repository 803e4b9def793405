package postgres

import "context"

// batch is what sqlc makes of a :batchexec query.
type batch interface {
	Exec(func(int, error))
}

// Put sends rows as one batch and gives its first error.
func Put[Row any, B batch](ctx context.Context, rows []Row, send func(context.Context, []Row) B) error {
	if len(rows) == 0 {
		return nil
	}
	var first error
	send(ctx, rows).Exec(func(_ int, err error) {
		if err != nil && first == nil {
			first = err
		}
	})
	return first
}
