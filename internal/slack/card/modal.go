package card

import (
	"slices"

	"github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Block ids of inputs: what a fault of a submission points at. The action in each
// is Entry.
const (
	Entry       = "v"
	InReason    = "reason"
	InTarget    = "target"
	InText      = "text"
	InChoice    = "choice"
	InTitle     = "title"
	InWhat      = "what"
	InSeverity  = "severity"
	InTLP       = "tlp"
	InHost      = "host"
	InUser      = "user"
	maxTyped    = 100 // of a target that has to be typed
	maxTextArea = 2000
)

// modal puts a view together. Its metadata is the Ref; what was shown is refused
// later when it is stale.
func modal(verb, title, submit string, ref Ref, p *page) slack.ModalViewRequest {
	made := slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(title, maxTitle), Close: object("Cancel"), CallbackID: verb,
		PrivateMetadata: ref.String(), Blocks: slack.Blocks{BlockSet: p.all()},
	}
	if submit != "" {
		made.Submit = plain(submit, maxTitle)
	}
	return made
}

func input(id string, label *slack.TextBlockObject, element slack.BlockElement, hint string) *slack.InputBlock {
	made := slack.NewInputBlock(id, label, nil, element)
	if hint != "" {
		made.Hint = plain(hint, 300)
	}
	return made
}

// area is text of several lines.
func area(most int) *slack.PlainTextInputBlockElement {
	made := slack.NewPlainTextInputBlockElement(nil, Entry)
	made.Multiline, made.MinLength, made.MaxLength = true, 1, most
	return made
}

func line(most int) *slack.PlainTextInputBlockElement {
	made := slack.NewPlainTextInputBlockElement(nil, Entry)
	made.MaxLength = most
	return made
}

// Approve asks for the reason and shows once more what will run; what destroys has
// to be named by hand.
func (l Look) Approve(c ApprovalCard, ref Ref) slack.ModalViewRequest {
	inputs := append(confirmation(c.Approval), input(InReason, object("Why"), area(maxTextArea), "It goes into the record."))
	p := view(inputs...)
	p.add(l.about(c.Incident, c.Approval.IncidentID, c.Approval.ID), header(c.Approval.Title))
	l.actions(p, c.Approval)
	p.add(l.deciders(c.Approval)...)
	return modal(Approve, "Approve exactly this", "Approve", ref, p)
}

// Deny asks for the reason.
func (l Look) Deny(c ApprovalCard, ref Ref) slack.ModalViewRequest {
	p := view(input(InReason, object("Why not"), area(maxTextArea), "It goes into the record. One no ends the request."))
	p.add(l.about(c.Incident, c.Approval.IncidentID, c.Approval.ID), header(c.Approval.Title))
	return modal(Deny, "Deny", "Deny", ref, p)
}

// Ask takes a question to those who wanted the approval.
func (l Look) Ask(c ApprovalCard, ref Ref) slack.ModalViewRequest {
	p := view(input(InText, object("What do you need to know"), area(maxTextArea), "Everybody who may see the request can answer. The time runs on."))
	p.add(l.about(c.Incident, c.Approval.IncidentID, c.Approval.ID), header(c.Approval.Title))
	return modal(Ask, "Ask for information", "Ask", ref, p)
}

// Answer takes the answer to one question.
func (l Look) Answer(c ApprovalCard, q soar.Question, ref Ref) slack.ModalViewRequest {
	p := view(input(InText, object("Your answer"), area(maxTextArea), ""))
	p.add(l.about(c.Incident, c.Approval.IncidentID, c.Approval.ID), header(c.Approval.Title),
		note(mark("asked "+l.when(q.At)), plain(name(q.AskedBy), maxShownTitle)), section(prose(q.Text, maxSection-100)))
	return modal(Answer, "Answer a question", "Answer", ref, p)
}

// Choices of the modal Decide.
const (
	ChooseApprove = "approve"
	ChooseDeny    = "deny"
	ChooseAsk     = "ask"
)

// Decide shows an approval to one person, who may decide in the same place.
func (l Look) Decide(c ApprovalCard, ref Ref) slack.ModalViewRequest {
	a := c.Approval
	if !l.Open(a) {
		p := view(append(l.deciders(a), append(l.said(a), l.approvalEnd(a))...)...)
		l.approvalBody(p, c)
		return modal(See, approvalTitle(a), "", ref, p)
	}
	whole := l.Approvable(a)
	options := []*slack.OptionBlockObject{option(ChooseDeny, "Deny"), option(ChooseAsk, "Ask for information")}
	var inputs []slack.Block
	if whole {
		options = slices.Insert(options, 0, option(ChooseApprove, "Approve exactly this"))
		for _, block := range confirmation(a) {
			if typed, ok := block.(*slack.InputBlock); ok {
				typed.Optional = true // it is needed to approve only
			}
			inputs = append(inputs, block)
		}
	} else {
		inputs = append(inputs, tooMuch(a))
	}
	inputs = append(inputs, input(InChoice, object("Your decision"), slack.NewRadioButtonsBlockElement(Entry, options...), ""),
		input(InReason, object("Why, or what you ask"), area(maxTextArea), "It goes into the record."))
	p := view(append(append(l.deciders(a), l.said(a)...), inputs...)...)
	l.approvalBody(p, c)
	return modal(See, "Approval needed", "Send", ref, p)
}

func option(value, label string) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(value, plain(label, maxOption), nil)
}

// confirmation is the input that names what is destroyed; none when nothing is.
func confirmation(a soar.Approval) []slack.Block {
	phrase := Phrase(a)
	if phrase == "" {
		return nil
	}
	return []slack.Block{
		say(":warning: *This destroys something and cannot be taken back.*"),
		input(InTarget, object("Type "+phrase), line(maxTyped+50), "So that nobody destroys by a slip of the hand."),
	}
}

// Phrase is what has to be typed to approve: the target that is destroyed, or the
// approval's id when there are several targets, or one that cannot be typed; "" when
// nothing is destroyed.
func Phrase(a soar.Approval) string {
	var targets []string
	for _, action := range shownActions(a) {
		if action.Risk == soar.RiskDestroy && !slices.Contains(targets, action.Target) {
			targets = append(targets, action.Target)
		}
	}
	switch {
	case len(targets) == 0:
		return ""
	case len(targets) == 1 && targets[0] != "" && Clean(targets[0]) == targets[0] && units(targets[0]) <= maxTyped:
		return targets[0]
	default:
		return string(known(a.ID))
	}
}

// Report is the form with which anybody reports an incident.
func (l Look) Report() slack.ModalViewRequest {
	severities := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, object("You need not know"), Entry)
	for _, s := range soar.Severities() {
		severities.Options = append(severities.Options, option(string(s), string(s)))
	}
	p := view()
	p.add(
		say("*Report what you saw.* Leave the machine switched on and connected, delete nothing, open the message or file no more. Somebody on duty takes over."),
		input(InTitle, object("In one line, what happened"), line(200), ""),
		optional(input(InWhat, object("What you saw, when, and what you did"), area(maxTextArea), "No passwords.")),
		optional(input(InSeverity, object("How bad is it"), severities, "")),
		optional(input(InHost, object("Which computer"), line(200), "")),
		optional(input(InUser, object("Whose account"), line(200), "")),
	)
	return modal(Report, "Report an incident", "Report", Ref{}, p)
}

func optional(block *slack.InputBlock) slack.Block { return block.WithOptional(true) }

// Told is a modal that says one thing.
func (l Look) Told(title, text string) slack.ModalViewRequest {
	p := view()
	p.add(section(prose(text, maxSection-100)))
	made := modal("told", title, "", Ref{}, p)
	made.Close = object("Close")
	return made
}
