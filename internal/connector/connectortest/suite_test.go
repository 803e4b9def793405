package connectortest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// defects are the ways in which the sample connector may be wrong, with the
// check that must see it.
func defects() map[string]string {
	return map[string]string{
		"none":            "",
		"no key":          "answers",
		"misfit":          "answers",
		"undeclared":      "undeclared",
		"early":           "ledger",
		"ignores ledger":  "ledger",
		"never tells":     "ledger",
		"follows":         "statuses",
		"wrong class":     "statuses",
		"shows secret":    "canary",
		"logs secret":     "canary",
		"swallows":        "faults",
		"deaf":            "cancel",
		"no undo":         "manifest",
		"target is wrong": "manifest",
	}
}

const planted = "CONNECTORTEST_PLANTED"

// A suite that cannot fail proves nothing: each planted defect must be seen, by
// the check that is there for it. The suite runs in a process of its own, since a
// failing test cannot be caught.
func TestSuiteSeesEachDefect(t *testing.T) {
	if os.Getenv(planted) != "" {
		t.Skip("this is the inner run")
	}
	t.Parallel()
	for defect, check := range defects() {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPlanted$", "-test.v")
			command.Env = append(os.Environ(), planted+"="+defect)
			out, err := command.CombinedOutput()
			if defect == "none" {
				if err != nil {
					t.Fatalf("the sample connector fails: %s", out)
				}
				return
			}
			if err == nil {
				t.Fatal("the suite did not see it")
			}
			if !strings.Contains(string(out), "--- FAIL: TestPlanted/"+check) {
				t.Errorf("seen, but not by %q: %s", check, out)
			}
		})
	}
}

func TestPlanted(t *testing.T) {
	defect := os.Getenv(planted)
	if defect == "" {
		t.Skip("run by TestSuiteSeesEachDefect")
	}
	args := func(string) map[string]any { return map[string]any{"host": "ws-042"} }
	connectortest.Run(t, connectortest.Suite{
		Kind:     sample{defect},
		Settings: func(url string) map[string]string { return map[string]string{"url": url} },
		Cases: map[string]connectortest.Case{
			"look": {Args: args, Answer: `{"there":true}`},
			"act":  {Args: args, Answer: `{"there":true}`},
		},
	})
}

type sample struct{ defect string }

func (s sample) Manifest() *manifest.Manifest {
	host := map[string]any{"type": "object", "required": []any{"host"}, "properties": map[string]any{"host": map[string]any{"type": "string"}}}
	there := map[string]any{"type": "object", "required": []any{"there"}}
	undo := &manifest.Undo{Action: "act", With: []manifest.UndoArg{{Name: "host", Value: "${{ args.host }}"}}}
	m := &manifest.Manifest{
		Connector: "sample", Version: "1.0.0", Title: "Sample", Description: "A sample.", Tested: "Not.", Digest: "00",
		Settings: []manifest.Setting{{Name: "url", Required: true}, {Name: "token", Secret: true}},
		Actions: []manifest.Action{
			{Name: "look", Title: "Look", Description: "Looks.", Risk: "read", Timeout: 1, Input: host, Output: there},
			{Name: "act", Title: "Act", Description: "Acts.", Risk: "change", Timeout: 1, Input: host, Output: there, Target: "host", Undo: undo},
		},
	}
	switch s.defect {
	case "no undo":
		m.Actions[1].Undo = nil
	case "target is wrong":
		m.Actions[1].Target = "hostname"
	}
	return m
}

func (s sample) Open(config connector.Config) (connector.Instance, error) {
	client, err := connector.NewClient(connector.ClientConfig{BaseURL: config.Settings["url"], AuthPrefix: "Bearer ", Secret: config.Secrets["token"]})
	return opened{s.defect, client, config}, err
}

type opened struct {
	defect string
	client *connector.Client
	config connector.Config
}

func (o opened) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	request, known := map[string]connector.Request{
		"look": {Method: "GET"}, "act": {Method: "POST", Effect: true, Key: call.Key, Sent: call.Sent, Body: call.Args},
	}[call.Action]
	if !known && o.defect == "undeclared" {
		return connector.Result{Output: map[string]any{"there": true}}, nil
	}
	if !known {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: "no such action"}
	}
	o.spoilRequest(ctx, &request)
	if o.defect == "deaf" {
		ctx = context.WithoutCancel(ctx)
	}
	if o.defect == "follows" {
		return o.follow(ctx)
	}
	response, err := o.client.Do(ctx, request)
	if o.defect == "early" && request.Effect {
		_ = call.Sent(ctx)
	}
	if err != nil {
		return connector.Result{}, o.spoilError(err)
	}
	output := map[string]any{}
	if err := response.JSON(&output, request.Effect); err != nil && o.defect != "swallows" {
		return connector.Result{}, err
	}
	if o.defect == "misfit" {
		delete(output, "there")
	}
	return connector.Result{Output: output}, nil
}

func (o opened) spoilRequest(ctx context.Context, request *connector.Request) {
	sent := request.Sent
	switch {
	case o.defect == "no key":
		request.Key = ""
	case o.defect == "never tells" || o.defect == "early":
		request.Sent = nil
	case o.defect == "ignores ledger" && sent != nil:
		request.Sent = func(ctx context.Context) error { _ = sent(ctx); return nil }
	case o.defect == "logs secret":
		o.config.Logger.DebugContext(ctx, "calling", "token", o.config.Secrets["token"].Reveal())
	}
}

func (o opened) spoilError(err error) error {
	known, _ := errors.AsType[*connector.Error](err)
	switch {
	case o.defect == "wrong class" && known.Class == connector.Unknown:
		return &connector.Error{Class: connector.Transient, Message: known.Message}
	case o.defect == "shows secret":
		return &connector.Error{Class: known.Class, Message: fmt.Sprintf("%s (token %s)", known.Message, o.config.Secrets["token"].Reveal()), RetryAfter: known.RetryAfter, Err: known.Err}
	default:
		return err
	}
}

// follow uses the standard client, which follows redirects and takes the token
// along.
func (o opened) follow(ctx context.Context) (connector.Result, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.config.Settings["url"], nil)
	if err != nil {
		return connector.Result{}, err
	}
	request.Header.Set("Authorization", "Bearer "+secret.String.Reveal(o.config.Secrets["token"]))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return connector.Result{}, err
	}
	_ = response.Body.Close()
	return connector.Result{Output: map[string]any{"there": true}}, nil
}
