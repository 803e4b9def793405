package incidents

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what refusals at the door leave in records: who is refused over and
// over must not be able to fill one.
const (
	refusedEvery = time.Minute
	refusedMost  = 10_000 // kept in memory; beyond that the oldest minute is forgotten
)

// Refusal is something that a known caller was not let do at the door, where no
// use case was asked. One of the ids is given.
type Refusal struct {
	Operation  string // as openapi.yaml names it
	IncidentID string
	ApprovalID string
	TaskID     string
	EvidenceID string
}

// NoteRefusal writes into the record of the incident who was refused what. The
// same again within a minute is not written again; the log has every one. What
// belongs to no incident that exists leaves nothing.
func (s *Service) NoteRefusal(ctx context.Context, p soar.Principal, r Refusal, refusal error) {
	if !s.refusals.first(s.now(), p.Token+" "+p.Actor.String()+" "+r.Operation+" "+r.IncidentID+r.ApprovalID+r.TaskID+r.EvidenceID) {
		return
	}
	incidentID, err := s.incidentOf(ctx, r)
	if err != nil || incidentID == "" {
		if soar.CodeOf(err) != soar.CodeNotFound {
			s.log.ErrorContext(ctx, "a refusal is not in the record", "by", p.Actor.ID, "tried", r.Operation, "error", err)
		}
		return
	}
	_ = s.refuse(ctx, attempt{p, incidentID, "use " + r.Operation, ""}, refusal) // the caller has it already
}

func (s *Service) incidentOf(ctx context.Context, r Refusal) (string, error) {
	switch {
	case r.IncidentID != "":
		incident, err := s.store.IncidentGet(ctx, r.IncidentID)
		return incident.ID, err
	case r.ApprovalID != "":
		approval, err := s.store.ApprovalGet(ctx, r.ApprovalID)
		return approval.IncidentID, err
	case r.TaskID != "":
		task, err := s.store.TaskGet(ctx, r.TaskID)
		return task.IncidentID, err
	default:
		item, err := s.store.EvidenceGet(ctx, r.EvidenceID)
		return item.IncidentID, err
	}
}
