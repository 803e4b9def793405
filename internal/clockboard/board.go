package clockboard

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// reader is what the store is here.
type reader interface {
	List(ctx context.Context, filter soar.ClockFilter) ([]soar.Clock, string, error)
}

// Board shows clocks.
type Board struct {
	store reader
	now   func() time.Time
}

// New makes the board.
func New(store reader, now func() time.Time) *Board { return &Board{store, now} }

// Page is some clocks as they stand at Now. Next is the cursor of the page after,
// empty on the last.
type Page struct {
	Now   time.Time
	Items []soar.Clock
	Next  string
}

// Clocks gives one page of what runs out, next due first, of incidents that the
// caller needs to know of. It needs incident:read or clock:read; the latter alone is
// what a calendar's token has.
func (b *Board) Clocks(ctx context.Context, p soar.Principal, filter soar.ClockFilter) (Page, error) {
	const op = "clockboard.Clocks"
	if err := mayRead(p, op); err != nil {
		return Page{}, err
	}
	if filter.State != "" && filter.All {
		return Page{}, soar.Errorf(soar.CodeInvalid, op, "give either a state or all")
	}
	filter.Now, filter.Viewer = b.now().UTC().Truncate(time.Second), viewer(p)
	items, next, err := b.store.List(ctx, filter)
	return Page{Now: filter.Now, Items: items, Next: next}, err
}

func mayRead(p soar.Principal, op string) error {
	if access.Can(p, access.ClockRead) {
		return nil
	}
	return access.Require(p, access.IncidentRead, op)
}

// viewer follows the roles alone: what a token's scopes leave out is checked by
// mayRead, and need to know is the person's.
func viewer(p soar.Principal) *soar.Viewer {
	p.Scopes = nil
	return access.ViewerOf(p)
}
