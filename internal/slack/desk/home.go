package desk

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// HomeOpened publishes what waits for the person.
func (d *Desk) HomeOpened(ctx context.Context, h slack.HomeOpened) error {
	return d.publish(ctx, h.Event)
}

func (d *Desk) publish(ctx context.Context, e slack.Event) error {
	page := card.HomePage{Person: soar.Person{ID: e.Person.Actor.ID, Name: e.Person.Actor.Name}}
	var err error
	var more bool
	if page.Approvals, page.More, err = d.myApprovals(ctx, e.Person); err != nil && soar.CodeOf(err) != soar.CodeDenied {
		return err
	}
	if page.Tasks, more, err = d.myTasks(ctx, e.Person); err != nil && soar.CodeOf(err) != soar.CodeDenied {
		return err
	}
	page.More = page.More || more
	view := d.look().Home(page)
	if err := card.ValidateHome(view); err != nil {
		return soar.Wrap(soar.CodeInternal, "desk.publish", err, "the App Home cannot be shown")
	}
	return d.Chat.PublishHome(ctx, e.User, view)
}

// myApprovals gives what the person may decide, with the incidents.
func (d *Desk) myApprovals(ctx context.Context, p soar.Principal) (list []card.ApprovalCard, more bool, err error) {
	approvals, next, err := d.Incidents.Approvals(ctx, p, soar.ApprovalFilter{Status: soar.ApprovalPending, Mine: &p, Page: soar.Page{Limit: shownMost}})
	if err != nil {
		return nil, false, err
	}
	known := heads{d: d, p: p}
	for _, approval := range approvals {
		incident, err := known.of(ctx, approval.IncidentID)
		if err != nil {
			return nil, false, err
		}
		list = append(list, card.ApprovalCard{Approval: approval, Incident: incident})
	}
	return list, next != "", nil
}

func (d *Desk) myTasks(ctx context.Context, p soar.Principal) (list []card.TaskCard, more bool, err error) {
	tasks, next, err := d.Incidents.Tasks(ctx, p, soar.TaskFilter{Status: soar.TaskOpen, Mine: &p, Page: soar.Page{Limit: shownMost}})
	if err != nil {
		return nil, false, err
	}
	known := heads{d: d, p: p}
	for _, task := range tasks {
		incident, err := known.of(ctx, task.IncidentID)
		if err != nil {
			return nil, false, err
		}
		list = append(list, card.TaskCard{Task: task, Incident: incident})
	}
	return list, next != "", nil
}

// heads reads each incident once.
type heads struct {
	d    *Desk
	p    soar.Principal
	read map[string]soar.Incident
}

func (h *heads) of(ctx context.Context, id string) (soar.Incident, error) {
	if incident, found := h.read[id]; found {
		return incident, nil
	}
	incident, err := h.d.incident(ctx, h.p, id)
	if err != nil {
		return soar.Incident{}, err
	}
	if h.read == nil {
		h.read = map[string]soar.Incident{}
	}
	h.read[id] = incident
	return incident, nil
}
