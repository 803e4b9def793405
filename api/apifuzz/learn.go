package apifuzz

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// maxKnown bounds how many values are kept for one path parameter.
const maxKnown = 20

// holder is a token and what its owner may do.
type holder struct {
	token       string
	source      string // of a detection tool
	permissions []string
}

// introduce asks the server what each token may do.
func (r *run) introduce(ctx context.Context) error {
	if len(r.options.Tokens) == 0 {
		return fmt.Errorf("no tokens were given: without one nothing behind the door is tried")
	}
	for i, token := range r.options.Tokens {
		got, err := r.send(ctx, request{method: http.MethodGet, path: "/api/v1/me", token: token})
		if err != nil {
			return err
		}
		var me struct {
			Source      string   `json:"source"`
			Permissions []string `json:"permissions"`
		}
		if err := json.Unmarshal(got.body, &me); err != nil || got.status != http.StatusOK {
			return fmt.Errorf("token %d of %d is not valid: the server answered %d", i+1, len(r.options.Tokens), got.status)
		}
		r.holders = append(r.holders, holder{token, me.Source, me.Permissions})
	}
	return nil
}

// tokenFor gives a token that permits the operation, false when there is none.
func (r *run) tokenFor(o *operation) (holder, bool) {
	i := slices.IndexFunc(r.holders, func(h holder) bool { return h.may(o) })
	if o.public() {
		return holder{}, true
	}
	if i < 0 {
		return r.holders[0], false
	}
	// A door for one source is for the tool that is bound to it.
	for _, p := range o.in("path") {
		bound := slices.IndexFunc(r.holders, func(h holder) bool { return h.source != "" && h.may(o) })
		if p.Name == "source" && bound >= 0 {
			i = bound
		}
	}
	return r.holders[i], true
}

// stranger gives a token without the right.
func (r *run) stranger(o *operation) (holder, bool) {
	i := slices.IndexFunc(r.holders, func(h holder) bool { return !h.may(o) })
	if o.public() || i < 0 {
		return holder{}, false
	}
	return r.holders[i], true
}

func (h holder) may(o *operation) bool {
	return slices.ContainsFunc(o.permissions, func(p string) bool { return p == "any" || slices.Contains(h.permissions, p) })
}

// learn asks every list for what exists, so that requests name real things.
func (r *run) learn(ctx context.Context) error {
	for _, o := range r.described.operations {
		token, ok := r.tokenFor(o)
		if o.method != http.MethodGet || strings.Contains(o.path, "{") || o.public() || !ok {
			continue
		}
		got, err := r.send(ctx, request{method: o.method, path: o.path, token: token.token})
		if err != nil {
			return err
		}
		var page struct {
			Items []map[string]any `json:"items"`
		}
		if json.Unmarshal(got.body, &page) != nil || len(page.Items) == 0 {
			continue
		}
		for parameter := range r.parametersBelow(o.path) {
			r.remember(parameter, page.Items)
		}
	}
	return nil
}

// parametersBelow gives the path parameters that stand right after a path.
func (r *run) parametersBelow(path string) map[string]bool {
	found := map[string]bool{}
	for _, o := range r.described.operations {
		rest, ok := strings.CutPrefix(o.path, path+"/{")
		if name, _, closed := strings.Cut(rest, "}"); ok && closed {
			found[name] = true
		}
	}
	return found
}

// remember keeps the values of the field that names an item.
func (r *run) remember(parameter string, items []map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, item := range items {
		for _, field := range []string{parameter, "id", "playbook", "instance", "name"} {
			text, number := item[field].(string)
			if n, ok := item[field].(float64); ok {
				text, number = fmt.Sprintf("%.0f", n), true
			}
			if !number || text == "" {
				continue
			}
			if !slices.Contains(r.known[parameter], text) && len(r.known[parameter]) < maxKnown {
				r.known[parameter] = append(r.known[parameter], text)
			}
			break
		}
	}
}
