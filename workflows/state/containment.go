package state

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// States of a containment.
const (
	ContainmentActive        = "active"
	ContainmentReleased      = "released"
	ContainmentReleaseFailed = "release_failed"
)

// Containment is one effect that can be taken back. All of them in their order
// are the undo stack.
type Containment struct {
	soar.Containment
	Lineage   []string   `json:"lineage"`             // its step's key and the keys of the call steps above
	Playbook  string     `json:"playbook"`            // for the undo's request
	Digest    string     `json:"digest"`              // of the playbook
	Connector string     `json:"connector"`           // of the undo
	Name      string     `json:"name"`                // of the undo's action
	Release   *Release   `json:"release,omitempty"`   // somebody or something wants it back
	Attempts  int        `json:"attempts,omitempty"`  // releases tried so far: part of the undo's key
	Wake      *time.Time `json:"wake,omitempty"`      // the store is away: try again then
	Automatic bool       `json:"automatic,omitempty"` // the last release was by the clock
}

// Release is an order to take a containment back.
type Release struct {
	Order
	Compensate bool `json:"compensate,omitempty"` // part of undoing a failed step
	Clock      bool `json:"clock,omitempty"`      // its time is up
}

// Containment gives the containment of this id, or nil.
func (c *Case) Containment(id string) *Containment {
	for _, held := range c.Containments {
		if held.ID == id {
			return held
		}
	}
	return nil
}

// AddContainment pushes one more effect on the undo stack.
func (c *Case) AddContainment(held *Containment) {
	c.Containments = append(c.Containments, held)
	c.TouchContainment(held)
}

// TouchContainment lets the view ride along with the next journal batch.
func (c *Case) TouchContainment(held *Containment) {
	c.Journal.touch(&c.Journal.Dirty.Containments, held.ID)
}

// Undoable tells whether the containment is in force and can be taken back.
func (held *Containment) Undoable() bool {
	return held.Undo != "" && held.State == ContainmentActive
}

// MayRelease says why it cannot be taken back now, or nil.
func (held *Containment) MayRelease() error {
	switch {
	case held.State == ContainmentReleased:
		return fmt.Errorf("containment %s is released already", held.ID)
	case held.Undo == "":
		return fmt.Errorf("containment %s cannot be taken back: %s has no undo", held.ID, held.Action)
	case held.Release != nil:
		return fmt.Errorf("containment %s is being released already", held.ID)
	}
	return nil
}

// Under gives the containments made in the subtree of a step that are still in
// force and can be taken back, the last one first.
func (c *Case) Under(key string) []*Containment {
	var held []*Containment
	for _, one := range slices.Backward(c.Containments) {
		in := slices.ContainsFunc(one.Lineage, func(part string) bool { return Within(part, key) })
		if in && one.Undoable() {
			held = append(held, one)
		}
	}
	return held
}

// Held gives all containments in force that can be taken back, the last first.
func (c *Case) Held() []*Containment {
	var held []*Containment
	for _, one := range slices.Backward(c.Containments) {
		if one.Undoable() {
			held = append(held, one)
		}
	}
	return held
}

// Due tells whether a clock or an order is still to be carried out on it: the
// workflow does not end before.
func (held *Containment) Due() bool {
	return held.Undoable() && (held.Until != nil || held.Release != nil)
}
