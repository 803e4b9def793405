package card

import (
	"fmt"

	"github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// TaskCard is a task with the incident that it belongs to.
type TaskCard struct {
	Task     soar.Task
	Incident soar.Incident
	Shared   bool // others read along: what is TLP:RED shows its id only
}

// Task shows work for a person, and who did it.
func (l Look) Task(c TaskCard) Message {
	t := c.Task
	open := t.Status == soar.TaskOpen
	ref := taskRef(t)
	if c.Shared && secret(c.Incident) {
		return l.quiet("A task is waiting", open, ref)
	}
	p := message(l.taskTail(t)...)
	p.add(header(taskTitle(t)+": "+t.Title), l.about(c.Incident, t.IncidentID, t.ID), l.taskFacts(t))
	text := fmt.Sprintf("%s: %s (%s, %s)", taskTitle(t), t.Title, t.ID, t.IncidentID)
	short, _ := cut(Clean(text), maxFallback)
	return Message{Text: short, Blocks: p.all()}
}

func taskRef(t soar.Task) Ref {
	return Ref{Task: string(known(t.ID)), Incident: string(known(t.IncidentID))}
}

func taskTitle(t soar.Task) string {
	switch t.Status {
	case soar.TaskDone:
		return "Done"
	case soar.TaskCancelled:
		return "No longer needed"
	default:
		return "Task"
	}
}

func (l Look) taskFacts(t soar.Task) slack.Block {
	list := []pair{{"For", plain(approvers([]soar.Approver{t.Assignee}), maxWhy)}, {"Since", mark(l.when(t.CreatedAt))}}
	if t.ClaimedBy != nil && t.Status == soar.TaskOpen {
		list = append(list, pair{"Claimed by", plain(name(*t.ClaimedBy), maxShownTitle)})
	}
	if t.AssignedBy != nil {
		list = append(list, pair{"Given by", plain(name(*t.AssignedBy), maxShownTitle)})
	}
	if t.DueAt != nil && t.Status == soar.TaskOpen {
		list = append(list, pair{"Due", mark(l.when(*t.DueAt) + ", " + l.left(*t.DueAt))})
	}
	return pairs(list...)
}

func (l Look) taskTail(t soar.Task) []slack.Block {
	switch {
	case t.Status == soar.TaskOpen:
		return openTask(t)
	case t.CompletedBy != nil && t.CompletedAt != nil:
		blocks := []slack.Block{note(mark(":white_check_mark: *done* "+l.when(*t.CompletedAt)), plain("by "+name(*t.CompletedBy), maxShownTitle))}
		if said := arguments(t.Answer); Clean(said) != "" {
			blocks = append([]slack.Block{section(plain(said, maxSaid))}, blocks...)
		}
		return blocks
	default:
		return []slack.Block{note(mark("Ended."))}
	}
}

// openTask has the buttons of an open task. A form that Slack cannot show is told of
// with the way that is left.
func openTask(t soar.Task) []slack.Block {
	hold := button(Claim, "Take it", taskRef(t), slack.StyleDefault)
	if t.ClaimedBy != nil {
		hold = button(GiveUp, "Give it back", taskRef(t), slack.StyleDefault)
	}
	if _, err := ReadForm(t.Form); err != nil {
		return []slack.Block{note(plain(soar.MessageOf(err), maxWhy)), note(onCommandLine(t)), buttons(hold)}
	}
	return []slack.Block{buttons(button(DoTask, "Fill in and complete", taskRef(t), slack.StylePrimary), hold)}
}

func onCommandLine(t soar.Task) *slack.TextBlockObject {
	return mark("Complete it on the command line: `tocsin task show " + known(t.ID) + "` has the form, `tocsin task done " + known(t.ID) + " --answers answers.json` takes the answers.")
}

// holder says in a few words who has an open task.
func holder(t soar.Task) string {
	if t.ClaimedBy != nil {
		return "claimed by " + name(*t.ClaimedBy)
	}
	return "for " + approvers([]soar.Approver{t.Assignee})
}

// Complete is the modal with a task's form. A form that Slack cannot show is named
// with the way that is left.
func (l Look) Complete(c TaskCard, ref Ref) slack.ModalViewRequest {
	t := c.Task
	form, err := ReadForm(t.Form)
	if err != nil {
		p := view()
		p.add(header(t.Title), l.about(c.Incident, t.IncidentID, t.ID), section(plain(soar.MessageOf(err), 1000)), note(onCommandLine(t)))
		return modal(DoTask, "Complete the task", "", ref, p)
	}
	p := view(form.blocks()...)
	p.add(header(t.Title), l.about(c.Incident, t.IncidentID, t.ID), l.taskFacts(t))
	if len(form.fields) == 0 {
		p.add(say("Nothing is asked: completing it says that it is done."))
	}
	return modal(DoTask, "Complete the task", "Complete", ref, p)
}
