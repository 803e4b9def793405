package incidents

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// mayRead tells whether the caller may read incidents at all, his own or any.
func mayRead(p soar.Principal, op string) error {
	if access.Can(p, access.IncidentReadOwn) {
		return nil
	}
	return access.Require(p, access.IncidentRead, op)
}

// unseen answers for what does not exist and for what the caller does not need to
// know of, in the same words.
func unseen(op, noun, id string) error {
	return soar.Errorf(soar.CodeNotFound, op, "there is no %s %s", noun, soar.Shorten(id, 100))
}

// hide turns a store's not_found into the words of unseen and leaves other errors.
func hide(err error, op, noun, id string) error {
	if soar.CodeOf(err) == soar.CodeNotFound {
		return unseen(op, noun, id)
	}
	return err
}

// see gives an incident that the caller needs to know of. Noun and id are what he
// asked for: the incident, or something that belongs to it.
func (s *Service) see(ctx context.Context, p soar.Principal, incidentID string, asked thing) (soar.Incident, error) {
	incident, err := s.store.IncidentGet(ctx, incidentID)
	if err != nil {
		return soar.Incident{}, hide(err, asked.op, asked.noun, asked.id)
	}
	if !access.CanSee(p, incident) {
		return soar.Incident{}, unseen(asked.op, asked.noun, asked.id)
	}
	return incident, nil
}

// NeedsToKnow gives nil when the caller may see all of these incidents, and else the
// words for one that does not exist.
func (s *Service) NeedsToKnow(ctx context.Context, p soar.Principal, ids []string) error {
	for _, id := range ids {
		if _, err := s.see(ctx, p, id, thing{"incidents.NeedsToKnow", "incident", id}); err != nil {
			return err
		}
	}
	return nil
}

// thing is what a caller asked for, by its id.
type thing struct{ op, noun, id string }

// List gives one page of the incidents that the caller needs to know of, newest
// first, and the next page's cursor.
func (s *Service) List(ctx context.Context, p soar.Principal, filter soar.IncidentFilter) ([]soar.Incident, string, error) {
	if err := mayRead(p, "incidents.List"); err != nil {
		return nil, "", err
	}
	filter.Viewer = access.ViewerOf(p)
	return s.store.IncidentList(ctx, filter)
}

// Show gives an incident with what belongs to it, as far as the caller may read
// it: approvals, tasks, evidence and alerts need their own permissions, and runs
// need incident:read.
func (s *Service) Show(ctx context.Context, p soar.Principal, id string) (protocol.Detail, error) {
	const op = "incidents.Show"
	if err := mayRead(p, op); err != nil {
		return protocol.Detail{}, err
	}
	detail, err := s.store.IncidentDetail(ctx, id)
	if err != nil {
		return protocol.Detail{}, hide(err, op, "incident", id)
	}
	if !access.CanSee(p, detail.Incident) {
		return protocol.Detail{}, unseen(op, "incident", id)
	}
	return readable(p, detail), nil
}

// readable leaves out what the caller may not read.
func readable(p soar.Principal, d protocol.Detail) protocol.Detail {
	if !access.Can(p, access.IncidentRead) {
		d.Runs, d.Containments = nil, nil
	}
	if !access.Can(p, access.ApprovalRead) {
		d.Approvals = nil
	}
	if !access.Can(p, access.TaskRead) {
		d.Tasks = nil
	}
	if !access.Can(p, access.AlertRead) {
		d.Alerts = nil
	}
	items := d.Evidence
	d.Evidence = nil
	for _, item := range items {
		if access.Can(p, access.EvidenceRead) && access.CanSee(p, withLabel(d.Incident, item.TLP)) {
			d.Evidence = append(d.Evidence, item)
		}
	}
	return d
}

// withLabel gives the incident with the label of something in it, when that is
// TLP:RED: an item may be stricter than its incident.
func withLabel(incident soar.Incident, label soar.TLP) soar.Incident {
	if label == soar.TLPRed {
		incident.TLP = label
	}
	return incident
}

// Timeline gives up to limit entries of an incident's record after a number, in
// their order.
func (s *Service) Timeline(ctx context.Context, p soar.Principal, incidentID string, afterSeq int64, limit int) ([]record.Entry, error) {
	const op = "incidents.Timeline"
	if err := mayRead(p, op); err != nil {
		return nil, err
	}
	if _, err := s.see(ctx, p, incidentID, thing{op, "incident", incidentID}); err != nil {
		return nil, err
	}
	return s.store.RecordList(ctx, incidentID, afterSeq, limit)
}
