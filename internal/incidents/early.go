package incidents

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const approvalPrefix = "APR-"

// derivedForm is what ids look like that the workflow gives.
var derivedForm = regexp.MustCompile(`^[A-Z]+-[0-9A-HJKMNP-TV-Z]{10}$`)

// maxAsked is up to which time of asking anew a question is looked for.
const maxAsked = 5

// unasked says what is known of an approval that is not there: that its id is none,
// that nobody knows it, or that a playbook under way has yet to ask it. Of an incident
// that the caller does not see nothing is said. The incident is given with the last.
//
// Its id does not make a question decidable before it is asked: what exactly would run
// is settled then, and nobody can have been shown it.
func (s *Service) unasked(ctx context.Context, p soar.Principal, asked thing) (incidentID string, err error) {
	nothing := unseen(asked.op, asked.noun, asked.id)
	switch {
	case !strings.HasPrefix(asked.id, approvalPrefix):
		return "", soar.Errorf(soar.CodeNotFound, asked.op, "%s: the id of one begins with %s", soar.MessageOf(nothing), approvalPrefix)
	case s.plans == nil || !derivedForm.MatchString(asked.id):
		return "", nothing
	}
	runs, err := s.store.RunsOpen(ctx)
	if err != nil {
		return "", err
	}
	for _, run := range runs {
		step := s.asksLater(run, asked.id)
		if step == nil {
			continue
		}
		if _, err := s.see(ctx, p, run.IncidentID, asked); err != nil {
			return "", err
		}
		return run.IncidentID, s.later(ctx, run, step, asked)
	}
	return "", nothing
}

// asksLater finds the step of a run that would ask under this id. A question within a
// loop gets an id that depends on the turn, and is not found.
func (s *Service) asksLater(run soar.OpenRun, id string) *plan.Step {
	pinned, err := s.plans.PlanByDigest(run.Digest)
	if err != nil || pinned == nil {
		return nil // a plan that cannot be had says nothing
	}
	var found *plan.Step
	plan.Walk(pinned.Steps, func(step *plan.Step) bool {
		if step.Kind != plan.KindApproval {
			return true
		}
		for again := range maxAsked + 1 {
			if protocol.DerivedID(approvalPrefix, run.IncidentID, run.RunID+"/"+step.Path, again) == id {
				found = step
			}
		}
		return true
	})
	return found
}

// later words what became of the step so far.
func (s *Service) later(ctx context.Context, run soar.OpenRun, step *plan.Step, asked thing) error {
	detail, err := s.store.IncidentDetail(ctx, run.IncidentID)
	if err != nil {
		return err
	}
	where := fmt.Sprintf("step %s/%s of playbook %s in incident %s", run.RunID, step.Path, run.Playbook, run.IncidentID)
	for _, view := range detail.Runs {
		for _, now := range view.Steps {
			if now.Key == run.RunID+"/"+step.Path && now.Status.Ended() {
				return soar.Errorf(soar.CodeNotFound, asked.op, "approval %s was not asked: %s is %s", asked.id, where, now.Status)
			}
		}
	}
	return soar.Errorf(soar.CodeNotFound, asked.op, "approval %s is not asked yet: %s comes to it later, if at all; those who decide are told then, and only then it can be decided", asked.id, where)
}

// tooEarly leaves in the record of the incident who wanted to decide, ask or answer
// before there was a question.
func (s *Service) tooEarly(ctx context.Context, trying attempt, why error) error {
	if trying.incidentID == "" || soar.CodeOf(why) != soar.CodeNotFound {
		return why
	}
	return s.refuse(ctx, trying, soar.Errorf(soar.CodeConflict, "incidents.tooEarly", "%s", soar.MessageOf(why)))
}
