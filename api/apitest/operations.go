package apitest

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/operations"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// ParkedID is the one item of the outbox that is parked.
const ParkedID = 17

// Containments gives the one containment.
func (f *Fake) Containments(ctx context.Context, _ soar.Principal, filter soar.ContainmentFilter) ([]soar.Containment, string, error) {
	err := f.begin(ctx, "Containments", "state=%s held=%t incident=%s target=%s limit=%d after=%s", filter.State, filter.Held, filter.IncidentID, filter.Target, filter.Limit, filter.After)
	if filter.State == "released" {
		return nil, "", err
	}
	return detail().Containments, "", err
}

// Attach notes an alert that was put into an incident.
func (f *Fake) Attach(ctx context.Context, _ soar.Principal, request incidents.AttachRequest) (protocol.Reply, error) {
	if err := f.begin(ctx, "Attach", "%s %s reason=%q id=%s", request.IncidentID, request.AlertID, request.Reason, request.RequestID); err != nil {
		return protocol.Reply{}, err
	}
	if request.IncidentID != IncidentID || request.AlertID != AlertID {
		return protocol.Reply{}, notFound("incident or alert")
	}
	return protocol.Reply{Message: "alert added"}, nil
}

// EvidenceList gives the one item.
func (f *Fake) EvidenceList(ctx context.Context, _ soar.Principal, filter soar.EvidenceFilter) ([]soar.Evidence, string, error) {
	return []soar.Evidence{evidence()}, "", f.begin(ctx, "EvidenceList", "incident=%s sha256=%s", filter.IncidentID, filter.SHA256)
}

// Custody notes a step of custody.
func (f *Fake) Custody(ctx context.Context, p soar.Principal, request incidents.CustodyRequest) (soar.Evidence, []soar.CustodyEntry, error) {
	if err := f.begin(ctx, "Custody", "%s %s to=%q reason=%q id=%s", request.EvidenceID, request.Action, request.To, request.Reason, request.RequestID); err != nil || request.EvidenceID != EvidenceID {
		return soar.Evidence{}, nil, or(err, notFound("item"))
	}
	return evidence(), []soar.CustodyEntry{{EvidenceID: EvidenceID, Seq: 1, What: request.Action, By: p.Actor, Why: request.Reason, SHA256: Digest, At: Start}}, nil
}

// NoteRefusal notes who was refused what at the door.
func (f *Fake) NoteRefusal(ctx context.Context, p soar.Principal, what incidents.Refusal, _ error) {
	// The fake's own failures have nobody to go to here.
	_ = f.begin(ctx, "NoteRefusal", "%s %s %s%s%s%s", p.Actor.ID, what.Operation, what.IncidentID, what.ApprovalID, what.TaskID, what.EvidenceID)
}

// Outbox gives one parked item.
func (f *Fake) Outbox(ctx context.Context, _ soar.Principal, limit int) (operations.Backlog, error) {
	item := soar.OutboxItem{ID: ParkedID, Kind: soar.OutboxIncidentUpdate, Key: IncidentID, Attempts: 12, CreatedAt: Start, Problem: "nobody takes it\x1b[2J"}
	return operations.Backlog{Waiting: 3, Oldest: 90 * time.Second, Parked: 1, Items: []soar.OutboxItem{item}}, f.begin(ctx, "Outbox", "%d", limit)
}

// Retry puts the one item back.
func (f *Fake) Retry(ctx context.Context, _ soar.Principal, id int64) error {
	if err := f.begin(ctx, "Retry", "%d", id); err != nil || id != ParkedID {
		return or(err, notFound("parked item"))
	}
	return nil
}

// Protected gives the list.
func (f *Fake) Protected(ctx context.Context, _ soar.Principal) ([]soar.Protected, error) {
	err := f.begin(ctx, "Protected", "")
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.protected), err
}

// Protect replaces it.
func (f *Fake) Protect(ctx context.Context, _ soar.Principal, before, after []soar.Protected, reason string) ([]soar.Protected, error) {
	if err := f.begin(ctx, "Protect", "%d -> %d %q", len(before), len(after), reason); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(before, f.protected) {
		return nil, soar.Errorf(soar.CodeConflict, "fake", "the list was changed")
	}
	f.protected = slices.Clone(after)
	return slices.Clone(after), nil
}

// Activate makes a version the active one.
func (f playbookFake) Activate(ctx context.Context, _ soar.Principal, name, version string) (soar.PlaybookVersion, error) {
	if err := f.begin(ctx, "PlaybookActivate", "%s %s", name, version); err != nil || name != Playbook {
		return soar.PlaybookVersion{}, or(err, notFound("playbook"))
	}
	for _, one := range f.playbooks {
		if one.Version == version {
			one.Active = true
			return one, nil
		}
	}
	return soar.PlaybookVersion{}, notFound("version")
}

// Disable leaves a playbook without an active version.
func (f playbookFake) Disable(ctx context.Context, _ soar.Principal, name string) error {
	if err := f.begin(ctx, "PlaybookDisable", "%s", name); err != nil || name != Playbook {
		return or(err, notFound("playbook"))
	}
	return nil
}
