package lab

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/connector"
)

func edrHandlers() map[string]handler {
	return map[string]handler{
		"host_info":        lookUp("host", "edr", "hosts"),
		"isolate_host":     post("host", "isolate", "edr", "hosts"),
		"release_host":     post("host", "release", "edr", "hosts"),
		"collect_evidence": collect,
		"file_info":        lookUp("sha256", "edr", "files"),
		"block_file":       post("sha256", "block", "edr", "files"),
		"unblock_file":     post("sha256", "unblock", "edr", "files"),
	}
}

func directoryHandlers() map[string]handler {
	handlers := map[string]handler{"user_info": lookUp("user", "directory", "users"), "sign_ins": signIns}
	for _, action := range []string{"disable_user", "enable_user", "revoke_sessions", "reset_password"} {
		handlers[action] = post("user", action, "directory", "users")
	}
	return handlers
}

func firewallHandlers() map[string]handler {
	return map[string]handler{
		"address_info":    lookUp("address", "firewall", "addresses"),
		"block_address":   post("address", "block", "firewall", "addresses"),
		"unblock_address": post("address", "unblock", "firewall", "addresses"),
	}
}

func mailHandlers() map[string]handler {
	return map[string]handler{
		"find_messages":       findMessages,
		"quarantine_messages": postArgs("mail", "quarantine"),
		"restore_messages":    postArgs("mail", "restore"),
		"mailbox_rules":       mailboxRules,
		"disable_rules":       postArgs("mail", "rules", "disable"),
		"enable_rules":        postArgs("mail", "rules", "enable"),
		"send":                postArgs("mail", "send"),
	}
}

func intelHandlers() map[string]handler {
	return map[string]handler{
		"ip_report":   lookUp("address", "intel", "addresses"),
		"url_report":  urlReport,
		"file_report": lookUp("sha256", "intel", "files"),
	}
}

// lookUp reads the thing that an argument names.
func lookUp(argument string, path ...string) handler {
	return func(ctx context.Context, client *connector.Client, call connector.Call) (connector.Result, error) {
		return read(ctx, client, connector.Request{Segments: append(slices.Clone(path), text(call, argument))})
	}
}

// post changes the thing that an argument names.
func post(argument, verb string, path ...string) handler {
	return func(ctx context.Context, client *connector.Client, call connector.Call) (connector.Result, error) {
		return change(ctx, client, call, connector.Request{Segments: append(slices.Clone(path), text(call, argument), verb)})
	}
}

// postArgs sends the arguments as they are; the schema has named them.
func postArgs(path ...string) handler {
	return func(ctx context.Context, client *connector.Client, call connector.Call) (connector.Result, error) {
		return change(ctx, client, call, connector.Request{Segments: path, Body: call.Args})
	}
}

func findMessages(ctx context.Context, client *connector.Client, call connector.Call) (connector.Result, error) {
	query := url.Values{}
	for _, name := range []string{"sender", "url"} {
		if value := text(call, name); value != "" {
			query.Set(name, value)
		}
	}
	return read(ctx, client, connector.Request{Segments: []string{"mail", "messages"}, Query: query})
}

func signIns(ctx context.Context, client *connector.Client, call connector.Call) (connector.Result, error) {
	return read(ctx, client, connector.Request{Segments: []string{"directory", "users", text(call, "user"), "sign_ins"}})
}

func mailboxRules(ctx context.Context, client *connector.Client, call connector.Call) (connector.Result, error) {
	return read(ctx, client, connector.Request{Segments: []string{"mail", "rules"}, Query: url.Values{"mailbox": {text(call, "mailbox")}}})
}

func urlReport(ctx context.Context, client *connector.Client, call connector.Call) (connector.Result, error) {
	return read(ctx, client, connector.Request{Segments: []string{"intel", "urls"}, Query: url.Values{"url": {text(call, "url")}}})
}

// artifact is one kind of evidence with its place in the order of volatility.
type artifact struct {
	kind       string
	volatility int
}

// artifacts lists what a host can give, what is gone first first (RFC 3227).
func artifacts() []artifact {
	return []artifact{{"memory_summary", 1}, {"connections", 2}, {"processes", 3}, {"auth_log", 4}}
}

// collect fetches the kinds asked for, all when none is named, in the order of
// volatility. It changes nothing on the host, and still tells the ledger before
// the first byte: what was collected when is part of the chain of custody.
func collect(ctx context.Context, client *connector.Client, call connector.Call) (connector.Result, error) {
	host, wanted := text(call, "host"), names(call.Args["kinds"])
	if err := call.Permit(ctx); err != nil {
		return connector.Result{}, err
	}
	var items []connector.Item
	list := []any{}
	for _, artifact := range artifacts() {
		if len(wanted) > 0 && !slices.Contains(wanted, artifact.kind) {
			continue
		}
		response, err := client.Do(ctx, connector.Request{Method: "GET", Segments: []string{"edr", "hosts", host, "artifacts", artifact.kind}})
		if err != nil {
			return connector.Result{}, err
		}
		name := host + "-" + artifact.kind + ".txt"
		items = append(items, connector.Item{Name: name, MediaType: "text/plain; charset=utf-8", Source: host, Volatility: artifact.volatility, Body: io.NopCloser(bytes.NewReader(response.Body))})
		list = append(list, map[string]any{"kind": artifact.kind, "name": name, "bytes": len(response.Body), "volatility": artifact.volatility})
	}
	return connector.Result{Output: map[string]any{"host": host, "count": len(list), "items": list}, Evidence: items}, nil
}

func names(value any) []string {
	list, _ := value.([]any)
	var texts []string
	for _, element := range list {
		if name, ok := element.(string); ok {
			texts = append(texts, name)
		}
	}
	return texts
}
