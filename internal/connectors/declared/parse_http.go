package declared

import (
	"fmt"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// transport reads what all requests share.
func (p *parser) transport(root *strictyaml.Node) transport {
	var t transport
	n := root.Get("http")
	if n == nil {
		return t
	}
	if !p.Keys(n, "http", []string{"base_url", "auth", "headers", "idempotency_header", "rate_limit", "errors"}, nil) {
		return t
	}
	t.baseURL = p.Text(n.Get("base_url"), "base_url")
	t.keyHeader = p.Text(n.Get("idempotency_header"), "idempotency_header")
	env := p.environment(&manifest.Action{})
	delete(env, "args")
	t.headers = p.headers(n.Get("headers"), env)
	t.auth = p.auth(n.Get("auth"), env)
	if limit := n.Get("rate_limit"); limit != nil && p.Keys(limit, "rate_limit", []string{"header", "form"}, []string{"header", "form"}) {
		t.limit = &rateLimit{header: p.Text(limit.Get("header"), "header"), epoch: p.Choice(limit.Get("form"), "form", []string{"seconds", "epoch"}) == "epoch"}
	}
	env["response"] = responseType(nil)
	t.errors = p.rules(n.Get("errors"), env)
	return t
}

func authForms() []string {
	return []string{"bearer", "header", "basic", "query", "body", "oauth2"}
}

// auth reads {FORM: {...}}.
func (p *parser) auth(n *strictyaml.Node, env expression.Environment) auth {
	if n == nil || !p.Keys(n, "auth", authForms(), nil) {
		return auth{}
	}
	if len(n.Entries) != 1 {
		p.Fault(n, RuleAuth, "auth holds exactly one of "+diag.OneOf(authForms()), "")
		return auth{}
	}
	a, inner := auth{form: n.Entries[0].Key.Text}, n.Entries[0].Value
	known := map[string][]string{
		"bearer": {"secret"}, "header": {"secret", "name", "prefix"}, "basic": {"secret", "user"}, "query": {"secret", "name"}, "body": {"secret", "name"},
		"oauth2": {"client_id", "client_secret", "base_url", "path", "scope", "audience", "send"},
	}[a.form]
	required := map[string][]string{
		"bearer": {"secret"}, "header": {"secret", "name"}, "basic": {"secret", "user"}, "query": {"secret", "name"}, "body": {"secret", "name"},
		"oauth2": {"client_id", "client_secret", "path"},
	}[a.form]
	if known == nil || !p.Keys(inner, a.form, known, required) {
		return auth{}
	}
	if a.form == "oauth2" {
		a.oauth = p.oauth(inner, env)
		return a
	}
	a.secret = p.setting(inner.Get("secret"), true)
	a.name, a.prefix = p.Text(inner.Get("name"), "name"), p.Text(inner.Get("prefix"), "prefix")
	if a.form == "basic" {
		a.user = p.setting(inner.Get("user"), false)
	}
	return a
}

func (p *parser) oauth(n *strictyaml.Node, env expression.Environment) *oauth {
	o := &oauth{
		client: p.setting(n.Get("client_id"), false), secret: p.setting(n.Get("client_secret"), true),
		baseURL: p.Text(n.Get("base_url"), "base_url"), path: p.path(n.Get("path"), env),
		scope: p.Text(n.Get("scope"), "scope"), audience: p.Text(n.Get("audience"), "audience"),
	}
	if send := n.Get("send"); send != nil {
		o.inHeader = p.Choice(send, "send", []string{"form", "basic"}) == "basic"
	}
	return o
}

// setting reads the name of a setting that the manifest declares.
func (p *parser) setting(n *strictyaml.Node, secret bool) string {
	name := p.Text(n, "a setting")
	if n == nil || n.Bad || name == "" {
		return ""
	}
	var fitting []string
	for _, setting := range p.manifest.Settings {
		if setting.Secret == secret {
			fitting = append(fitting, setting.Name)
		}
	}
	if slices.Contains(fitting, name) {
		return name
	}
	kind := "plain"
	if secret {
		kind = "secret"
	}
	hint := diag.DidYouMean(name, fitting)
	if hint == "" {
		hint = fmt.Sprintf("declare it under settings: %s: {description: ..., required: true, secret: %t}", name, secret)
	}
	p.Fault(n, RuleAuth, fmt.Sprintf("%q is no %s setting of this connector", name, kind), hint)
	return ""
}

// StandardSettings are understood by every declared connector; a file need not
// declare them.
func StandardSettings() []manifest.Setting {
	return []manifest.Setting{
		{Name: "plaintext", Description: "allowed: also use http to a host that is not loopback", Default: "refused"},
		{Name: "networks", Description: "networks that the system's address must lie in, separated by commas; empty: any"},
		{Name: "ca", Description: "certificates in PEM form that alone are trusted; empty: those of this machine"},
		{Name: "pins", Description: "SHA-256 in hex of public keys, separated by commas, of which the server's chain must have one"},
		{Name: "client_certificate", Description: "certificate in PEM form that Tocsin shows to the system"},
		{Name: "client_key", Description: "private key of client_certificate, in PEM form", Secret: true},
	}
}

// addSettings completes the manifest by the settings that the engine reads.
func (p *parser) addSettings(t *transport) {
	base := manifest.Setting{Name: "base_url", Description: "address of the system, such as https://host/path", Required: t.baseURL == "", Default: t.baseURL}
	more := append([]manifest.Setting{base}, StandardSettings()...)
	if o := t.auth.oauth; o != nil && o.baseURL != "" {
		more = slices.Insert(more, 1, manifest.Setting{Name: "token_base_url", Description: "address of the server that gives access tokens", Default: o.baseURL})
	}
	declared := map[string]bool{}
	for _, setting := range p.manifest.Settings {
		declared[setting.Name] = true
	}
	for _, setting := range more {
		if !declared[setting.Name] {
			p.manifest.Settings = append(p.manifest.Settings, setting)
		}
	}
}
