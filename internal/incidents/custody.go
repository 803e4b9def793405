package incidents

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// CustodyRequest is one step of custody that a person orders.
type CustodyRequest struct {
	EvidenceID string
	Action     string // transfer | seal | unseal | hold | release_hold | verify
	To         string // who holds it from now on; for transfer only
	Reason     string
	RequestID  string // sent again, is written once
}

// EvidenceList gives one page of items, newest first, without those that the
// caller does not need to know of.
func (s *Service) EvidenceList(ctx context.Context, p soar.Principal, filter soar.EvidenceFilter) ([]soar.Evidence, string, error) {
	if err := access.Require(p, access.EvidenceRead, "incidents.EvidenceList"); err != nil {
		return nil, "", err
	}
	filter.Viewer = access.ViewerOf(p)
	return s.store.EvidencePage(ctx, filter)
}

// Custody writes a step into an item's chain of custody and into the record of its
// incident, and gives the item with the whole chain. It needs evidence:manage.
// What does not fit how the item stands, such as sealing what is sealed, is a
// conflict.
func (s *Service) Custody(ctx context.Context, p soar.Principal, request CustodyRequest) (soar.Evidence, []soar.CustodyEntry, error) {
	const op = "incidents.Custody"
	reason, err := cleanReason(op, request.Reason, true)
	if err != nil {
		return soar.Evidence{}, nil, err
	}
	item, err := s.seeEvidence(ctx, p, thing{op, "evidence", request.EvidenceID})
	if err != nil {
		return soar.Evidence{}, nil, err
	}
	trying := attempt{p, item.IncidentID, request.Action + " evidence " + item.ID, reason}
	if err := access.Require(p, access.EvidenceManage, op); err != nil {
		return soar.Evidence{}, nil, s.refuse(ctx, trying, err)
	}
	custody, err := s.store.CustodyList(ctx, item.ID)
	if err != nil {
		return soar.Evidence{}, nil, err
	}
	entry := soar.CustodyEntry{EvidenceID: item.ID, By: p.Actor, Why: reason, SHA256: item.SHA256, At: s.now()}
	if err := request.fill(op, &entry, custody); err != nil {
		return soar.Evidence{}, nil, err
	}
	if entry.What == "verified" {
		if err := s.rehash(ctx, &entry); err != nil {
			return soar.Evidence{}, nil, err
		}
	}
	event := record.Payload{
		At: entry.At, Kind: protocol.EventEvidenceCustody, By: p.Actor, Text: soar.Shorten(fmt.Sprintf("Evidence %s %s by %s: %s", item.ID, entry.What, p.Actor.ID, entry.Why), maxText),
		Data: data(map[string]any{"evidence": item.ID, "what": entry.What, "why": entry.Why, "sha256": entry.SHA256, "token": p.Token}),
	}
	if err := s.store.CustodyOrder(ctx, request.RequestID, entry, event); err != nil {
		return soar.Evidence{}, nil, s.refuse(ctx, trying, err)
	}
	custody, err = s.store.CustodyList(ctx, item.ID)
	return item, custody, err
}

// fill turns the order into an entry.
func (r CustodyRequest) fill(op string, entry *soar.CustodyEntry, custody []soar.CustodyEntry) error {
	to := strings.TrimSpace(r.To)
	if (r.Action == "transfer") != (to != "") {
		return invalid(op, "to", "say to whom with a transfer, and only there")
	}
	before := state(custody)
	switch r.Action {
	case "transfer":
		entry.What, entry.Why = "transferred", "to "+soar.Shorten(to, maxID)+": "+entry.Why
	case "seal":
		entry.What = "sealed"
		return unless(op, !before.sealed, "it is sealed already")
	case "unseal":
		entry.What = "unsealed"
		return unless(op, before.sealed, "it is not sealed")
	case "hold":
		entry.What = "held"
		return unless(op, !before.held, "it is under a hold already")
	case "release_hold":
		entry.What = "hold_released"
		return unless(op, before.held, "it is under no hold")
	case "verify":
		entry.What = "verified"
	default:
		return invalid(op, "action", "a step of custody is transfer, seal, unseal, hold, release_hold or verify")
	}
	return nil
}

func unless(op string, ok bool, why string) error {
	if ok {
		return nil
	}
	return soar.Errorf(soar.CodeConflict, op, "%s", why)
}

// standing is what a chain of custody says of an item now.
type standing struct{ sealed, held bool }

func state(custody []soar.CustodyEntry) standing {
	var now standing
	for _, entry := range custody {
		switch entry.What {
		case "sealed", "unsealed":
			now.sealed = entry.What == "sealed"
		case "held", "hold_released":
			now.held = entry.What == "held"
		}
	}
	return now
}

// rehash reads the bytes to their end, which compares them with their digest.
func (s *Service) rehash(ctx context.Context, entry *soar.CustodyEntry) error {
	const op = "incidents.rehash"
	body, err := s.store.BlobOpen(ctx, entry.SHA256)
	if err != nil {
		return soar.Wrap(unlessAway(err), op, err, "the bytes of %s cannot be read", entry.EvidenceID)
	}
	defer body.Close() //nolint:errcheck // it was only read
	switch _, err := io.Copy(io.Discard, body); {
	case err == nil:
		entry.Why += " (the bytes have their digest)"
		return nil
	case soar.CodeOf(err) == soar.CodeConflict:
		entry.Why, entry.SHA256 = entry.Why+" (the bytes do NOT have their digest)", ""
		return nil
	default:
		return soar.Wrap(unlessAway(err), op, err, "the bytes of %s cannot be read", entry.EvidenceID)
	}
}

// maySend tells whether somebody may download an item: one that is sealed leaves
// only with who manages evidence.
func (s *Service) maySend(ctx context.Context, p soar.Principal, item soar.Evidence) error {
	const op = "incidents.maySend"
	custody, err := s.store.CustodyList(ctx, item.ID)
	if err != nil {
		return err
	}

	if !state(custody).sealed || access.Can(p, access.EvidenceManage) {
		return nil
	}
	sealed := soar.Errorf(soar.CodeDenied, op, "evidence %s is sealed: only who manages evidence takes it out", item.ID)
	return s.refuse(ctx, attempt{p, item.IncidentID, "download evidence " + item.ID, ""}, sealed)
}
