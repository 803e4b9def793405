package lab

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/connector"
)

//go:embed edr.yaml
var edrManifest []byte

//go:embed directory.yaml
var directoryManifest []byte

//go:embed firewall.yaml
var firewallManifest []byte

//go:embed mail.yaml
var mailManifest []byte

//go:embed intel.yaml
var intelManifest []byte

// handler carries out one action.
type handler func(context.Context, *connector.Client, connector.Call) (connector.Result, error)

// kind is one lab system: its manifest, and what its actions do.
type kind struct {
	connector.Described
	handlers map[string]handler
}

// Kinds gives the five lab connectors. Its error is a fault of this build.
func Kinds() ([]connector.Connector, error) {
	sources := []struct {
		name     string
		source   []byte
		handlers map[string]handler
	}{
		{"lab/edr.yaml", edrManifest, edrHandlers()},
		{"lab/directory.yaml", directoryManifest, directoryHandlers()},
		{"lab/firewall.yaml", firewallManifest, firewallHandlers()},
		{"lab/mail.yaml", mailManifest, mailHandlers()},
		{"lab/intel.yaml", intelManifest, intelHandlers()},
	}
	var kinds []connector.Connector
	for _, s := range sources {
		described, err := connector.Describe(s.name, s.source)
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, kind{described, s.handlers})
	}
	return kinds, nil
}

// Open makes an instance for one lab server.
func (k kind) Open(config connector.Config) (connector.Instance, error) {
	client, err := connector.NewClient(connector.ClientConfig{
		BaseURL: config.Settings["base_url"], Plaintext: config.Settings["plaintext"] == "allowed",
		AuthPrefix: "Bearer ", Secret: config.Secrets["token"],
	})
	if err != nil {
		return nil, err
	}
	return instance{client, k.handlers}, nil
}

type instance struct {
	client   *connector.Client
	handlers map[string]handler
}

// Do carries out one action.
func (i instance) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	handle, ok := i.handlers[call.Action]
	if !ok {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("the lab has no action %q", call.Action)}
	}
	return handle(ctx, i.client, call)
}

// text reads an argument that the schema already made sure of.
func text(call connector.Call, name string) string {
	value, _ := call.Args[name].(string)
	return strings.TrimSpace(value)
}

// read fetches one JSON object.
func read(ctx context.Context, client *connector.Client, request connector.Request) (connector.Result, error) {
	request.Method = "GET"
	return object(client.Do(ctx, request))(false)
}

// change posts one effect and reads the object that comes back.
func change(ctx context.Context, client *connector.Client, call connector.Call, request connector.Request) (connector.Result, error) {
	request.Method, request.Effect, request.Key, request.Sent = "POST", true, call.Key, call.Sent
	return object(client.Do(ctx, request))(true)
}

func object(response *connector.Response, err error) func(effect bool) (connector.Result, error) {
	return func(effect bool) (connector.Result, error) {
		if err != nil {
			return connector.Result{}, err
		}
		var output map[string]any
		if err := response.JSON(&output, effect); err != nil {
			return connector.Result{}, err
		}
		return connector.Result{Output: output}, nil
	}
}
