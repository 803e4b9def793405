package apitest

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// oncallFake keeps one roster and one override.
type oncallFake struct{ *Fake }

func shift(from, until time.Time) soar.RosterShift {
	return soar.RosterShift{Roster: "soc", Zone: "Europe/Zurich", Person: PersonID, Layer: "weeks\x1b[2J", From: from.UTC(), Until: until.UTC()}
}

// At gives one shift.
func (f oncallFake) At(ctx context.Context, _ soar.Principal, roster string, at time.Time) ([]soar.RosterShift, error) {
	if err := f.begin(ctx, "At", "%q %s", roster, at.UTC().Format(time.RFC3339)); err != nil || roster != "" && roster != "soc" {
		return nil, or(err, notFound("roster"))
	}
	return []soar.RosterShift{shift(at, at.Add(time.Hour))}, nil
}

// Shifts gives a shift and a gap.
func (f oncallFake) Shifts(ctx context.Context, _ soar.Principal, roster string, from, until time.Time) ([]soar.RosterShift, error) {
	if err := f.begin(ctx, "Shifts", "%s %s %s", roster, from.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339)); err != nil || roster != "soc" {
		return nil, or(err, notFound("roster"))
	}
	gap := soar.RosterShift{Roster: "soc", Zone: "Europe/Zurich", From: from.Add(time.Hour).UTC(), Until: until.UTC()}
	return []soar.RosterShift{shift(from, from.Add(time.Hour)), gap}, nil
}

// Overrides gives one.
func (f oncallFake) Overrides(ctx context.Context, _ soar.Principal, roster string) ([]soar.RosterOverride, error) {
	return []soar.RosterOverride{{ID: "OVR-0123456789", Roster: "soc", Person: PersonID, From: Start, Until: Start.Add(time.Hour), Reason: "swapped", By: soar.System("test"), At: Start}},
		f.begin(ctx, "Overrides", "%s", roster)
}

// Override notes one.
func (f oncallFake) Override(ctx context.Context, p soar.Principal, o soar.RosterOverride) (soar.RosterOverride, error) {
	if err := f.begin(ctx, "Override", "%s %s until=%s %q", o.Roster, o.Person, o.Until.UTC().Format(time.RFC3339), o.Reason); err != nil {
		return soar.RosterOverride{}, err
	}
	f.take(ctx, "override OVR-0123456789")
	o.ID, o.By, o.At = "OVR-0123456789", p.Actor, Start
	return o, nil
}

// EndOverride notes its end.
func (f oncallFake) EndOverride(ctx context.Context, _ soar.Principal, id, reason string) (soar.RosterOverride, error) {
	if err := f.begin(ctx, "EndOverride", "%s %q", id, reason); err != nil || id != "OVR-0123456789" {
		return soar.RosterOverride{}, or(err, notFound("override"))
	}
	return soar.RosterOverride{ID: id}, nil
}
