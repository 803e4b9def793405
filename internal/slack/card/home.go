package card

import (
	"fmt"

	"github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// HomePage is what one person sees in the App Home: only what he may see.
type HomePage struct {
	Person    soar.Person // empty ID: nobody that we know
	Approvals []ApprovalCard
	Tasks     []TaskCard
	More      bool // there is more than was asked for
}

// Home shows what waits for one person.
func (l Look) Home(h HomePage) slack.HomeTabViewRequest {
	p := newPage(maxViewBlocks-1, viewUnits, buttons(button(Report, "Report an incident", Ref{}, slack.StyleDefault)), note(mark("As of "+l.when(l.Now)+". `/tocsin help` says what else there is.")))
	switch {
	case h.Person.ID == "":
		p.add(header("Who are you?"), say("This Slack account belongs to nobody that Tocsin knows. `/tocsin link` joins it to you; until then nothing is shown here and nothing can be decided."))
	case len(h.Approvals)+len(h.Tasks) == 0:
		p.add(header("Nothing waits for you"))
	}
	if len(h.Approvals) > 0 {
		p.add(header(fmt.Sprintf("Waiting for your decision: %d", len(h.Approvals))))
	}
	left := 0
	for _, c := range h.Approvals {
		if !p.add(l.waiting(c.Approval.Title, button(See, "See it", approvalRef(c.Approval), slack.StylePrimary)), l.about(c.Incident, c.Approval.IncidentID, c.Approval.ID),
			note(mark("by "+l.when(c.Approval.ExpiresAt)+", "+l.left(c.Approval.ExpiresAt)))) {
			left++
		}
	}
	if len(h.Tasks) > 0 {
		p.add(header(fmt.Sprintf("Your tasks: %d", len(h.Tasks))))
	}
	for _, c := range h.Tasks {
		if !p.add(l.waiting(c.Task.Title, button(DoTask, "Complete", taskRef(c.Task), slack.StyleDefault)), l.about(c.Incident, c.Task.IncidentID, c.Task.ID), note(plain(holder(c.Task), maxShownTitle))) {
			left++
		}
	}
	if left > 0 || h.More {
		p.tail = append([]slack.Block{say("There is more: `tocsin approval list --mine`, `tocsin task list --mine`.")}, p.tail...)
	}
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: p.all()}}
}

func approvalRef(a soar.Approval) Ref {
	return Ref{Approval: string(known(a.ID)), Incident: string(known(a.IncidentID)), Digest: string(known(a.Digest))}
}

func (l Look) waiting(title string, open *slack.ButtonBlockElement) slack.Block {
	return slack.NewSectionBlock(plain(title, maxShownTitle), nil, slack.NewAccessory(open))
}
