package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/show/people/cases"
)

// doorKind is one door and what cannot be said at it at all. A forgery that a door
// has no words for is not counted: nobody can try it there.
type doorKind struct {
	name  string
	open  func(context.Context, options, *house, cases.World) (cases.Door, error)
	mute  []string
	words map[string]string // a door's own words for a reason
	cross int               // added to the seed: each door gets cases of its own
}

// silent tells whether somebody was refused without the reason. words are a door's
// own for the same thing.
func silent(told, reason string, words map[string]string) bool {
	said := strings.ToLower(told)
	if own := words[reason]; own != "" && strings.Contains(said, own) {
		return false
	}
	return told == "" || !strings.Contains(said, strings.ToLower(reason))
}

// reused is a decision's id used again: doors but the use case make ids themselves.
const reused = "another approval's decision sent again"

// Reasons of the cases for which doors have words of their own.
const (
	shownElse = "not what you were shown"
	expired   = "expired at"
	byYes     = "is approved already, by asked-first@lab.invalid"
	byNo      = "is denied already, by asked-first@lab.invalid"
	noLink    = "waits no more" // no link is made for what has ended
)

func doors() []doorKind {
	actors := []string{"a playbook", "the product itself"} // nobody gets a token, a link or an account for them
	return []doorKind{
		{"API", openAPI, append([]string{reused}, actors...), nil, 0},
		{"command line", openCLI, append([]string{reused, "no digest"}, actors...), map[string]string{
			shownElse: "not the one given", expired: "expired already", byYes: "is approved already", byNo: "is denied already",
		}, 1},
		{"page by a mailed link", openPage, append([]string{reused, "no such approval", "a tool"}, actors...), map[string]string{
			shownElse: "none of this page's own", expired: noLink, byYes: noLink, byNo: noLink, "is cancelled already": noLink,
		}, 2},
		{"Slack", openSlack, append([]string{reused, "a tool"}, actors...), map[string]string{
			shownElse: "no longer what this card showed", expired: "expired", byYes: "approved", byNo: "denied", "is cancelled already": "cancelled",
		}, 3},
	}
}

// unsayable tells of a no to another digest on the command line: it takes none with a
// no, which counts whatever was shown.
func (k doorKind) unsayable(c cases.Case) bool {
	return k.name == "command line" && !c.Approve && strings.Contains(c.Kind, "digest")
}

// count is what came of the cases at one door.
type count struct {
	words                 map[string]string
	forged, genuine, mute int
	accepted              []string // forged and taken
	refused               []string // genuine and not taken
	silent                []string // refused without a word, or with the wrong one
}

// playForged plays the generated cases over every door.
func playForged(ctx context.Context, o options, t *tally) error {
	t.title("Forged, replayed and own approvals")
	for _, kind := range doors() {
		if err := playDoor(ctx, o, t, kind); err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
	}
	return nil
}

func playDoor(ctx context.Context, o options, t *tally, kind doorKind) (err error) {
	h, err := build(ctx, o, plan{policy: map[string]string{"competence.yaml": cases.Competence}, roles: app.Roles{API: true}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	world, all := cases.Generate(o.seed+uint64(kind.cross), o.forged, time.Now()) //nolint:gosec // 0 to 3
	if err := h.plant(ctx, world); err != nil {
		return err
	}
	door, err := kind.open(ctx, o, h, world)
	if err != nil {
		return err
	}
	n := count{words: kind.words}
	for _, c := range all {
		if slices.Contains(kind.mute, c.Kind) || kind.unsayable(c) {
			n.mute++
			continue
		}
		if err := n.play(ctx, door, c); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	n.tell(t, kind.name)
	return h.lookBack(ctx, t, kind.name, world)
}

func (n *count) play(ctx context.Context, door cases.Door, c cases.Case) error {
	accepted, told, err := door.Decide(ctx, c)
	if err != nil {
		return err
	}
	switch {
	case c.Accept:
		n.genuine++
		if !accepted {
			n.refused = append(n.refused, c.Name+": "+told)
		}
	default:
		n.forged++
		if accepted {
			n.accepted = append(n.accepted, c.Name)
		} else if silent(told, c.Told, n.words) {
			n.silent = append(n.silent, fmt.Sprintf("%s was told %q, not %q", c.Name, told, c.Told))
		}
	}
	return nil
}

func (n *count) tell(t *tally, name string) {
	few := func(list []string) string { return strings.Join(list[:min(3, len(list))], "; ") }
	t.check(fmt.Sprintf("%s: accepted %d of %d forged (%d have no words there)", name, len(n.accepted), n.forged, n.mute),
		want(len(n.accepted) == 0 && n.forged >= 500, "%s", few(n.accepted)))
	t.check(fmt.Sprintf("%s: took %d of %d genuine", name, n.genuine-len(n.refused), n.genuine), want(len(n.refused) == 0 && n.genuine > 0, "%s", few(n.refused)))
	t.check(fmt.Sprintf("%s: each of %d refusals says why", name, n.forged-len(n.accepted)), want(len(n.silent) == 0, "%d do not, such as %s", len(n.silent), few(n.silent)))
}

// lookBack asks the database whether a decision counts that must not.
func (h *house) lookBack(ctx context.Context, t *tally, name string, world cases.World) error {
	var wrong []string
	for _, a := range world.Approvals {
		after, err := h.store.ApprovalGet(ctx, a.ID)
		if err != nil {
			return err
		}
		for _, d := range after.Decisions {
			if why := quorum.WhyNot(after, d); why != quorum.Counts {
				wrong = append(wrong, fmt.Sprintf("%s by %s: %s", a.ID, d.By.ID, why))
			}
		}
	}
	t.check(fmt.Sprintf("%s: the database keeps no decision that must not count, of %d approvals", name, len(world.Approvals)), want(len(wrong) == 0, "%s", strings.Join(wrong, "; ")))
	return nil
}
