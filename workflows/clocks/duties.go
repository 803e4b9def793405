package clocks

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// AdvanceDuties looks at the duties when what they depend on has changed, and
// gives the clocks that are new. Packs are data of the worker, so they are asked
// in a side effect: a replay finds the answer of the first time. An incident about
// which nothing was declared has no duties.
func (d Desk) AdvanceDuties(ctx workflow.Context, now time.Time) (opened []*state.Objective, changed bool) {
	if len(d.Case.Incident.Facts) == 0 || d.Ends && d.Case.Ended() {
		return nil, false
	}
	query := d.query()
	asked := fingerprint(query)
	if asked == d.Case.DutiesAsked {
		return nil, false
	}
	var answer protocol.Duties
	if err := workflow.SideEffect(ctx, func(workflow.Context) any { return d.look(query) }).Get(&answer); err != nil {
		workflow.GetLogger(ctx).Error("Duties cannot be read.", "incident", d.Case.Incident.ID, "error", err)
		return nil, false
	}
	d.Case.DutiesAsked = asked
	for _, stage := range answer.Stages {
		if known := d.Case.Objective(stage.Name); known != nil {
			changed = d.update(known, stage, now) || changed
			continue
		}
		fresh := &state.Objective{Objective: stage.Objective, Warns: stage.Warns, Since: &now}
		d.settle(fresh, now)
		d.Case.Objectives = append(d.Case.Objectives, fresh)
		opened, changed = append(opened, fresh), true
	}
	for _, fault := range answer.Faults {
		d.Case.Tell(now, state.Entry{Kind: protocol.EventObjectiveChanged, By: soar.System("clock"), Text: "A duty cannot be computed: " + fault})
	}
	if changed {
		d.Case.Journal.TouchObjectives()
	}
	return opened, changed
}

func (d Desk) look(query protocol.DutyQuery) protocol.Duties {
	if d.Duties == nil {
		return protocol.Duties{}
	}
	return d.Duties(query)
}

func (d Desk) query() protocol.DutyQuery {
	incident := d.Case.Incident
	query := protocol.DutyQuery{IncidentID: incident.ID, Title: incident.Title, OpenedAt: incident.OpenedAt, Facts: incident.Facts, Sent: map[string]time.Time{}}
	for _, o := range d.Case.Objectives {
		if o.Duty != nil && o.MetAt != nil {
			query.Sent[o.Name] = *o.MetAt
		}
	}
	return query
}

// fingerprint tells queries apart. Maps are written in the order of their keys.
func fingerprint(query protocol.DutyQuery) string {
	query.Title = ""
	body, err := json.Marshal(query)
	if err != nil {
		return "" // never the answer to a query that can be asked
	}
	sum := fnv.New128a()
	sum.Write(body)
	return hex.EncodeToString(sum.Sum(nil))
}

// update takes a new computation over. What was decided and sent stays.
func (d Desk) update(known *state.Objective, stage protocol.DutyClock, now time.Time) bool {
	if known.MetAt != nil || known.Duty.Waived != nil || known.Ended != nil {
		return false
	}
	before, dueBefore, packBefore, packsBefore := known.Duty.State, known.DueAt, known.Duty.Pack, known.Duty.Packs
	fresh := *stage.Duty
	fresh.Confirmed = known.Duty.Confirmed
	known.Duty = &fresh
	if before == fresh.State && dueBefore.Equal(stage.DueAt) {
		return true
	}
	why := "facts changed"
	if packsBefore != "" && packsBefore != fresh.Packs {
		why += ", and so did the packs: " + packBefore + " of " + short(packsBefore) + ", now " + fresh.Pack + " of " + short(fresh.Packs)
	}
	if !dueBefore.IsZero() {
		known.History = append(known.History, soar.ObjectiveChange{At: now, Why: why, Rule: known.Rule, DueAt: dueBefore})
	}
	known.DueAt, known.Warns, known.StartedAt, known.Since = stage.DueAt, stage.Warns, stage.StartedAt, &now
	d.settle(known, now)
	text := "Duty " + known.Name + ": " + strings.ReplaceAll(fresh.State, "_", " ")
	if fresh.State == soar.DutyRunning {
		text += ", due " + soar.Minute(known.DueAt) + ", " + fresh.Why
	}
	if why != "facts changed" {
		text += "; " + why
	}
	d.Case.Tell(now, state.Entry{Kind: protocol.EventObjectiveChanged, By: soar.System("clock"), Text: text, Data: known.Objective})
	return true
}

// short gives enough of a digest to tell packs apart.
func short(digest string) string { return digest[:min(len(digest), 12)] }

// settle passes over warnings that lie behind: a duty that opens late is told by
// its opening.
func (d Desk) settle(o *state.Objective, now time.Time) {
	o.Rung = 0
	for o.Rung < len(o.Warns) && !now.Before(o.Warns[o.Rung]) {
		o.Rung++
	}
	o.WarnAt = nil
	if len(o.Warns) > 0 {
		o.WarnAt = &o.Warns[min(o.Rung, len(o.Warns)-1)]
	}
}

// EndDuties ends the duties that are neither sent nor waived with their incident.
// Closing is refused before while there is one that somebody owes, so that what is
// left either waits for something that has not happened, or was none.
func (d Desk) EndDuties(now time.Time) {
	for _, o := range d.Case.Objectives {
		if o.Duty == nil || o.MetAt != nil || o.Duty.Waived != nil || o.Ended != nil {
			continue
		}
		why := "the incident was closed before it began: " + o.Duty.Why
		if d.Case.Incident.Resolution.NotIncident() {
			why = "there was no incident"
		}
		o.Ended = &soar.ObjectiveEnd{At: now, As: soar.EndedDropped, Why: why}
		d.Case.Tell(now, state.Entry{Kind: protocol.EventObjectiveChanged, By: soar.System("clock"), Text: "Duty " + o.Name + " ends dropped: " + why, Data: o.Objective})
		d.Case.Journal.TouchObjectives()
	}
}

// Owed names the duties that somebody owes now and that nobody has sent or waived:
// those with a clock, those without a fixed term, and those that cannot be computed.
func Owed(c *state.Case) []string {
	var names []string
	for _, o := range c.Objectives {
		if o.Duty != nil && o.MetAt == nil && slices.Contains([]string{soar.DutyRunning, soar.DutyNoFixedTerm, soar.DutyCannotBeDone}, o.Duty.State) {
			names = append(names, o.Name)
		}
	}
	return names
}

// Opened words the opening of a duty for record and people.
func Opened(o *state.Objective) string {
	text := fmt.Sprintf("Duty opened: %s, to %s", o.Duty.Title, o.Duty.To)
	switch o.Duty.State {
	case soar.DutyRunning:
		text += ", due " + soar.Minute(o.DueAt) + " (" + o.Duty.Why + ")"
	default:
		text += ", " + strings.ReplaceAll(o.Duty.State, "_", " ") + ": " + o.Duty.Why
	}
	if o.Duty.If != "" {
		text += ", if " + o.Duty.If
	}
	return text
}

// Caution says that the terms of a duty were not compared with any text of the law,
// or "".
func Caution(o *state.Objective) string {
	if o.Duty.Verification != soar.DutyUnverified {
		return ""
	}
	return "; its terms are not verified: check them before use"
}

// CheckDuty tells why a command about a duty cannot be taken.
func CheckDuty(c *state.Case, command protocol.DutyCommand) error {
	stages := Stages(c, command.Duty)
	switch {
	case len(stages) == 0:
		return fmt.Errorf("there is no duty %q in incident %s", command.Duty, c.Incident.ID)
	case command.Do != protocol.DutyConfirm && command.Do != protocol.DutyWaive && command.Do != protocol.DutySent:
		return fmt.Errorf("%q is not done to a duty: confirm, waive or sent", command.Do)
	case command.Reason == "" && command.Do != protocol.DutySent:
		return fmt.Errorf("a reason is needed")
	case command.Do == protocol.DutySent && (len(stages) != 1 || stages[0].Name != command.Duty):
		return fmt.Errorf("name the stage that was sent, as %s", stages[0].Name)
	case command.Do == protocol.DutySent && command.Proof == "":
		return fmt.Errorf("a proof is needed: the id of an evidence, or the reference that the recipient gave")
	case command.Do == protocol.DutySent && stages[0].MetAt != nil:
		return fmt.Errorf("duty %s was sent before", command.Duty)
	}
	return nil
}

// Stages gives the stages that a name means: a regime, or regime/stage.
func Stages(c *state.Case, name string) []*state.Objective {
	var stages []*state.Objective
	for _, o := range c.Objectives {
		if o.Duty != nil && (o.Duty.Regime == name || o.Name == name) {
			stages = append(stages, o)
		}
	}
	return stages
}

// DoDuty carries out a command that CheckDuty let pass, and gives what to tell.
func DoDuty(c *state.Case, command protocol.DutyCommand, now time.Time) (kind, text string) {
	decision := &soar.DutyDecision{By: command.By, At: now, Reason: command.Reason}
	kind = protocol.EventDutyDecided
	for _, o := range Stages(c, command.Duty) {
		switch {
		case command.Do == protocol.DutyConfirm:
			o.Duty.Confirmed = decision
			text = "Duty " + command.Duty + " confirmed: " + command.Reason
		case command.Do == protocol.DutyWaive && o.MetAt == nil:
			o.Duty.Waived, o.Duty.State = decision, soar.DutyWaived
			text = "Duty " + command.Duty + " waived: " + command.Reason
		case command.Do == protocol.DutySent:
			kind, text = protocol.EventDutySent, sent(o, command, decision)
		}
	}
	c.Journal.TouchObjectives()
	if text == "" {
		text = "Duty " + command.Duty + " had been sent"
	}
	return kind, text
}

func sent(o *state.Objective, command protocol.DutyCommand, decision *soar.DutyDecision) string {
	at := decision.At
	if !command.Sent.IsZero() && command.Sent.Before(at) {
		at = command.Sent.UTC()
	}
	o.MetAt, o.Duty.Sent, o.Duty.Proof = &at, decision, command.Proof
	text := "Duty " + o.Name + " sent to " + o.Duty.To + " at " + soar.Minute(at) + ", proof " + command.Proof
	if o.Counts() {
		word := "in time"
		if at.After(o.DueAt) {
			word, o.Breached = "late", true
		}
		text += ": " + word + ", by " + o.By().Abs().Round(time.Second).String()
	}
	return text
}
