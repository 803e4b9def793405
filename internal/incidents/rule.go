package incidents

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// eventForm is the form of an event's name, and nameForm of a playbook's.
var (
	eventForm = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,100}$`)
	nameForm  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)
)

// rule is what one command asks of its sender.
type rule struct {
	needs  access.Permission
	reason bool // must be given
	take   taker
}

// taker checks the update's struct and gives it with its header filled in.
type taker func(op string, payload any, header protocol.Command) (any, error)

// ruleOf gives the rule of a command; false for what is no command, or has a
// method of its own.
func ruleOf(name string) (rule, bool) {
	switch name {
	case protocol.UpdateAcknowledge, protocol.UpdateResume:
		return rule{access.IncidentCommand, false, control()}, true
	case protocol.UpdatePause:
		return rule{access.IncidentCommand, true, control()}, true
	case protocol.UpdateEscalate:
		return rule{access.IncidentCommand, true, taking(checkEscalate, func(e *protocol.Escalate) *protocol.Command { return &e.Command })}, true
	case protocol.UpdateAcknowledgeEscalation:
		return rule{access.IncidentCommand, false, taking(nothing, func(a *protocol.AcknowledgeEscalation) *protocol.Command { return &a.Command })}, true
	case protocol.UpdateDeclare:
		return rule{access.IncidentCommand, false, taking(checkDeclare, func(d *protocol.Declare) *protocol.Command { return &d.Command })}, true
	case protocol.UpdateNote:
		return rule{access.IncidentNote, false, taking(checkNote, func(n *protocol.Note) *protocol.Command { return &n.Command })}, true
	case protocol.UpdateCancel:
		return rule{access.IncidentCancel, true, taking(nothing, func(c *protocol.Cancel) *protocol.Command { return &c.Command })}, true
	case protocol.UpdateRetryStep:
		return rule{access.IncidentCommand, true, step()}, true
	case protocol.UpdateSkipStep, protocol.UpdateMarkDone:
		return rule{access.IncidentOverride, true, step()}, true
	case protocol.UpdateDuty:
		return rule{access.IncidentOverride, false, takeDuty}, true
	case protocol.UpdateRunPlaybook:
		return rule{access.IncidentCommand, false, takeRun}, true
	case protocol.UpdateRelease:
		return rule{access.IncidentOverride, true, taking(checkRelease, func(r *protocol.Release) *protocol.Command { return &r.Command })}, true
	case protocol.UpdateExtend:
		return rule{access.IncidentOverride, true, takeExtend}, true
	case protocol.UpdateEvent:
		return rule{access.IncidentCommand, false, taking(checkEvent, func(e *protocol.Event) *protocol.Command { return &e.Command })}, true
	case protocol.UpdateClose:
		return rule{access.IncidentClose, true, taking(checkClose, func(c *protocol.Close) *protocol.Command { return &c.Command })}, true
	default:
		return rule{}, false
	}
}

// taking makes the taker of one type.
func taking[T any](check func(op string, payload *T) error, header func(*T) *protocol.Command) taker {
	return func(op string, payload any, command protocol.Command) (any, error) {
		update, ok := payload.(T)
		if !ok {
			return nil, soar.Errorf(soar.CodeInternal, op, "the command came with a %T, it needs a %T", payload, update)
		}
		if err := check(op, &update); err != nil {
			return nil, err
		}
		*header(&update) = command
		return update, nil
	}
}

func nothing[T any](string, *T) error { return nil }

func control() taker {
	return taking(nothing, func(c *protocol.Control) *protocol.Command { return &c.Command })
}

func step() taker {
	check := func(op string, c *protocol.StepCommand) error { return checkText(op, "key", c.Key, maxKey) }
	return taking(check, func(c *protocol.StepCommand) *protocol.Command { return &c.Command })
}

// takeRun leaves of a run what a person may choose. The digest is never theirs:
// what runs is what was published under the name.
func takeRun(op string, payload any, header protocol.Command) (any, error) {
	filled, err := taking(checkRun, func(r *protocol.RunPlaybook) *protocol.Command { return &r.Command })(op, payload, header)
	if run, ok := filled.(protocol.RunPlaybook); ok {
		asked := run.Run
		run.Run = protocol.RunPin{Playbook: asked.Playbook, Version: asked.Version, Input: asked.Input, By: header.By, Reason: header.Reason}
		return run, nil
	}
	return nil, err
}

// takeDuty asks for a reason where somebody decides, and for a proof where
// something was sent.
func takeDuty(op string, payload any, header protocol.Command) (any, error) {
	check := func(op string, d *protocol.DutyCommand) error {
		if err := checkText(op, "duty", d.Duty, maxKey); err != nil {
			return err
		}
		switch d.Do {
		case protocol.DutyConfirm, protocol.DutyWaive:
			return checkText(op, "reason", header.Reason, maxReason)
		case protocol.DutySent:
			if d.Sent.After(header.At) {
				return invalid(op, "sent", "the time at which it was sent has not come")
			}
			return checkText(op, "proof", d.Proof, maxKey)
		default:
			return invalid(op, "do", "a duty is confirmed, waived or sent: confirm, waive or sent")
		}
	}
	return taking(check, func(d *protocol.DutyCommand) *protocol.Command { return &d.Command })(op, payload, header)
}

// takeExtend refuses a time that has passed.
func takeExtend(op string, payload any, header protocol.Command) (any, error) {
	check := func(op string, e *protocol.Extend) error {
		if e.Until != nil && !e.Until.After(header.At) {
			return invalid(op, "until", "the time has passed: release the containment instead")
		}
		return checkText(op, "containment_id", e.ContainmentID, maxID)
	}
	return taking(check, func(e *protocol.Extend) *protocol.Command { return &e.Command })(op, payload, header)
}

func checkNote(op string, n *protocol.Note) error { return checkText(op, "text", n.Text, maxNote) }

func checkEscalate(op string, e *protocol.Escalate) error {
	if !nameForm.MatchString(e.Policy) {
		return invalid(op, "policy", "name a policy of escalation.yaml: small letters, digits and _, beginning with a letter")
	}
	return nil
}

func checkRelease(op string, r *protocol.Release) error {
	return checkText(op, "containment_id", r.ContainmentID, maxID)
}

func checkRun(op string, r *protocol.RunPlaybook) error {
	if !nameForm.MatchString(r.Run.Playbook) {
		return invalid(op, "playbook", "name a playbook: small letters, digits and _, beginning with a letter")
	}
	if len(r.Run.Version) > 64 {
		return invalid(op, "version", "this is not a version")
	}
	return nil
}

func checkEvent(op string, e *protocol.Event) error {
	if !eventForm.MatchString(e.Name) {
		return invalid(op, "name", "an event's name has 1 to 100 letters, digits and _ . -")
	}
	return nil
}

func checkClose(op string, c *protocol.Close) error {
	if !c.Resolution.Valid() {
		return invalid(op, "resolution", "a resolution is %s", oneOf(soar.Resolutions()))
	}
	return nil
}

func checkDeclare(op string, d *protocol.Declare) error {
	if d.Title == "" && d.Owner == "" && d.Status == "" && d.Severity == "" && d.Impact == "" && d.Urgency == "" && d.Category == "" && d.TLP == "" && len(d.Facts) == 0 {
		return soar.Errorf(soar.CodeInvalid, op, "nothing is declared")
	}
	if d.Title != "" {
		if err := checkText(op, "title", d.Title, maxTitle); err != nil {
			return err
		}
		d.Title = soar.Shorten(strings.TrimSpace(d.Title), maxTitle)
	}
	if len(d.Owner) > maxID {
		return invalid(op, "owner", "owner has %d bytes, at most %d are taken", len(d.Owner), maxID)
	}
	if d.Status != "" && (!d.Status.Valid() || d.Status.Ended()) {
		open := slices.DeleteFunc(soar.IncidentStatuses(), soar.IncidentStatus.Ended)
		return invalid(op, "status", "a status to declare is %s; an incident ends by being closed", oneOf(open))
	}
	return checkLevels(op, levels{d.Severity, d.Category, d.Impact, d.Urgency, d.TLP})
}

// levels are what an incident is judged by. Empty: not said.
type levels struct {
	severity        soar.Severity
	category        soar.Category
	impact, urgency soar.Level
	tlp             soar.TLP
}

func checkLevels(op string, l levels) error {
	switch {
	case l.severity != "" && !l.severity.Valid():
		return invalid(op, "severity", "a severity is %s", oneOf(soar.Severities()))
	case l.category != "" && !l.category.Valid():
		return invalid(op, "category", "%s is not a category of the taxonomy", soar.Shorten(string(l.category), 100))
	case l.impact != "" && !l.impact.Valid():
		return invalid(op, "impact", "an impact is %s", oneOf(soar.Levels()))
	case l.urgency != "" && !l.urgency.Valid():
		return invalid(op, "urgency", "an urgency is %s", oneOf(soar.Levels()))
	case l.tlp != "" && !l.tlp.Valid():
		return invalid(op, "tlp", "a TLP label is %s", oneOf(soar.TLPs()))
	default:
		return nil
	}
}

// oneOf lists words for people: a, b or c.
func oneOf[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = string(word)
	}
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return fmt.Sprintf("%s or %s", strings.Join(words[:last], ", "), words[last])
}
