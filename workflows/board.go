package workflows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// board is what Temporal's lists were told last.
type board struct {
	keywords map[string]string
	clocks   []string
	deadline time.Time
	details  string
}

// showLoop brings search attributes and the current details up to date whenever
// the case changed. An attribute costs an event, so only what differs is sent;
// the details cost none.
func (i *incident) showLoop(ctx workflow.Context) {
	i.answered.keywords = map[string]string{}
	for seen := -1; ; {
		if err := workflow.Await(ctx, func() bool { return i.Changes() != seen }); err != nil {
			return
		}
		seen = i.Changes()
		i.showAttributes(ctx)
		if details := i.details(); details != i.answered.details {
			i.answered.details = details
			workflow.SetCurrentDetails(ctx, details)
		}
	}
}

func (i *incident) showAttributes(ctx workflow.Context) {
	incident := i.Case.Incident
	var updates []temporal.SearchAttributeUpdate
	for _, pair := range [][2]string{
		{protocol.SearchSeverity, string(incident.Severity)},
		{protocol.SearchStatus, string(incident.Status)},
		{protocol.SearchCategory, string(incident.Category)},
		{protocol.SearchOwner, incident.Owner},
		{protocol.SearchObjectiveState, i.Case.ObjectiveState()},
	} {
		key := temporal.NewSearchAttributeKeyKeyword(pair[0])
		switch {
		case i.answered.keywords[pair[0]] == pair[1]:
			continue
		case pair[1] == "":
			updates = append(updates, key.ValueUnset())
		default:
			updates = append(updates, key.ValueSet(pair[1]))
		}
		i.answered.keywords[pair[0]] = pair[1]
	}
	key := temporal.NewSearchAttributeKeyTime(protocol.SearchNextDeadline)
	next, some := i.Case.NextDeadline()
	switch {
	case next.Equal(i.answered.deadline):
	case some:
		updates = append(updates, key.ValueSet(next))
	default:
		updates = append(updates, key.ValueUnset())
	}
	i.answered.deadline = next
	if clocks := i.Case.Standings(); i.level >= 3 && !slices.Equal(clocks, i.answered.clocks) {
		updates = append(updates, temporal.NewSearchAttributeKeyKeywordList(protocol.SearchClockStates).ValueSet(clocks))
		i.answered.clocks = clocks
	}
	if len(updates) == 0 {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("Search attributes cannot be set.", "incident", incident.ID, "error", err)
	}
}

const maxRows = 20 // of each table; the details may hold 20,000 bytes

// details is the incident on one page, as markdown. Every value in it may have
// been written by an attacker: see escape.
func (i *incident) details() string {
	incident := i.Case.Incident
	var out strings.Builder
	fmt.Fprintf(&out, "**%s**: severity **%s**, status **%s**", escape(incident.ID), escape(string(incident.Severity)), escape(string(incident.Status)))
	if incident.Paused {
		out.WriteString(", **paused**")
	}
	if incident.Drill {
		out.WriteString(", **a drill**")
	}
	out.WriteString("\n\n" + escape(incident.Title) + "\n\n")
	i.clockTable(&out)
	i.peopleTables(&out)
	i.heldTable(&out)
	return out.String()
}

// clockTable has what needs somebody first: what is due and still open, then what
// is due next; what was met comes last.
func (i *incident) clockTable(out *strings.Builder) {
	clocks := slices.Clone(i.Case.Objectives)
	slices.SortStableFunc(clocks, func(a, b *state.Objective) int {
		return cmp.Or(cmp.Compare(urgency(a), urgency(b)), a.DueAt.Compare(b.DueAt))
	})
	var rows [][]string
	next := ""
	for _, o := range clocks {
		rows = append(rows, []string{o.Name, standing(o), dueText(o)})
		if next == "" && urgency(o) == runs {
			next = "Next due: **" + escape(o.Name) + "**, " + dueText(o) + "\n\n"
		}
	}
	out.WriteString(next)
	table(out, []string{"Clock", "State", "Due"}, rows)
}

// The order in which clocks are shown.
const (
	late = iota
	runs
	rests
	ended
)

func urgency(o *state.Objective) int {
	switch o.Standing() {
	case "breached":
		return late
	case "warning", "running":
		return runs
	case "met", "met_late", string(soar.EndedUnmet), string(soar.EndedDropped), soar.DutyWaived:
		return ended
	default:
		return rests
	}
}

// standing has in capitals what needs somebody.
func standing(o *state.Objective) string {
	word := strings.ReplaceAll(o.Standing(), "_", " ")
	switch word {
	case "breached", "warning":
		return strings.ToUpper(word)
	case "met late":
		by := o.By().Abs().Round(time.Second)
		if by < time.Minute {
			return word + " by " + by.String()
		}
		return word + " by " + strings.TrimSuffix(by.Round(time.Minute).String(), "0s")
	default:
		return word
	}
}

// dueText gives the instant, not how much time is left: the board is written when
// something happens, not every minute.
func dueText(o *state.Objective) string {
	if o.DueAt.IsZero() {
		return "-"
	}
	return soar.Minute(o.DueAt)
}

func (i *incident) peopleTables(out *strings.Builder) {
	var rows [][]string
	for _, a := range i.Case.Approvals {
		if a.Status == soar.ApprovalPending {
			rows = append(rows, []string{a.Title, a.ID, fmt.Sprintf("%d of %d", len(a.Decisions), a.Quorum), soar.Minute(a.ExpiresAt)})
		}
	}
	table(out, []string{"Waits for approval", "Id", "Decided", "Expires"}, rows)
	rows = nil
	for _, t := range i.Case.Tasks {
		if t.Status == soar.TaskOpen {
			due := ""
			if t.DueAt != nil {
				due = soar.Minute(*t.DueAt)
			}
			rows = append(rows, []string{t.Title, t.ID, due})
		}
	}
	table(out, []string{"Open task", "Id", "Due"}, rows)
}

func (i *incident) heldTable(out *strings.Builder) {
	var rows [][]string
	for _, held := range i.Case.Containments {
		until := "released by hand"
		if held.Until != nil {
			until = soar.Minute(*held.Until)
		}
		if held.ReleasedAt == nil {
			rows = append(rows, []string{held.Action, held.Target, held.State, until})
		}
	}
	table(out, []string{"Containment", "Target", "State", "Until"}, rows)
}

// table writes a markdown table, or nothing when it has no rows.
func table(out *strings.Builder, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	out.WriteString("| " + strings.Join(head, " | ") + " |\n|" + strings.Repeat(" --- |", len(head)) + "\n")
	for n, row := range rows {
		if n == maxRows {
			fmt.Fprintf(out, "\nand %d more\n", len(rows)-n)
			break
		}
		for _, cell := range row {
			out.WriteString("| " + escape(cell) + " ")
		}
		out.WriteString("|\n")
	}
	out.WriteString("\n")
}

const maxCell = 80 // runes

// escape makes text harmless in markdown and cuts it to a cell's width. Control
// and direction characters go.
func escape(text string) string {
	var out strings.Builder
	for n, r := range []rune(text) {
		if n == maxCell {
			out.WriteString("…")
			break
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff {
			r = ' '
		}
		out.WriteRune(r)
	}
	return soar.Markdown(out.String())
}
