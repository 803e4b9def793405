package clockboard

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/clockboard/feed"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// reader is what the store is here.
type reader interface {
	List(ctx context.Context, filter soar.ClockFilter) ([]soar.Clock, string, error)
	Programme(ctx context.Context, filter soar.ProgrammeFilter) (soar.Programme, error)
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

// feedMost bounds how many clocks a calendar holds.
const feedMost = 2000

// Feed gives what is open as a calendar, with the same need to know. Clocks that are
// far away are left out beyond the next 2,000.
func (b *Board) Feed(ctx context.Context, p soar.Principal) (string, error) {
	var all []soar.Clock
	filter := soar.ClockFilter{Page: soar.Page{Limit: soar.PageMost}}
	for {
		page, err := b.Clocks(ctx, p, filter)
		if err != nil {
			return "", err
		}
		all = append(all, page.Items...)
		if page.Next == "" || len(all) >= feedMost {
			return feed.Write(all, page.Now), nil
		}
		filter.After = page.Next
	}
}

// programmeUsual is how far back the programme is measured when nobody says.
const programmeUsual = 90 * 24 * time.Hour

// Programme measures how the incidents were responded to that the caller needs to
// know of. It needs incident:read. Without From it is the 90 days before Until,
// without Until until now.
func (b *Board) Programme(ctx context.Context, p soar.Principal, filter soar.ProgrammeFilter) (soar.Programme, error) {
	const op = "clockboard.Programme"
	if err := access.Require(p, access.IncidentRead, op); err != nil {
		return soar.Programme{}, err
	}
	if filter.Until.IsZero() {
		filter.Until = b.now().UTC().Truncate(time.Second)
	}
	if filter.From.IsZero() {
		filter.From = filter.Until.Add(-programmeUsual)
	}
	if !filter.From.Before(filter.Until) {
		return soar.Programme{}, &soar.Error{Code: soar.CodeInvalid, Op: op, Field: "from", Message: "from must be before until"}
	}
	if filter.By != "" && !filter.By.Valid() {
		return soar.Programme{}, &soar.Error{Code: soar.CodeInvalid, Op: op, Field: "by", Message: "by is severity, category or month"}
	}
	filter.Viewer = viewer(p)
	return b.store.Programme(ctx, filter)
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
