package manifest

import (
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Manifest describes one kind of connector.
type Manifest struct {
	Connector   string // kind, as configuration names it in use: lab_edr
	Version     string // semantic version
	Title       string
	Description string
	Tested      string // what it was really run against, in one honest sentence
	Settings    []Setting
	Actions     []Action
	Digest      string // SHA-256 hex of the manifest's source
}

// Setting is one configuration value of an instance.
type Setting struct {
	Name        string
	Description string
	Required    bool
	Secret      bool // read into a secret.String, never shown
	Default     string
}

// Action is one thing a connector can do.
type Action struct {
	Name         string
	Title        string
	Description  string
	Risk         soar.Risk
	Input        map[string]any // JSON Schema of the arguments, an object
	Output       map[string]any // JSON Schema of what comes back, an object
	Target       string         // the input that names the target; required for change and destroy
	Protects     string         // protected class the target belongs to, "host" | "user" | "address" | ""
	Undo         *Undo
	Irreversible bool
	Idempotent   bool          // the same key (or the same arguments) twice has one effect
	Reconcile    *Reconcile    // how to ask whether it was done
	Evidence     bool          // its result carries evidence items
	Timeout      time.Duration // default of one attempt; 30 s when absent

	At diag.Position // of the action's name, for faults that are found later
}

// Undo names the action of the same connector that takes an action back. With
// maps its arguments to expressions over args and output.
type Undo struct {
	Action string
	With   []UndoArg
}

// UndoArg is one argument of an undo: a value that may hold ${{ args.x }} or ${{ output.x }}.
type UndoArg struct {
	Name  string
	Value string
	Place func(rune int) diag.Position `json:"-"` // where a rune of Value stands; nil when not parsed from a file
}

// Reconcile names the read action that tells whether the effect is there. Done is
// an expression over output and args.
type Reconcile struct {
	Action string
	With   []UndoArg
	Done   string
	Place  func(rune int) diag.Position `json:"-"` // where a rune of Done stands; nil when not parsed from a file
}

// Find gives the action of this name, or nil.
func (m *Manifest) Find(name string) *Action {
	i := slices.IndexFunc(m.Actions, func(a Action) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &m.Actions[i]
}

// Catalog maps instance names, as playbooks write them before the dot, to the
// manifest of the connector behind each.
type Catalog map[string]*Manifest

// Find gives the action that "instance.action" names: the manifest is nil when
// the instance is not known, the action is nil when the manifest lacks it.
func (c Catalog) Find(instance, action string) (*Manifest, *Action) {
	m := c[instance]
	if m == nil {
		return nil, nil
	}
	return m, m.Find(action)
}
