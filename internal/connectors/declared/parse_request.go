package declared

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// Bounds of paging and polling.
const (
	maxPages     = 50
	maxItems     = expression.MaxListItems
	minPollEvery = 500 * time.Millisecond
	maxPollFor   = 15 * time.Minute
)

func requestKeys() []string {
	return []string{"method", "path", "query", "headers", "form", "json", "answer", "errors", "paging", "poll"}
}

// request reads one request. Requests of a series have an id.
func (p *parser) request(n *strictyaml.Node, id string, env expression.Environment) *request {
	r := &request{id: id, at: n.Pos, answer: "json"}
	known := requestKeys()
	if id != "" || n.Get("id") != nil {
		known = append(known, "id", "effect", "when")
	}
	if !p.Keys(n, "a request", known, []string{"method", "path"}) {
		return r
	}
	r.method = p.Choice(n.Get("method"), "method", []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete})
	r.effect = p.Bool(n.Get("effect"), "effect") || (n.Get("effect") != nil && n.Get("effect").Bad)
	r.when = p.program(n.Get("when"), env, expression.Bool())
	r.path = p.path(n.Get("path"), env)
	r.slash = n.Get("path") != nil && strings.HasSuffix(n.Get("path").Text, "/")
	r.query = p.flat(n.Get("query"), "query", env)
	r.headers = p.headers(n.Get("headers"), env)
	r.form = p.flat(n.Get("form"), "form", env)
	if body := n.Get("json"); body != nil {
		r.json = p.value(body, env, nil)
	}
	if n.Get("json") != nil && n.Get("form") != nil {
		p.Fault(n.Key("form"), RuleHTTP, "a request has json or form, not both", "")
	}
	if (n.Get("json") != nil || n.Get("form") != nil) && r.method == http.MethodGet {
		p.Fault(n.Get("method"), RuleHTTP, "a GET has no body", "write POST, or use query:")
	}
	if given := n.Get("answer"); given != nil {
		r.answer = p.Choice(given, "answer", []string{"json", "text", "none"})
	}
	r.paging = p.paging(n.Get("paging"), env)
	reading := maps.Clone(env)
	reading["response"] = responseType(r)
	r.poll = p.poll(n.Get("poll"), reading)
	r.errors = p.rules(n.Get("errors"), reading)
	if r.paging != nil && r.poll != nil {
		p.Fault(n.Key("poll"), RuleHTTP, "a request has paging or poll, not both", "")
	}
	env["response"] = responseType(r)
	return r
}

// path reads "/a/${{ args.b }}/c" into its parts, so that no value can leave its
// place.
func (p *parser) path(n *strictyaml.Node, env expression.Environment) []*value {
	text := p.Text(n, "path")
	if n == nil || n.Bad {
		return nil
	}
	if !strings.HasPrefix(text, "/") {
		p.Fault(n, RuleHTTP, "a path starts with /", "it is joined to base_url")
		return nil
	}
	var parts []*value
	for _, piece := range splitPath(strings.TrimSuffix(text, "/")) {
		if literal, _, _ := strings.Cut(piece.text, "${{"); strings.ContainsAny(literal, "?#") {
			p.Fault(n, RuleHTTP, "a path holds no ? and no #", "parameters stand under query:")
			return nil
		}
		v := &value{shape: strictyaml.String, literal: piece.text, at: n.At(piece.from)}
		if strings.Contains(piece.text, "${{") {
			compiled, problems := expression.CompileTemplate(piece.text, env, nil)
			p.problems(problems, func(i int) diag.Position { return n.At(piece.from + i) })
			v.template = compiled
		}
		parts = append(parts, v)
	}
	return parts
}

type pathPiece struct {
	text string
	from int // rune in the whole path
}

// splitPath cuts at every / that stands outside of ${{ }}.
func splitPath(text string) []pathPiece {
	var pieces []pathPiece
	runes, from, inside := []rune(text), 1, false
	for i := 1; i <= len(runes); i++ {
		switch {
		case i == len(runes) || (runes[i] == '/' && !inside):
			pieces = append(pieces, pathPiece{string(runes[from:i]), from})
			from = i + 1
		case strings.HasPrefix(string(runes[i:min(i+3, len(runes))]), "${{"):
			inside = true
		case inside && runes[i] == '}' && runes[i-1] == '}':
			inside = false
		}
	}
	return pieces
}

// flat reads a mapping of values that become text.
func (p *parser) flat(n *strictyaml.Node, what string, env expression.Environment) []field {
	if n == nil || !p.Is(n, strictyaml.Map, what) {
		return nil
	}
	for _, entry := range n.Entries {
		if entry.Value.Kind == strictyaml.Map {
			p.Fault(entry.Value, strictyaml.RuleWrongType, fmt.Sprintf("a value of %s is text, a number or a list of them, not a mapping", what), "")
		}
	}
	return p.fields(n, env, nil)
}

// reservedHeaders are set by the client.
func reservedHeaders() []string {
	return []string{"Authorization", "Cookie", "Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "User-Agent", "Idempotency-Key"}
}

func (p *parser) headers(n *strictyaml.Node, env expression.Environment) []field {
	if n != nil && n.Kind == strictyaml.Map {
		for _, entry := range n.Entries {
			name := strings.TrimSuffix(entry.Key.Text, "?")
			for _, own := range reservedHeaders() {
				if strings.EqualFold(name, own) {
					p.Fault(entry.Key, RuleHTTP, fmt.Sprintf("the header %s is set by the engine", own), "credentials stand under http.auth, the key's header under http.idempotency_header")
				}
			}
		}
	}
	return p.flat(n, "headers", env)
}

// rules reads what answers mean.
func (p *parser) rules(n *strictyaml.Node, env expression.Environment) []rule {
	if n == nil || !p.Is(n, strictyaml.List, "errors") {
		return nil
	}
	var rules []rule
	for _, item := range n.Items {
		if !p.Keys(item, "an error", []string{"status", "when", "class", "message"}, []string{"class"}) {
			continue
		}
		word := p.Choice(item.Get("class"), "class", []string{"done", "transient", "limited", "auth", "permanent", "unknown"})
		one := rule{class: connector.Class(word), when: p.program(item.Get("when"), env, expression.Bool()), statuses: p.statuses(item.Get("status"))}
		if word == "done" {
			one.class = ""
		}
		if item.Get("status") == nil && item.Get("when") == nil {
			p.Report(item.Pos, 1, strictyaml.RuleMissingKey, "an error needs status or when", "")
		}
		if message := item.Get("message"); message != nil && p.Text(message, "message") != "" {
			compiled, problems := expression.CompileTemplate(message.Text, env, nil)
			p.problems(problems, message.At)
			one.message = compiled
		}
		rules = append(rules, one)
	}
	return rules
}

func (p *parser) statuses(n *strictyaml.Node) []int {
	switch {
	case n == nil || n.Bad:
		return nil
	case n.Kind != strictyaml.List:
		return []int{p.Int(n, "status", 100, 599)}
	}
	var statuses []int
	for _, item := range n.Items {
		statuses = append(statuses, p.Int(item, "status", 100, 599))
	}
	return statuses
}

func (p *parser) poll(n *strictyaml.Node, env expression.Environment) *poll {
	if n == nil || !p.Keys(n, "poll", []string{"until", "every", "for", "late"}, []string{"until", "every", "for"}) {
		return nil
	}
	late := "fail"
	if given := n.Get("late"); given != nil {
		late = p.Choice(given, "late", []string{"fail", "accept"})
	}
	return &poll{
		late:  late == "accept",
		until: p.program(n.Get("until"), env, expression.Bool()),
		every: p.Duration(n.Get("every"), "every", minPollEvery, time.Minute),
		limit: p.Duration(n.Get("for"), "for", time.Second, maxPollFor),
	}
}

func (p *parser) paging(n *strictyaml.Node, env expression.Environment) *paging {
	ways := []string{"next", "cursor", "page", "offset"}
	if n == nil || !p.Keys(n, "paging", append([]string{"items", "max_pages", "max_items"}, ways...), []string{"items"}) {
		return nil
	}
	reading := maps.Clone(env)
	reading["response"] = responseType(nil)
	pages := &paging{items: p.program(n.Get("items"), reading, expression.ListOf(nil)), maxPages: 10, maxItems: maxItems}
	if given := n.Get("max_pages"); given != nil {
		pages.maxPages = p.Int(given, "max_pages", 1, maxPages)
	}
	if given := n.Get("max_items"); given != nil {
		pages.maxItems = p.Int(given, "max_items", 1, maxItems)
	}
	given := 0
	for _, way := range ways {
		if n.Get(way) != nil {
			given++
		}
	}
	if given != 1 {
		p.Fault(n, RuleHTTP, "paging needs exactly one of next, cursor, page and offset", "")
		return pages
	}
	pages.next = p.program(n.Get("next"), reading, expression.Optional(expression.Text()))
	p.cursor(n.Get("cursor"), pages, reading)
	p.counted(n.Get("page"), pages, true)
	p.counted(n.Get("offset"), pages, false)
	return pages
}

func (p *parser) cursor(n *strictyaml.Node, pages *paging, env expression.Environment) {
	if n == nil || !p.Keys(n, "cursor", []string{"query", "from"}, []string{"query", "from"}) {
		return
	}
	pages.query, pages.cursor = p.Text(n.Get("query"), "query"), p.program(n.Get("from"), env, nil)
}

func (p *parser) counted(n *strictyaml.Node, pages *paging, numbers bool) {
	if n == nil {
		return
	}
	what, known := "offset", []string{"query", "size"}
	if numbers {
		what, known = "page", append(known, "first")
	}
	if !p.Keys(n, what, known, []string{"query", "size"}) {
		return
	}
	pages.counts, pages.query, pages.size = numbers, p.Text(n.Get("query"), "query"), p.Int(n.Get("size"), "size", 1, 1000)
	if first := n.Get("first"); first != nil {
		pages.first = p.Int(first, "first", 0, 1)
	} else if numbers {
		pages.first = 1
	}
}
