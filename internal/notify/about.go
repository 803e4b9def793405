package notify

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// about is what a message is about, as things stand now.
type about struct {
	incident *soar.Incident
	approval *soar.Approval
	task     *soar.Task
	tlp      soar.TLP
	over     string // why there is nothing to tell any more
}

// asking are the kinds that ask somebody to act: they are not sent late.
func asking(kind string) bool {
	switch kind {
	case "approval_requested", "reminder", "escalation", "task_assigned", "question":
		return true
	default:
		return false
	}
}

// look reads what a message is about. What is not there is told under the strictest
// label: nobody knows what it was.
func (s *Service) look(ctx context.Context, m protocol.Message) (a about, err error) {
	if m.IncidentID != "" {
		incident, err := s.o.Cases.IncidentGet(ctx, m.IncidentID)
		switch soar.CodeOf(err) {
		case soar.CodeNotFound:
			a.tlp = soar.TLPRed
		default:
			if err != nil {
				return a, err
			}
			a.incident, a.tlp = &incident, incident.TLP
			if !a.tlp.Valid() {
				a.tlp = soar.TLPAmber
			}
		}
	}
	switch {
	case m.Kind == kindSummary:
		a.over, err = s.lookSummary(ctx, m)
	case strings.HasPrefix(m.About, "APR-"):
		err = s.lookApproval(ctx, m, &a)
	case strings.HasPrefix(m.About, "TSK-"):
		err = s.lookTask(ctx, m, &a)
	}
	if a.over == "" && asking(m.Kind) {
		a.over = settled(a.incident, m.About)
	}
	return a, err
}

// settled tells why an escalation needs nobody any more. One that goes on after its
// acknowledgement went stale is running again before anybody is told.
func settled(incident *soar.Incident, about string) string {
	if incident == nil || !strings.HasPrefix(about, "ESC-") {
		return ""
	}
	for _, one := range incident.Escalations {
		switch {
		case one.ID != about:
		case one.Status == soar.EscalationAcknowledged && one.AcknowledgedBy != nil:
			return "escalation " + one.ID + " is acknowledged by " + one.AcknowledgedBy.ID
		case one.Status == soar.EscalationAcknowledged || one.Status == soar.EscalationEnded:
			return "escalation " + one.ID + " is " + string(one.Status)
		}
	}
	return ""
}

func (s *Service) lookApproval(ctx context.Context, m protocol.Message, a *about) error {
	approval, err := s.o.Cases.ApprovalGet(ctx, m.About)
	if soar.CodeOf(err) == soar.CodeNotFound {
		return nil // its journal comes in the same transaction; a message without it stands for itself
	}
	if err != nil {
		return err
	}
	a.approval = &approval
	switch {
	case !asking(m.Kind):
	case approval.Status != soar.ApprovalPending:
		a.over = "approval " + approval.ID + " is " + string(approval.Status)
	case !s.now().Before(approval.ExpiresAt):
		a.over = "approval " + approval.ID + " has expired"
	}
	return nil
}

func (s *Service) lookTask(ctx context.Context, m protocol.Message, a *about) error {
	task, err := s.o.Cases.TaskGet(ctx, m.About)
	if soar.CodeOf(err) == soar.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	a.task = &task
	if asking(m.Kind) && task.Status != soar.TaskOpen {
		a.over = "task " + task.ID + " is " + string(task.Status)
	}
	return nil
}

// lookSummary tells whether anything that a summary tells of still matters.
func (s *Service) lookSummary(ctx context.Context, m protocol.Message) (over string, err error) {
	held, err := s.o.Ledger.Summarised(ctx, m.ID)
	for _, one := range held {
		single, err := s.look(ctx, messageOf(one))
		if err != nil || single.over == "" {
			return "", err
		}
	}
	return "all of it is over", err
}
