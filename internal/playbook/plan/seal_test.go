package plan

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sample has a value of every kind that JSON could bend.
func sample() *Plan {
	return &Plan{
		Language: "v1", Playbook: "ssh_brute_force", Version: "1.0.0", Title: "Brute force <on> SSH & more",
		Schema: json.RawMessage(`{"type": "object", "b": 1.0, "a": "<\u2028>"}`),
		Pins:   map[string]string{"edr": "d1", "a": "d2"},
		Calls:  map[string]string{"other": "d3"},
		Steps: []*Step{{
			ID: "one", Path: "one", Kind: KindAction, Timeout: time.Hour,
			Action: &Action{Connector: "edr", Name: "isolate_host", With: []Field{
				{Name: "whole", Value: Value{Kind: "literal", Literal: 9007199254740993}},
				{Name: "part", Value: Value{Kind: "literal", Literal: 2.5}},
				{Name: "wide", Value: Value{Kind: "literal", Literal: 1e30}},
				{Name: "no", Value: Value{Kind: "literal", Literal: false}},
				{Name: "empty", Value: Value{Kind: "literal", Literal: ""}},
				{Name: "none", Value: Value{Kind: "literal"}},
				{Name: "list", Value: Value{Kind: "list", List: []Value{{Kind: "literal", Literal: 7}}}},
				{Name: "deep", Value: Value{Kind: "literal", Literal: []any{1, map[string]any{"n": 2}}}},
			}},
		}},
	}
}

func sealed(t *testing.T, change func(*Plan)) *Plan {
	t.Helper()
	p := sample()
	if change != nil {
		change(p)
	}
	if err := Seal(p, []byte("tocsin: v1")); err != nil {
		t.Fatal(err)
	}
	return p
}

func written(t *testing.T, p *Plan) []byte {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSealAndRead(t *testing.T) {
	t.Parallel()
	p := sealed(t, nil)
	if len(p.Digest) != 64 || len(p.Source) != 64 || p.Digest == p.Source {
		t.Fatalf("digest %q, source %q", p.Digest, p.Source)
	}
	got, err := Read(written(t, p))
	if err != nil {
		t.Fatal(err)
	}
	p.Schema = got.Schema // JSON writes it again without spaces
	if diff := cmp.Diff(p, got); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	again := *got
	if err := Seal(&again, []byte("tocsin: v1")); err != nil || again.Digest != p.Digest {
		t.Errorf("sealed again: %s %v, want %s", again.Digest, err, p.Digest)
	}
}

func TestEverythingIsInTheDigest(t *testing.T) {
	t.Parallel()
	base := sealed(t, nil).Digest
	rows := map[string]func(*Plan){
		"a manifest": func(p *Plan) { p.Pins["edr"] = "d9" },
		"a call":     func(p *Plan) { p.Calls["other"] = "d9" },
		"a timeout":  func(p *Plan) { p.Steps[0].Timeout++ },
		"a literal":  func(p *Plan) { p.Steps[0].Action.With[0].Value.Literal = 9007199254740992 },
		"the order":  func(p *Plan) { w := p.Steps[0].Action.With; w[0], w[1] = w[1], w[0] },
		"the title":  func(p *Plan) { p.Title += "." },
	}
	for name, change := range rows {
		if got := sealed(t, change).Digest; got == base {
			t.Errorf("%s changed and the digest did not", name)
		}
	}
	other := sample()
	if err := Seal(other, []byte("tocsin: v1 ")); err != nil || other.Digest == base {
		t.Errorf("the source changed and the digest did not: %v", err)
	}
	stale := sealed(t, func(p *Plan) { p.Digest = "stale" })
	if stale.Digest != base {
		t.Error("the digest before counts")
	}
}

func TestSealRefusesWhatJSONCannotHold(t *testing.T) {
	t.Parallel()
	p := sample()
	p.Steps[0].Action.With[0].Value.Literal = func() {}
	if err := Seal(p, nil); err == nil || p.Digest != "" {
		t.Errorf("sealed as %q: %v", p.Digest, err)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := string(written(t, sealed(t, nil)))
	rows := map[string]struct{ raw, want string }{
		"a changed title":     {strings.Replace(good, "Brute force", "Brute farce", 1), "its contents have"},
		"a changed literal":   {strings.Replace(good, "9007199254740993", "9007199254740992", 1), "its contents have"},
		"no digest":           {string(written(t, sample())), "its contents have"},
		"an unknown key":      {strings.Replace(good, `"title"`, `"teh_title":1,"title"`, 1), "unknown field"},
		"an unknown key deep": {strings.Replace(good, `{"literal":2.5`, `{"extra":1,"literal":2.5`, 1), "unknown field"},
		"no JSON":             {"tocsin: v1", "read plan"},
		"a number too large":  {strings.Replace(good, `"literal":2.5`, `"literal":1e999`, 1), "value out of range"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if row.raw == good {
				t.Fatal("the row changes nothing")
			}
			if p, err := Read([]byte(row.raw)); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v %v, want an error with %q", p, err, row.want)
			}
		})
	}
}
