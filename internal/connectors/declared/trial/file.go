package trial

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// RuleTest is the rule that failed tests are reported under.
const RuleTest = "connector_test"

// File is a file of tests.
type File struct {
	Connector string
	Headers   map[string]string // expected with every request that is not for the token server
	Settings  map[string]string
	Token     *Exchange // answered whenever it comes, so that tests need not repeat it; nil when there is none
	Tests     []Test
	At        diag.Position
}

// Test is one call of an action.
type Test struct {
	Name      string
	Action    string
	Args      map[string]any
	Settings  map[string]string
	Key       string
	Incident  string
	Exchanges []Exchange
	Output    map[string]any // nil when an error is expected
	Class     string         // of the error expected
	Message   string         // part of its text
	Wait      time.Duration  // its RetryAfter
	At        diag.Position
	ExpectAt  diag.Position
}

// Exchange is one request that must come, and its answer.
type Exchange struct {
	Token   bool // for the token server
	Effect  bool // the ledger must have been told before it, and not before any earlier one
	Method  string
	Path    string // whole, as the system's manual writes it
	Query   map[string]any
	Headers map[string]string
	Form    map[string]any
	JSON    any
	HasJSON bool

	Status int
	Answer map[string]string // headers
	Body   string
	Drop   bool // the connection ends without an answer

	At diag.Position
}

// Limits bounds a test file.
func limits() strictyaml.Limits {
	return strictyaml.Limits{Bytes: 1 << 20, Depth: 32, Nodes: 20000}
}

// Load reads a file of tests. It is nil when the list has errors.
func Load(file string, source []byte) (*File, diag.List) {
	document, faults := strictyaml.Load(file, source, limits())
	p := &parser{strictyaml.Reader{File: file, List: faults}}
	if document == nil {
		return nil, p.List
	}
	f := p.file(document.Root)
	p.List.Sort()
	if p.List.HasErrors() {
		return nil, p.List
	}
	return f, p.List
}

type parser struct{ strictyaml.Reader }

func (p *parser) file(root *strictyaml.Node) *File {
	f := &File{At: root.Pos}
	if !p.Keys(root, "a file of tests", []string{"connector", "headers", "settings", "token", "tests"}, []string{"connector", "tests"}) {
		return f
	}
	f.Connector = p.Text(root.Get("connector"), "connector")
	f.Headers, f.Settings = p.texts(root.Get("headers"), "headers"), p.texts(root.Get("settings"), "settings")
	if token := root.Get("token"); token != nil {
		e := p.exchange(token)
		f.Token = &e
	}
	list := root.Get("tests")
	if list == nil || !p.Is(list, strictyaml.List, "tests") {
		return f
	}
	for _, item := range list.Items {
		f.Tests = append(f.Tests, p.test(item))
	}
	return f
}

func (p *parser) test(n *strictyaml.Node) Test {
	t := Test{At: n.Pos, Key: "test-key", Incident: "INC-2026-000001"}
	if !p.Keys(n, "a test", []string{"name", "action", "args", "settings", "key", "incident", "exchanges", "expect"}, []string{"name", "action", "expect"}) {
		return t
	}
	t.Name, t.Action = p.Text(n.Get("name"), "name"), p.Text(n.Get("action"), "action")
	t.Args, t.Settings = p.object(n.Get("args"), "args"), p.texts(n.Get("settings"), "settings")
	if key := n.Get("key"); key != nil {
		t.Key = p.Text(key, "key")
	}
	if incident := n.Get("incident"); incident != nil {
		t.Incident = p.Text(incident, "incident")
	}
	if list := n.Get("exchanges"); list != nil && p.Is(list, strictyaml.List, "exchanges") {
		for _, item := range list.Items {
			t.Exchanges = append(t.Exchanges, p.exchange(item))
		}
	}
	p.expect(n.Get("expect"), &t)
	return t
}

func (p *parser) expect(n *strictyaml.Node, t *Test) {
	if n == nil || !p.Keys(n, "expect", []string{"output", "error"}, nil) {
		return
	}
	t.ExpectAt = n.Pos
	output, failure := n.Get("output"), n.Get("error")
	if (output == nil) == (failure == nil) {
		p.Fault(n, strictyaml.RuleMissingKey, "expect holds output or error", "")
		return
	}
	if output != nil {
		t.Output = p.object(output, "output")
		return
	}
	if !p.Keys(failure, "error", []string{"class", "message", "retry_after"}, []string{"class"}) {
		return
	}
	t.Class = p.Choice(failure.Get("class"), "class", []string{"transient", "limited", "auth", "permanent", "unknown"})
	t.Message = p.Text(failure.Get("message"), "message")
	t.Wait = p.Duration(failure.Get("retry_after"), "retry_after", time.Second, time.Hour)
}

func (p *parser) exchange(n *strictyaml.Node) Exchange {
	e := Exchange{At: n.Pos, Status: 200}
	if !p.Keys(n, "an exchange", []string{"to", "effect", "request", "response"}, []string{"request", "response"}) {
		return e
	}
	e.Token = n.Get("to") != nil && p.Choice(n.Get("to"), "to", []string{"token"}) == "token"
	e.Effect = p.Bool(n.Get("effect"), "effect")
	if r := n.Get("request"); p.Keys(r, "request", []string{"method", "path", "query", "headers", "form", "json"}, []string{"method", "path"}) {
		e.Method, e.Path = p.Text(r.Get("method"), "method"), p.Text(r.Get("path"), "path")
		e.Query, e.Headers, e.Form = p.object(r.Get("query"), "query"), p.texts(r.Get("headers"), "headers"), p.object(r.Get("form"), "form")
		if body := r.Get("json"); body != nil {
			e.JSON, e.HasJSON = body.Data(), true
		}
	}
	if r := n.Get("response"); p.Keys(r, "response", []string{"status", "headers", "json", "text", "drop"}, nil) {
		p.answer(r, &e)
	}
	return e
}

func (p *parser) answer(r *strictyaml.Node, e *Exchange) {
	if status := r.Get("status"); status != nil {
		e.Status = p.Int(status, "status", 200, 599)
	}
	e.Answer, e.Drop = p.texts(r.Get("headers"), "headers"), p.Bool(r.Get("drop"), "drop")
	if text := r.Get("text"); text != nil {
		e.Body = p.Text(text, "text")
	}
	if body := r.Get("json"); body != nil {
		encoded, err := json.Marshal(body.Data())
		if err != nil {
			p.Fault(body, strictyaml.RuleWrongType, "the body cannot be written as JSON", "")
		}
		e.Body = string(encoded)
	}
}

func (p *parser) object(n *strictyaml.Node, what string) map[string]any {
	if n == nil || !p.Is(n, strictyaml.Map, what) {
		return nil
	}
	object, _ := n.Data().(map[string]any)
	return object
}

func (p *parser) texts(n *strictyaml.Node, what string) map[string]string {
	if n == nil || !p.Is(n, strictyaml.Map, what) {
		return nil
	}
	texts := map[string]string{}
	for _, entry := range n.Entries {
		if entry.Value.Kind == strictyaml.String {
			texts[entry.Key.Text] = entry.Value.Text
			continue
		}
		texts[entry.Key.Text] = fmt.Sprint(entry.Value.Data())
	}
	return texts
}
