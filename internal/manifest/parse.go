package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictschema"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Names of the rules that only this package reports under; strictyaml and
// strictschema have the others.
const (
	RuleName      = "manifest_name"      // a name that is not snake_case, a version that is none
	RuleRisk      = "manifest_risk"      // what the risk of an action demands and is not there
	RuleReference = "manifest_reference" // undo, reconcile or target name something that is not there
)

// DefaultTimeout is how long one attempt of an action may take when its manifest does
// not say.
const DefaultTimeout = 30 * time.Second

var (
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	versionForm = regexp.MustCompile(`^\d{1,9}\.\d{1,9}\.\d{1,9}$`)
)

// Limits bounds a manifest file.
func Limits() strictyaml.Limits { return strictyaml.Limits{Bytes: 512 << 10, Depth: 24, Nodes: 10000} }

// Protected lists the classes that an action may say its target belongs to.
func Protected() []string { return []string{"host", "user", "address"} }

// Parse reads a manifest. It is nil when the list has errors. file is the name used in
// places.
func Parse(file string, source []byte) (*Manifest, diag.List) {
	m, _, faults := ParseWith(file, source, Extra{})
	if faults.HasErrors() {
		return nil, faults
	}
	return m, faults
}

// Extra names keys beside those of a manifest that a file may hold and that its
// reader reads itself.
type Extra struct {
	Top    []string // beside connector, version ...
	Action []string // in each action
}

// ParseWith is Parse for a file that holds more than a manifest. It also gives the
// tree, for the rest of it to be read; and it gives what it could read of both
// when there are faults, so that all faults are found at once. The tree is nil
// when the file is no YAML.
func ParseWith(file string, source []byte, extra Extra) (*Manifest, *strictyaml.Document, diag.List) {
	document, faults := strictyaml.Load(file, source, Limits())
	p := &parser{Reader: strictyaml.Reader{File: file, List: faults}, extra: extra}
	if document == nil {
		return nil, nil, p.List
	}
	m := p.manifest(document.Root)
	p.List.Sort()
	sum := sha256.Sum256(source)
	m.Digest = hex.EncodeToString(sum[:])
	return m, document, p.List
}

type parser struct {
	strictyaml.Reader
	extra Extra
}

func (p *parser) manifest(root *strictyaml.Node) *Manifest {
	m := &Manifest{}
	known := append([]string{"connector", "version", "title", "description", "tested", "settings", "actions"}, p.extra.Top...)
	if !p.Keys(root, "a manifest", known, []string{"connector", "version", "title", "description", "tested", "actions"}) {
		return m
	}
	m.Connector = p.name(root.Get("connector"), "connector")
	m.Version = p.Text(root.Get("version"), "version")
	if n := root.Get("version"); n != nil && !n.Bad && !versionForm.MatchString(m.Version) {
		p.Fault(n, RuleName, fmt.Sprintf("%q is no semantic version", m.Version), "write three numbers, such as 1.0.0")
	}
	m.Title = p.Text(root.Get("title"), "title")
	m.Description = p.Text(root.Get("description"), "description")
	m.Tested = p.Text(root.Get("tested"), "tested")
	if settings := root.Get("settings"); settings != nil && p.Is(settings, strictyaml.Map, "settings") {
		for _, entry := range settings.Entries {
			m.Settings = append(m.Settings, p.setting(entry))
		}
	}
	actions := root.Get("actions")
	if actions == nil || !p.Is(actions, strictyaml.Map, "actions") {
		return m
	}
	if len(actions.Entries) == 0 {
		p.Fault(actions, strictyaml.RuleMissingKey, "a manifest needs at least one action", "")
	}
	for _, entry := range actions.Entries {
		m.Actions = append(m.Actions, p.action(entry))
	}
	for i := range m.Actions {
		p.references(m, &m.Actions[i], actions.Entries[i].Value)
	}
	return m
}

func (p *parser) name(n *strictyaml.Node, what string) string {
	name := p.Text(n, what)
	if n != nil && !n.Bad && !nameForm.MatchString(name) {
		p.Fault(n, RuleName, fmt.Sprintf("%s must be snake_case, not %q", what, name), "use lower case letters, digits and _, starting with a letter")
	}
	return name
}

func (p *parser) setting(entry strictyaml.Entry) Setting {
	s := Setting{Name: p.name(entry.Key, "a setting")}
	if !p.Keys(entry.Value, "a setting", []string{"description", "required", "secret", "default"}, []string{"description"}) {
		return s
	}
	s.Description = p.Text(entry.Value.Get("description"), "description")
	s.Required = p.Bool(entry.Value.Get("required"), "required")
	s.Secret = p.Bool(entry.Value.Get("secret"), "secret")
	s.Default = p.Text(entry.Value.Get("default"), "default")
	if given := entry.Value.Get("default"); given != nil && (s.Secret || s.Required) {
		p.Fault(given, strictyaml.RuleUnknownKey, "a required or secret setting has no default", "remove it")
	}
	return s
}

func (p *parser) action(entry strictyaml.Entry) Action {
	a := Action{Name: p.name(entry.Key, "an action"), At: entry.Key.Pos}
	n := entry.Value
	known := append([]string{"title", "description", "risk", "target", "protects", "idempotent", "irreversible", "evidence", "timeout", "undo", "reconcile", "input", "output"}, p.extra.Action...)
	if !p.Keys(n, "an action", known, []string{"title", "description", "risk", "input", "output"}) {
		return a
	}
	a.Title = p.Text(n.Get("title"), "title")
	a.Description = p.Text(n.Get("description"), "description")
	a.Risk = soar.Risk(p.Choice(n.Get("risk"), "risk", risks()))
	a.Target = p.Text(n.Get("target"), "target")
	a.Protects = p.Choice(n.Get("protects"), "protects", Protected())
	a.Idempotent = p.Bool(n.Get("idempotent"), "idempotent")
	a.Irreversible = p.Bool(n.Get("irreversible"), "irreversible")
	a.Evidence = p.Bool(n.Get("evidence"), "evidence")
	a.Timeout = p.Duration(n.Get("timeout"), "timeout", time.Second, time.Hour)
	if a.Timeout == 0 {
		a.Timeout = DefaultTimeout
	}
	a.Input = p.schema(n.Get("input"), "input")
	a.Output = p.schema(n.Get("output"), "output")
	a.Undo = p.undo(n.Get("undo"))
	a.Reconcile = p.reconcile(n.Get("reconcile"))
	return a
}

func (p *parser) schema(n *strictyaml.Node, what string) map[string]any {
	if n == nil {
		return nil
	}
	return strictschema.Read(&p.Reader, n, what)
}

func (p *parser) undo(n *strictyaml.Node) *Undo {
	if n == nil || !p.Keys(n, "undo", []string{"action", "with"}, []string{"action"}) {
		return nil
	}
	return &Undo{Action: p.Text(n.Get("action"), "action"), With: p.args(n.Get("with"))}
}

func (p *parser) reconcile(n *strictyaml.Node) *Reconcile {
	if n == nil || !p.Keys(n, "reconcile", []string{"action", "with", "done"}, []string{"action", "done"}) {
		return nil
	}
	done := n.Get("done")
	r := &Reconcile{Action: p.Text(n.Get("action"), "action"), With: p.args(n.Get("with")), Done: strings.TrimSpace(p.Text(done, "done"))}
	if done != nil {
		r.Place = done.At
		if strings.Contains(done.Text, "{{") {
			p.Fault(done, strictyaml.RuleBraces, "done takes a bare expression, without braces", "")
		}
	}
	return r
}

func (p *parser) args(n *strictyaml.Node) []UndoArg {
	if n == nil || !p.Is(n, strictyaml.Map, "with") {
		return nil
	}
	var args []UndoArg
	for _, entry := range n.Entries {
		args = append(args, UndoArg{
			Name: entry.Key.Text, Value: p.Text(entry.Value, "an argument"), Place: entry.Value.At,
		})
	}
	return args
}

func risks() []string {
	var words []string
	for _, risk := range soar.Risks() {
		words = append(words, string(risk))
	}
	return words
}
