package card

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// IncidentCard is the head of an incident.
type IncidentCard struct {
	Incident soar.Incident
	Shared   bool   // others read along: what is TLP:RED shows its id only
	Channel  string // id of the incident's own channel; empty: none, or this is it
}

// channelForm is the form of Slack's ids of channels.
var channelForm = regexp.MustCompile(`^[CG][A-Z0-9]{2,30}$`)

// Incident shows how an incident stands. It is kept up to date in its place.
func (l Look) Incident(c IncidentCard) Message {
	i := c.Incident
	ref := Ref{Incident: string(known(i.ID))}
	if c.Shared && secret(i) {
		blocks := []slack.Block{header("An incident"), say("*" + known(i.ID) + "*  " + severity(i.Severity) + "  " + tlp(i.TLP) + ". What it is about is shown to those only who need to know.")}
		return Message{Text: "Incident " + string(known(i.ID)), Blocks: blocks}
	}
	p := message(l.incidentTail(i, ref)...)
	p.add(header(i.Title), say("*"+known(i.ID)+"*  "+severity(i.Severity)+"  "+tlp(i.TLP)), pairs(
		pair{"Stands", plain(phase(i), maxShownTitle)}, pair{"Kind", plain(strings.ReplaceAll(string(i.Category), "_", " "), maxShownTitle)},
		pair{"Leads", plain(cmp.Or(i.Owner, "nobody yet"), maxShownTitle)}, pair{"Opened", mark(l.when(i.OpenedAt))}, pair{"By", plain(name(i.OpenedBy), maxShownTitle)},
	))
	if channelForm.MatchString(c.Channel) {
		p.add(note(mark(own("Talk about it in <#" + c.Channel + ">"))))
	}
	text := fmt.Sprintf("%s %s: %s", i.ID, cmp.Or(string(i.Severity), "not judged yet"), i.Title)
	short, _ := cut(Clean(text), maxFallback)
	return Message{Text: short, Blocks: p.all()}
}

func phase(i soar.Incident) string {
	word := strings.ReplaceAll(string(i.Status), "_", " ")
	if i.Resolution != "" {
		word += ", " + strings.ReplaceAll(string(i.Resolution), "_", " ")
	}
	if i.Paused {
		word += ", paused"
	}
	return word
}

func (l Look) incidentTail(i soar.Incident, ref Ref) (blocks []slack.Block) {
	marks := []*slack.TextBlockObject{}
	for _, step := range []struct {
		word own
		at   *time.Time
	}{{"acknowledged ", i.AcknowledgedAt}, {"contained ", i.ContainedAt}, {"closed ", i.ClosedAt}} {
		if step.at != nil {
			marks = append(marks, mark(step.word+l.when(*step.at)))
		}
	}
	if len(marks) > 0 {
		blocks = append(blocks, note(marks...))
	}
	if i.Status.Ended() {
		if why := some(i.Reason, maxSaid); why != nil {
			blocks = append(blocks, note(why))
		}
		return blocks
	}
	if i.AcknowledgedAt == nil {
		return append(blocks, buttons(button(AckInc, "Acknowledge", ref, slack.StylePrimary)))
	}
	return blocks
}

// Topic is what stands above the channel of an incident: at most 250 characters.
func Topic(i soar.Incident) string {
	short, _ := cut(Clean(fmt.Sprintf("%s | %s | %s | %s", i.ID, cmp.Or(string(i.Severity), "severity not judged"), phase(i), i.Title)), 250)
	return short
}

// maxLines bounds what one batch of the timeline shows: who was away for hours
// reads the present state, and the record for the rest.
const maxLines = 60

// Timeline shows entries of an incident's record, the last ones when there are many.
func (l Look) Timeline(incidentID string, entries []record.Payload) Message {
	from := max(0, len(entries)-maxLines)
	lines := make([]string, 0, maxLines)
	for _, entry := range entries[from:] {
		text, _ := cut(Clean(entry.Text), 280)
		lines = append(lines, entry.At.In(l.zone()).Format("15:04:05")+"  "+text)
	}
	kept, p := len(lines), newPage(maxBlocks, messageUnits, section(object("-")))
	for kept > 0 && p.add(section(object(lines[kept-1]))) { // measures; the blocks are made below
		kept--
	}
	var blocks []slack.Block
	if left := from + kept; left > 0 {
		blocks = append(blocks, note(mark(own(fmt.Sprintf("%d entries before these are in the record: `tocsin incident show ", left))+known(incidentID)+"`")))
	}
	for chunk := range chunks(lines[kept:], maxSection-100) {
		blocks = append(blocks, section(object(chunk)))
	}
	if len(blocks) == 0 {
		blocks = append(blocks, note(mark("Nothing happened.")))
	}
	return Message{Text: Clean(fmt.Sprintf("%d new entries of %s", len(entries), incidentID)), Blocks: blocks}
}

// chunks joins lines to texts of at most limit units. No line is longer.
func chunks(lines []string, limit int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		joined := ""
		for _, line := range lines {
			if joined != "" && units(joined)+1+units(line) > limit {
				if !yield(joined) {
					return
				}
				joined = ""
			}
			joined = strings.TrimPrefix(joined+"\n"+line, "\n")
		}
		if joined != "" {
			yield(joined)
		}
	}
}
