package card

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what one card of an approval holds.
const (
	detailed      = 4   // actions that are shown in full; more are shown one line each
	maxShownTitle = 200 // units of what is done, on what, with what
	maxTarget     = 300
	maxArgs       = 600
	maxWhy        = 500
	maxSaid       = 700

	saidBlocks, saidUnits = 12, 3500 // of decisions and questions together
)

// ApprovalCard is a request for approval with the incident that it belongs to.
type ApprovalCard struct {
	Approval soar.Approval
	Incident soar.Incident
	Shared   bool // others read along: what is TLP:RED shows its id only
}

// Approval shows what is asked for, of whom, and how it stands. Buttons are there
// while somebody may decide. What is too much to show whole cannot be approved
// here, since nobody would know what he approves.
func (l Look) Approval(c ApprovalCard) Message {
	a := c.Approval
	if c.Shared && secret(c.Incident) {
		return l.quiet("An approval is waiting", stands(a) == soar.ApprovalPending, Ref{Approval: string(known(a.ID)), Incident: string(known(a.IncidentID))})
	}
	p := message(l.approvalTail(a, true)...)
	if !l.approvalBody(p, c) {
		p = message(l.approvalTail(a, false)...)
		l.approvalBody(p, c)
	}
	text := fmt.Sprintf("%s: %s (%s, %s)", approvalTitle(a), a.Title, a.ID, a.IncidentID)
	short, _ := cut(Clean(text), maxFallback)
	return Message{Text: short, Blocks: p.all()}
}

// Approvable tells whether a card shows all that is bound, so that it may be
// approved from Slack.
func (l Look) Approvable(a soar.Approval) bool {
	return l.approvalBody(message(l.approvalTail(a, true)...), ApprovalCard{Approval: a})
}

// approvalBody fills the page and tells whether all that is bound is on it.
func (l Look) approvalBody(p *page, c ApprovalCard) (whole bool) {
	a := c.Approval
	p.add(header(approvalTitle(a)+": "+a.Title), l.about(c.Incident, a.IncidentID, a.ID))
	return l.actions(p, a)
}

// approvalTitle is what stands first.
func approvalTitle(a soar.Approval) string {
	switch stands(a) {
	case soar.ApprovalApproved:
		return "Approved"
	case soar.ApprovalDenied:
		return "Denied"
	case soar.ApprovalExpired:
		return "Expired"
	case soar.ApprovalCancelled:
		return "No longer needed"
	default:
		return "Approval needed"
	}
}

// stands gives how the approval stands by what is committed, also when the
// workflow has not taken it over yet.
func stands(a soar.Approval) soar.ApprovalStatus {
	if a.Status != soar.ApprovalPending {
		return a.Status
	}
	return quorum.Count(a).Status()
}

// Open tells whether a decision can still count.
func (l Look) Open(a soar.Approval) bool {
	return stands(a) == soar.ApprovalPending && l.Now.Before(a.ExpiresAt)
}

// about is the line that says which incident it belongs to, and how bad that is.
func (l Look) about(incident soar.Incident, incidentID, thing string) slack.Block {
	line := known(incidentID) + "  " + severity(incident.Severity) + "  " + tlp(incident.TLP)
	if thing != "" {
		line = known(thing) + " of " + line
	}
	texts := []*slack.TextBlockObject{mark(line)}
	if title := some(incident.Title, maxShownTitle); title != nil {
		texts = append(texts, title)
	}
	return note(texts...)
}

// actions shows what will run and tells whether that is all of it, uncut.
func (l Look) actions(p *page, a soar.Approval) (whole bool) {
	shown := shownActions(a)
	if len(shown) == 0 {
		p.add(note(mark("No actions are bound to it: the playbook goes on when it is approved.")))
		return true
	}
	whole = true
	for i, action := range shown {
		block, complete := actionLine(i, action, a.Bound)
		if len(shown) <= detailed {
			block, complete = l.action(i, len(shown), action, a.Bound)
		}
		if whole = whole && complete; !p.add(block...) {
			return false
		}
	}
	return whole
}

// shownActions gives what will run as people should see it. Approvals of before
// carry only what is bound.
func shownActions(a soar.Approval) []soar.ShownAction {
	if len(a.Shown) == len(a.Bound) {
		return a.Shown
	}
	out := make([]soar.ShownAction, len(a.Bound))
	for i, bound := range a.Bound {
		out[i] = soar.ShownAction{StepPath: bound.StepPath, Action: bound.Action, Title: bound.Action}
	}
	return out
}

// action shows one of a few actions in full.
func (l Look) action(i, count int, action soar.ShownAction, bound []soar.BoundAction) (blocks []slack.Block, whole bool) {
	title, titleWhole := cut(Clean(action.Title), maxShownTitle)
	target, targetWhole := cut(Clean(action.Target), maxTarget)
	if target == "" {
		target = "nothing that can be named"
	}
	runs, runsWhole := cut(Clean(action.Action), maxShownTitle)
	args, argsWhole := cut(Clean(arguments(bound[i].Args)), maxArgs)
	blocks = []slack.Block{
		say(own(fmt.Sprintf("*%d of %d*  ", i+1, count)) + risk(action.Risk)),
		pairs(pair{"What", object(title)}, pair{"On what", object(target)}, pair{"Why", some(action.Why, maxWhy)},
			pair{"Runs", object(runs)}, pair{"Undo", object(undo(action))}),
	}
	if args != "" {
		blocks = append(blocks, note(mark("with"), object(args)))
	}
	return blocks, titleWhole && targetWhole && runsWhole && argsWhole
}

// actionLine shows one of many actions.
func actionLine(i int, action soar.ShownAction, bound []soar.BoundAction) (blocks []slack.Block, whole bool) {
	text := fmt.Sprintf("%d. %s\non %s; %s, risk %s; %s", i+1, Clean(action.Title), orNothing(Clean(action.Target)), Clean(action.Action), Clean(string(action.Risk)), undo(action))
	if args := Clean(arguments(bound[i].Args)); args != "" {
		text += "\nwith " + args
	}
	shown, whole := cut(text, maxArgs)
	return []slack.Block{section(object(shown))}, whole
}

func orNothing(target string) string {
	if target == "" {
		return "nothing that can be named"
	}
	return target
}

func undo(action soar.ShownAction) string {
	text := "cannot be taken back"
	if action.Undo != "" {
		undoing, _ := cut(Clean(action.Undo), 100)
		text = "taken back by " + undoing
	}
	if action.ExpiresIn > 0 {
		text += ", by itself after " + span(action.ExpiresIn)
	}
	if !action.Risk.Writes() && action.Undo == "" {
		text = "nothing to take back"
	}
	return text
}

// arguments lists what an action is called with, by name.
func arguments(args map[string]any) string {
	words := make([]string, 0, len(args))
	for _, key := range slices.Sorted(maps.Keys(args)) {
		words = append(words, key+"="+value(args[key]))
	}
	return strings.Join(words, ", ")
}

func value(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(out.String())
}

// deciders says who decides, by when and how far it is.
func (l Look) deciders(a soar.Approval) []slack.Block {
	count := quorum.Count(a)
	have := min(count.Have, count.Need)
	progress := own(fmt.Sprintf("%d of %d", have, count.Need))
	if count.Need <= 10 {
		progress += "  " + own(strings.Repeat("▰", have)+strings.Repeat("▱", count.Need-have))
	}
	list := []pair{{"Said yes", mark(progress)}, {"Who decides", plain(approvers(a.Approvers), maxWhy)}}
	if len(count.Lacking) > 0 {
		list = append(list, pair{"Still needed", plain("a yes of "+approvers(count.Lacking), maxWhy)})
	}
	list = append(list, pair{"Asked by", plain(name(a.RequestedBy), maxShownTitle)})
	if len(a.Exclude) > 0 {
		list = append(list, pair{"Not", plain(names(a.Exclude), maxWhy)})
	}
	blocks := []slack.Block{pairs(list...)}
	if stands(a) == soar.ApprovalPending {
		blocks = append(blocks, note(mark("Decide by "+l.when(a.ExpiresAt)+", "+l.left(a.ExpiresAt)+"; after that "+expires(a.OnExpire)+".")))
	}
	return blocks
}

// expires says what happens when nobody decides.
func expires(word string) own {
	switch word {
	case "deny":
		return "it counts as denied"
	case "escalate":
		return "it goes to the next people"
	case "fail":
		return "the step fails"
	default:
		return "it ends"
	}
}

// said shows questions and decisions, as many of the last ones as have room.
func (l Look) said(a soar.Approval) []slack.Block {
	all := l.sayings(a)
	p, from := newPage(saidBlocks, saidUnits), len(all)
	for from > 0 && p.add(all[from-1]) {
		from--
	}
	if from > 0 {
		return append([]slack.Block{note(mark("_There is more: see the record of the incident._"))}, all[from:]...)
	}
	return all
}

func (l Look) sayings(a soar.Approval) (blocks []slack.Block) {
	for _, q := range a.Questions {
		blocks = append(blocks, note(mark(":grey_question: asked "+l.when(q.At)), plain(name(q.AskedBy)+": "+q.Text, maxSaid)))
		if q.AnsweredBy != nil && q.AnsweredAt != nil {
			blocks = append(blocks, note(mark(":speech_balloon: answered "+l.when(*q.AnsweredAt)), plain(name(*q.AnsweredBy)+": "+q.Answer, maxSaid)))
		} else if stands(a) == soar.ApprovalPending {
			blocks = append(blocks, note(mark("_not answered yet; the time runs on_")))
		}
	}
	for _, d := range a.Decisions {
		word := own(":no_entry: *denied* ")
		if d.Approve {
			word = ":white_check_mark: *approved* "
		}
		by := name(d.By)
		if d.OnBehalfOf != "" {
			by += " on behalf of " + d.OnBehalfOf
		}
		blocks = append(blocks, note(mark(word+l.when(d.At)), plain("by "+by+": "+d.Reason, maxSaid)))
	}
	return blocks
}

// approvalTail is what stands below the actions in any case: who decides, what was
// said, and buttons or why there are none.
func (l Look) approvalTail(a soar.Approval, whole bool) []slack.Block {
	said := append(l.deciders(a), l.said(a)...)
	if !l.Open(a) {
		return append(said, l.approvalEnd(a))
	}
	return append(said, approvalButtons(a, whole)...)
}

func approvalButtons(a soar.Approval, whole bool) []slack.Block {
	ref := approvalRef(a)
	list := []slack.BlockElement{button(Deny, "Deny", ref, slack.StyleDanger), button(Ask, "Ask for information", ref, slack.StyleDefault)}
	if question := unanswered(a); question != "" {
		asked := ref
		asked.Question = string(known(question))
		list = append(list, button(Answer, "Answer", asked, slack.StyleDefault))
	}
	if !whole {
		return []slack.Block{tooMuch(a), buttons(list...)}
	}
	return []slack.Block{buttons(append([]slack.BlockElement{button(Approve, "Approve", ref, slack.StylePrimary)}, list...)...)}
}

func tooMuch(a soar.Approval) slack.Block {
	return say("*This is too much to show here whole, so it cannot be approved here.* See it with `tocsin approval show " + known(a.ID) + "` and approve it with `tocsin approve`.")
}

// unanswered gives the oldest question without an answer.
func unanswered(a soar.Approval) string {
	for _, q := range a.Questions {
		if q.AnsweredAt == nil {
			return q.ID
		}
	}
	return ""
}

func (l Look) approvalEnd(a soar.Approval) slack.Block {
	switch at := a.DecidedAt; {
	case stands(a) == soar.ApprovalPending:
		return note(mark("The time is over since " + l.when(a.ExpiresAt) + ": " + expires(a.OnExpire) + "."))
	case a.Status == soar.ApprovalPending:
		return note(mark("Decided, and on its way to the playbook."))
	case a.Status == soar.ApprovalExpired:
		return note(mark("The time ran out when " + own(quorum.Count(a).Lacks()) + ": " + expires(a.OnExpire) + "."))
	case at != nil:
		return note(mark("Ended " + l.when(*at) + "."))
	default:
		return note(mark("Ended."))
	}
}

func names(actors []soar.Actor) string {
	list := make([]string, len(actors))
	for i, actor := range actors {
		list[i] = name(actor)
	}
	return strings.Join(list, ", ")
}

// quiet says that there is something, and nothing about what.
func (l Look) quiet(title string, open bool, ref Ref) Message {
	thing := known(ref.Approval)
	if ref.Task != "" {
		thing = known(ref.Task)
	}
	blocks := []slack.Block{
		header(title),
		say("*" + thing + "* of *" + known(ref.Incident) + "*, " + tlp(soar.TLPRed) + ". What it is about is shown to those only who need to know."),
	}
	if open {
		blocks = append(blocks, buttons(button(See, "See it", ref, slack.StylePrimary)))
	} else {
		blocks = append(blocks, note(mark("It has ended.")))
	}
	return Message{Text: Clean(title + ": " + string(thing) + " of " + ref.Incident), Blocks: blocks}
}

// How says in one plain sentence how an approval stands.
func (l Look) How(a soar.Approval) string {
	count := quorum.Count(a)
	by := ""
	if last := count.Last(); last != nil {
		by = fmt.Sprintf(" by %s at %s", last.By.ID, written(last.At.UTC()))
	}
	switch status := stands(a); {
	case status == soar.ApprovalPending && !l.Open(a):
		return fmt.Sprintf("%s expired at %s.", a.ID, written(a.ExpiresAt.UTC()))
	case status == soar.ApprovalPending:
		return fmt.Sprintf("%s has %d of %d yeses; it ends at %s.", a.ID, count.Have, count.Need, written(a.ExpiresAt.UTC()))
	case status == soar.ApprovalApproved, status == soar.ApprovalDenied:
		return fmt.Sprintf("%s was %s%s.", a.ID, status, by)
	default:
		return fmt.Sprintf("%s is %s.", a.ID, status)
	}
}
