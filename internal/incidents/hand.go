package incidents

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// HandRequest changes who has a task.
type HandRequest struct {
	TaskID    string
	RequestID string        // sent again, is done once
	Do        string        // protocol.TaskClaim, TaskAssign or TaskRelease
	To        soar.Approver // of an assignment: one person, role or roster
	Reason    string        // needed to assign, and to take back what somebody else has claimed
}

// HandTask commits who has a task from now on, tells the workflow, and gives the task
// as it stands then. Sent again under the same id it does nothing.
//
// A task is claimed by one of those it is for: the person, a holder of the role, who is
// on call by the roster. It is then his until he gives it back; the first who claims it
// has it. Who leads the response (task:assign) gives it to anybody who may complete
// tasks and needs to know of the incident, and takes it back; both with a reason.
// Whoever has it then is told. Refusals go into the incident's record.
func (s *Service) HandTask(ctx context.Context, p soar.Principal, request HandRequest) (soar.Task, error) {
	const op = "incidents.HandTask"
	if err := checkText(op, "request_id", request.RequestID, maxID); err != nil {
		return soar.Task{}, err
	}
	var err error
	if request.Reason, err = cleanReason(op, request.Reason, request.Do == protocol.TaskAssign); err != nil {
		return soar.Task{}, err
	}
	permitted := mayHand(op, p, request.Do)
	task, err := s.seeTask(ctx, p, thing{op, "task", request.TaskID})
	if err != nil {
		return soar.Task{}, firstOf(permitted, err) // whether it exists is not said
	}
	trying := attempt{p, task.IncidentID, request.Do + " task " + task.ID, request.Reason}
	if permitted == nil {
		permitted = s.fits(ctx, p, task, request)
	}
	if permitted != nil {
		return soar.Task{}, s.refuse(ctx, trying, permitted)
	}
	if request.Do == protocol.TaskClaim && task.Status == soar.TaskOpen && task.ClaimedBy != nil && task.ClaimedBy.Same(p.Actor) {
		return task, nil
	}
	return s.hand(ctx, trying, task, request)
}

// hand commits and delivers.
func (s *Service) hand(ctx context.Context, trying attempt, task soar.Task, request HandRequest) (soar.Task, error) {
	update := protocol.HandTask{
		Command: protocol.Command{ID: request.RequestID, By: trying.p.Actor, Reason: request.Reason, At: s.now()},
		TaskID:  task.ID, Do: request.Do,
	}
	if request.Do == protocol.TaskAssign {
		update.To = &request.To
	}
	sent := update
	next := func(now soar.Task) (held soar.Holding, err error) {
		held, err = after(now, update)
		sent.Holding = held
		return held, err
	}
	if err := s.store.TaskHand(ctx, task.ID, update, handed(trying.p, task, update), next); err != nil {
		return soar.Task{}, s.refuse(ctx, trying, err)
	}
	if sent.Holding.Changes > 0 { // else it was done before
		if _, _, err := s.deliver(ctx, order{task.IncidentID, protocol.UpdateHandTask, update.ID, sent, decisionWait, false}); err != nil {
			return soar.Task{}, err
		}
	}
	changed, err := s.store.TaskGet(ctx, task.ID)
	if err != nil {
		// It is committed: failing now would make the person do it again.
		s.log.WarnContext(ctx, "a task changed hands and cannot be read", "task", task.ID, "error", err)
		return task.Held(sent.Holding), nil
	}
	return changed, nil
}

// mayHand says why the caller may do none of this, or nil.
func mayHand(op string, p soar.Principal, do string) error {
	switch {
	case p.Actor.Kind != soar.ActorPerson:
		return soar.Errorf(soar.CodeDenied, op, "only a person has tasks and gives them to others")
	case do == protocol.TaskAssign:
		return access.Require(p, access.TaskAssign, op)
	case do == protocol.TaskClaim:
		return access.Require(p, access.TaskComplete, op)
	case do == protocol.TaskRelease && access.Can(p, access.TaskAssign):
		return nil
	case do == protocol.TaskRelease:
		return access.Require(p, access.TaskComplete, op)
	default:
		return invalid(op, "do", "a task is claimed, assigned or released")
	}
}

// fits says why the caller may not do it with this task, or nil.
func (s *Service) fits(ctx context.Context, p soar.Principal, task soar.Task, request HandRequest) error {
	const op = "incidents.HandTask"
	switch request.Do {
	case protocol.TaskClaim:
		mine, err := s.isFor(ctx, p, task.Assignee)
		if err == nil && !mine {
			err = soar.Errorf(soar.CodeDenied, op, "task %s is for %s: who leads the response can assign it to you", task.ID, task.Assignee.Name())
		}
		return err
	case protocol.TaskAssign:
		return s.mayReceive(ctx, task, request.To)
	default:
		if by := task.ClaimedBy; by != nil && !by.Same(p.Actor) {
			if err := access.Require(p, access.TaskAssign, op); err != nil {
				return soar.Errorf(soar.CodeDenied, op, "task %s is with %s, who gives it back, or who leads the response takes it back", task.ID, by.ID)
			}
			_, err := cleanReason(op, request.Reason, true)
			return err
		}
		return nil
	}
}

// after gives who has an open task after the command, or says why it cannot be now.
func after(task soar.Task, h protocol.HandTask) (soar.Holding, error) {
	const op = "incidents.HandTask"
	held := task.Holding()
	switch {
	case h.Do == protocol.TaskClaim && held.ClaimedBy != nil:
		return held, soar.Errorf(soar.CodeConflict, op, "task %s is with %s since %s", task.ID, held.ClaimedBy.ID, clock(*held.ClaimedAt))
	case h.Do == protocol.TaskClaim:
		return held.Claimed(h.By, h.At), nil
	case h.Do == protocol.TaskAssign && held.ClaimedBy == nil && held.Assignee == *h.To:
		return held, soar.Errorf(soar.CodeConflict, op, "task %s is for %s already", task.ID, h.To.Name())
	case h.Do == protocol.TaskAssign:
		return held.Assigned(*h.To, h.By, h.At), nil
	case held.ClaimedBy == nil:
		return held, soar.Errorf(soar.CodeConflict, op, "nobody has claimed task %s: it is for %s", task.ID, held.Assignee.Name())
	default:
		return held.Returned(), nil
	}
}

// isFor tells whether the caller is meant by a task's assignee at this moment.
func (s *Service) isFor(ctx context.Context, p soar.Principal, who soar.Approver) (bool, error) {
	if who == (soar.Approver{}) || isAmong([]soar.Approver{who}, p.Actor.ID, p.Roles) {
		return true, nil
	}
	if who.Roster == "" || who.Person != "" || who.Role != "" || s.rosters == nil {
		return false, nil
	}
	onCall, err := s.rosters.OnCall(ctx, who.Roster, s.now())
	if soar.CodeOf(err) == soar.CodeNotFound { // it is gone from rosters.yaml: who leads assigns the task
		return false, nil
	}
	return slices.Contains(onCall, p.Actor.ID), err
}

// onCallBy gives the rosters by which somebody is on call now.
func (s *Service) onCallBy(ctx context.Context, person string) ([]string, error) {
	if s.rosters == nil {
		return nil, nil
	}
	var by []string
	for _, roster := range s.rosters.Names() {
		onCall, err := s.rosters.OnCall(ctx, roster, s.now())
		if err != nil {
			return nil, err
		}
		if slices.Contains(onCall, person) {
			by = append(by, roster)
		}
	}
	return by, nil
}

// mayReceive says why a task cannot be given to somebody, or nil: there must be such a
// person, role or roster, that may complete tasks and needs to know of the incident.
func (s *Service) mayReceive(ctx context.Context, task soar.Task, to soar.Approver) error {
	const op = "incidents.HandTask"
	named := 0
	for _, name := range []string{to.Person, string(to.Role), to.Roster} {
		if name != "" {
			named++
		}
	}
	incident, err := s.store.IncidentGet(ctx, task.IncidentID)
	switch {
	case err != nil:
		return err
	case named != 1 || !to.Since.IsZero():
		return invalid(op, "/to", "a task is for exactly one person, role or roster")
	case to.Role != "":
		return suits(incident, soar.Principal{Roles: []soar.Role{to.Role}}, "role "+string(to.Role))
	case to.Person != "":
		return s.personSuits(ctx, incident, to.Person)
	}
	if s.rosters == nil || !slices.Contains(s.rosters.Names(), to.Roster) {
		return invalid(op, "/to/roster", "there is no roster %s; there are %s", soar.Shorten(to.Roster, 100), s.rosterNames())
	}
	onCall, err := s.rosters.OnCall(ctx, to.Roster, s.now())
	if err != nil {
		return err
	}
	if len(onCall) == 0 {
		return soar.Errorf(soar.CodeConflict, op, "nobody is on call by roster %s now", to.Roster)
	}
	return s.personSuits(ctx, incident, onCall[0])
}

func (s *Service) rosterNames() string {
	if s.rosters == nil || len(s.rosters.Names()) == 0 {
		return "none"
	}
	return strings.Join(s.rosters.Names(), ", ")
}

func (s *Service) personSuits(ctx context.Context, incident soar.Incident, id string) error {
	if s.people == nil {
		return nil
	}
	person, err := s.people.Find(ctx, id)
	if soar.CodeOf(err) == soar.CodeNotFound || err == nil && !person.Active {
		return invalid("incidents.HandTask", "/to/person", "%s is nobody who takes part: see \"tocsin person list\"", soar.Shorten(id, 100))
	}
	if err != nil {
		return err
	}
	return suits(incident, person.Principal(), id)
}

// suits says why somebody cannot work on a task of the incident, or nil.
func suits(incident soar.Incident, p soar.Principal, name string) error {
	const op = "incidents.HandTask"
	switch {
	case !access.Can(p, access.TaskComplete):
		return soar.Errorf(soar.CodeDenied, op, "%s may not complete tasks", name)
	case !access.CanSee(p, incident):
		return soar.Errorf(soar.CodeDenied, op, "%s does not need to know of incident %s, which is %s", name, incident.ID, incident.TLP)
	default:
		return nil
	}
}

func handed(p soar.Principal, task soar.Task, update protocol.HandTask) record.Payload {
	text := fmt.Sprintf("%s claimed task %s", p.Actor.ID, task.ID)
	switch update.Do {
	case protocol.TaskAssign:
		text = fmt.Sprintf("%s gave task %s to %s", p.Actor.ID, task.ID, update.To.Name())
	case protocol.TaskRelease:
		text = fmt.Sprintf("%s gave task %s back", p.Actor.ID, task.ID)
	}
	if update.Reason != "" {
		text += ": " + update.Reason
	}
	return record.Payload{
		At: update.At, Kind: protocol.EventCommand, By: p.Actor, Step: task.StepPath, Text: soar.Shorten(text, maxText),
		Data: data(map[string]any{"update": protocol.UpdateHandTask, "task": task.ID, "do": update.Do, "to": update.To, "reason": update.Reason, "token": p.Token}),
	}
}
