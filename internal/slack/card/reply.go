package card

import (
	"cmp"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Help says what /tocsin can do.
func (l Look) Help() Message {
	return Message{Text: "What /tocsin can do", Blocks: []slack.Block{
		header("What /tocsin can do"),
		say("`/tocsin report` report what you saw\n`/tocsin status` incidents that run; `/tocsin status INC-…` how one stands\n" +
			"`/tocsin approvals` what waits for your decision\n`/tocsin tasks` what waits for your work\n`/tocsin ack INC-…` say that you have an incident in hand\n" +
			"`/tocsin oncall [ROSTER]` who is on call now\n`/tocsin link` join this account to you"),
		note(mark("Only you see the answers. You see what you need to know.")),
	}}
}

// Incidents lists incidents for one person.
func (l Look) Incidents(list []soar.Incident, more bool) Message {
	p := message()
	p.add(header(counted(len(list), more, "incident")))
	for _, i := range list {
		more = !p.add(note(mark(known(i.ID)+"  "+severity(i.Severity)+"  "+tlp(i.TLP)), plain(i.Title, maxShownTitle), plain(phase(i)+", "+cmp.Or(i.Owner, "nobody leads"), maxShownTitle))) || more
	}
	return l.listed(p, more, "tocsin incident list")
}

// Approvals lists what one person may decide.
func (l Look) Approvals(list []ApprovalCard, more bool) Message {
	p := message()
	p.add(header(counted(len(list), more, "approval") + " for you"))
	for _, c := range list {
		more = !p.add(l.waiting(c.Approval.Title, button(See, "See it", approvalRef(c.Approval), slack.StylePrimary)),
			note(mark(known(c.Approval.ID)+" of "+known(c.Approval.IncidentID)+"  "+severity(c.Incident.Severity)+"  "+l.left(c.Approval.ExpiresAt)))) || more
	}
	return l.listed(p, more, "tocsin approval list --mine")
}

// Tasks lists the work of one person.
func (l Look) Tasks(list []TaskCard, more bool) Message {
	p := message()
	p.add(header(counted(len(list), more, "task") + " for you"))
	for _, c := range list {
		more = !p.add(l.waiting(c.Task.Title, button(DoTask, "Complete", taskRef(c.Task), slack.StyleDefault)),
			note(mark(known(c.Task.ID)+" of "+known(c.Task.IncidentID)+"  "+severity(c.Incident.Severity)), plain(holder(c.Task), maxShownTitle))) || more
	}
	return l.listed(p, more, "tocsin task list --mine")
}

// OnDuty says who is on call, by roster.
type OnDuty struct {
	Roster string
	People []soar.Person
}

// OnCall says who is on call.
func (l Look) OnCall(list []OnDuty) Message {
	p := message()
	p.add(header("On call now"))
	more := false
	for _, duty := range list {
		who := make([]soar.Actor, len(duty.People))
		for i, person := range duty.People {
			who[i] = person.Principal().Actor
		}
		more = !p.add(pairs(pair{"Roster", plain(duty.Roster, maxShownTitle)}, pair{"Who", plain(cmp.Or(names(who), "nobody"), maxWhy)})) || more
	}
	if len(list) == 0 {
		p.add(say("There is no roster."))
	}
	return l.listed(p, more, "tocsin oncall")
}

// Say is a message of one sentence that may hold text of others.
func (l Look) Say(text string) Message {
	short, _ := cut(Clean(text), maxFallback)
	return Message{Text: cmp.Or(short, "-"), Blocks: []slack.Block{section(plain(text, maxSection-100))}}
}

func (l Look) listed(p *page, more bool, command own) Message {
	blocks := p.all()
	if more {
		blocks = append(blocks[:min(len(blocks), maxBlocks-1)], note(mark("There is more: `"+command+"`")))
	}
	head, _ := blocks[0].(*slack.HeaderBlock)
	return Message{Text: Clean(head.Text.Text), Blocks: blocks}
}

func counted(count int, more bool, noun string) string {
	switch {
	case more:
		return fmt.Sprintf("More than %d %ss", count, noun)
	case count == 0:
		return "No " + noun
	case count == 1:
		return "1 " + noun
	default:
		return fmt.Sprintf("%d %ss", count, noun)
	}
}

// Letter is a message to one person: an escalation, a reminder, news. About what it
// asks something of, there is a button that opens it.
func (l Look) Letter(subject, text string, about Ref) Message {
	p := message()
	p.add(header(subject))
	p.add(section(prose(text, maxSection-100)))
	if about.Approval != "" {
		p.add(buttons(button(See, "See it", about, slack.StylePrimary)))
	} else if about.Task != "" {
		p.add(buttons(button(DoTask, "Complete", about, slack.StylePrimary)))
	}
	short, _ := cut(Clean(subject), maxFallback)
	return Message{Text: cmp.Or(short, "-"), Blocks: p.all()}
}
