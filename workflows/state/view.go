package state

import (
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// View is what the state query answers.
func (c *Case) View(draining bool) protocol.StateView {
	view := protocol.StateView{
		Incident: c.incidentView(), Runs: []protocol.RunView{}, Approvals: []soar.Approval{}, Tasks: []soar.Task{},
		Containments: []soar.Containment{}, Objectives: c.objectiveViews(), Draining: draining, ContinuedAsNew: c.Continued,
	}
	for _, run := range c.Runs {
		entry := run.View()
		for _, record := range run.Records {
			entry.Steps = append(entry.Steps, record.View(run.ID))
		}
		view.Runs = append(view.Runs, entry)
	}
	for _, approval := range c.Approvals {
		view.Approvals = append(view.Approvals, approval.Approval)
	}
	for _, task := range c.Tasks {
		view.Tasks = append(view.Tasks, task.Task)
	}
	for _, containment := range c.Containments {
		view.Containments = append(view.Containments, containment.Containment)
	}
	return view
}

// views puts what is dirty into the batch, as it is now.
func (c *Case) views(batch *protocol.JournalBatch, dirty Dirty) {
	if dirty.Incident {
		incident := c.incidentView()
		batch.Incident = &incident
	}
	if dirty.Objectives {
		batch.Objectives = c.objectiveViews()
	}
	batch.Runs = slices.Clone(dirty.Gone)
	for _, id := range dirty.Runs {
		if run := c.Run(id); run != nil {
			batch.Runs = append(batch.Runs, run.View())
		}
	}
	for _, key := range slices.Sorted(maps.Keys(dirty.Steps)) {
		batch.Steps = append(batch.Steps, dirty.Steps[key])
	}
	for _, id := range dirty.Approvals {
		if approval := c.Approval(id); approval != nil {
			batch.Approvals = append(batch.Approvals, approval.Approval)
		}
	}
	for _, id := range dirty.Tasks {
		if task := c.Task(id); task != nil {
			batch.Tasks = append(batch.Tasks, task.Task)
		}
	}
	for _, id := range dirty.Containments {
		if containment := c.Containment(id); containment != nil {
			batch.Containments = append(batch.Containments, containment.Containment)
		}
	}
}

// incidentView is the incident with its escalations.
func (c *Case) incidentView() soar.Incident {
	incident := c.Incident
	incident.Facts, incident.Escalations = maps.Clone(incident.Facts), c.escalationViews()
	return incident
}

func (c *Case) objectiveViews() []soar.Objective {
	views := []soar.Objective{}
	for _, objective := range c.Objectives {
		views = append(views, objective.Objective)
	}
	return views
}
