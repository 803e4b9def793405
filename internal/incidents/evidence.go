package incidents

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// custodyWait bounds writing that bytes were found changed: the download that
// found it may be given up at that moment.
const custodyWait = 3 * time.Second

// Evidence gives what is known of an item, and its chain of custody from its
// beginning.
func (s *Service) Evidence(ctx context.Context, p soar.Principal, id string) (soar.Evidence, []soar.CustodyEntry, error) {
	item, err := s.seeEvidence(ctx, p, thing{"incidents.Evidence", "evidence", id})
	if err != nil {
		return soar.Evidence{}, nil, err
	}
	custody, err := s.store.CustodyList(ctx, id)
	return item, custody, err
}

// EvidenceOpen gives the bytes of an item and has written the download into its
// chain of custody before. The last Read fails when the bytes are not those of
// the digest, and that is written down too. The caller closes the reader.
func (s *Service) EvidenceOpen(ctx context.Context, p soar.Principal, id string) (soar.Evidence, io.ReadCloser, error) {
	const op = "incidents.EvidenceOpen"
	item, err := s.seeEvidence(ctx, p, thing{op, "evidence", id})
	if err != nil {
		return soar.Evidence{}, nil, err
	}
	if err := s.maySend(ctx, p, item); err != nil {
		return soar.Evidence{}, nil, err
	}
	body, err := s.store.BlobOpen(ctx, item.SHA256)
	if err != nil {
		// The item is known, so bytes that are not there are our fault.
		return soar.Evidence{}, nil, soar.Wrap(unlessAway(err), op, err, "the bytes of %s cannot be read", item.ID)
	}
	entry := soar.CustodyEntry{EvidenceID: item.ID, What: "exported", By: p.Actor, Why: "downloaded", SHA256: item.SHA256, At: s.now()}
	if err := s.addCustody(ctx, entry, protocol.EventEvidenceExported, item.Name+" was downloaded"); err != nil {
		return soar.Evidence{}, nil, errors.Join(err, body.Close())
	}
	return item, &watched{ReadCloser: body, changed: func() { s.changed(ctx, item) }}, nil
}

// unlessAway is internal, or unavailable when that is what the store says.
func unlessAway(err error) soar.Code {
	if soar.CodeOf(err) == soar.CodeUnavailable {
		return soar.CodeUnavailable
	}
	return soar.CodeInternal
}

func (s *Service) seeEvidence(ctx context.Context, p soar.Principal, asked thing) (soar.Evidence, error) {
	if err := access.Require(p, access.EvidenceRead, asked.op); err != nil {
		return soar.Evidence{}, err
	}
	item, err := s.store.EvidenceGet(ctx, asked.id)
	if err != nil {
		return soar.Evidence{}, hide(err, asked.op, asked.noun, asked.id)
	}
	incident, err := s.see(ctx, p, item.IncidentID, asked)
	if err != nil {
		return soar.Evidence{}, err
	}
	if !access.CanSee(p, withLabel(incident, item.TLP)) {
		return soar.Evidence{}, unseen(asked.op, asked.noun, asked.id)
	}
	return item, nil
}

// changed writes down that the stored bytes are not those that were collected.
func (s *Service) changed(ctx context.Context, item soar.Evidence) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), custodyWait)
	defer cancel()
	s.log.ErrorContext(ctx, "evidence does not have its digest any more", "evidence", item.ID, "sha256", item.SHA256)
	entry := soar.CustodyEntry{
		EvidenceID: item.ID, What: "verified", By: soar.System("incidents"), At: s.now(),
		Why: "the stored bytes do not have the digest that was recorded when they were collected",
	}
	if err := s.addCustody(ctx, entry, protocol.EventEvidenceChanged, item.Name+" does not have its digest any more"); err != nil {
		s.log.ErrorContext(ctx, "that evidence was found changed is not written down", "evidence", item.ID, "error", err)
	}
}

func (s *Service) addCustody(ctx context.Context, entry soar.CustodyEntry, kind, text string) error {
	event := record.Payload{
		At: entry.At, Kind: kind, By: entry.By, Text: "Evidence " + entry.EvidenceID + ": " + soar.Shorten(text, 300),
		Data: data(map[string]any{"evidence": entry.EvidenceID, "what": entry.What, "why": entry.Why, "sha256": entry.SHA256}),
	}
	if err := s.store.CustodyAppend(ctx, entry, event); err != nil {
		return fmt.Errorf("chain of custody of %s: %w", entry.EvidenceID, err)
	}
	return nil
}

// watched tells once when reading finds that the bytes are not what they were.
type watched struct {
	io.ReadCloser
	once    sync.Once
	changed func()
}

// Read reads on.
func (w *watched) Read(into []byte) (int, error) {
	n, err := w.ReadCloser.Read(into)
	if err != nil && soar.CodeOf(err) == soar.CodeConflict {
		w.once.Do(w.changed)
	}
	return n, err
}
