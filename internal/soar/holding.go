package soar

import "time"

// Holding says who has a task after it was claimed, given to somebody or given back.
// Of two the one with more Changes is the later.
type Holding struct {
	Assignee   Approver   `json:"assignee"`
	ClaimedBy  *Actor     `json:"claimed_by,omitempty"`
	ClaimedAt  *time.Time `json:"claimed_at,omitempty"`
	AssignedBy *Actor     `json:"assigned_by,omitempty"`
	AssignedAt *time.Time `json:"assigned_at,omitempty"`
	Changes    int        `json:"changes"`
}

// Holding gives who has the task.
func (t Task) Holding() Holding {
	return Holding{t.Assignee, t.ClaimedBy, t.ClaimedAt, t.AssignedBy, t.AssignedAt, t.Changes}
}

// Held gives the task as it is with another holding, unless its own is as late.
func (t Task) Held(h Holding) Task {
	if h.Changes > t.Changes {
		t.Assignee, t.ClaimedBy, t.ClaimedAt, t.AssignedBy, t.AssignedAt, t.Changes = h.Assignee, h.ClaimedBy, h.ClaimedAt, h.AssignedBy, h.AssignedAt, h.Changes
	}
	return t
}

// Claimed gives the holding after somebody took the task on.
func (h Holding) Claimed(by Actor, at time.Time) Holding {
	h.ClaimedBy, h.ClaimedAt = &by, &at
	h.Changes++
	return h
}

// Assigned gives the holding after the task was given to somebody; nobody has claimed
// it then.
func (h Holding) Assigned(to Approver, by Actor, at time.Time) Holding {
	return Holding{Assignee: to, AssignedBy: &by, AssignedAt: &at, Changes: h.Changes + 1}
}

// Returned gives the holding after whoever had claimed the task gave it back.
func (h Holding) Returned() Holding {
	h.ClaimedBy, h.ClaimedAt = nil, nil
	h.Changes++
	return h
}

// Who gives who is to be told of the task: who has claimed it, or whom it is for.
func (h Holding) Who() Approver {
	if h.ClaimedBy != nil && h.ClaimedBy.Kind == ActorPerson {
		return Approver{Person: h.ClaimedBy.ID}
	}
	return h.Assignee
}
