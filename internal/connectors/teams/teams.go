package teams

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

//go:embed manifest.yaml
var source []byte

type kind struct{ connector.Described }

// Kind gives the connector. Its error is a fault of this build.
func Kind() (connector.Connector, error) {
	described, err := connector.Describe("teams/manifest.yaml", source)
	if err != nil {
		return nil, err
	}
	return kind{described}, nil
}

// Open makes an instance for one workflow.
func (k kind) Open(config connector.Config) (connector.Instance, error) {
	given := config.Secrets["url"]
	address, err := url.Parse(given.Reveal())
	if err != nil || address.Host == "" || address.Fragment != "" {
		return nil, errors.New("setting url: it cannot be read; want the address that the workflow shows") // the text is a secret
	}
	w := &workflow{query: address.Query()}
	hidden := []secret.String{given}
	if signature := w.query.Get("sig"); signature != "" {
		hidden = append(hidden, secret.New(signature), secret.New(url.QueryEscape(signature)))
	}
	address.RawQuery = ""
	w.client, err = connector.NewClient(connector.ClientConfig{
		BaseURL: address.String(), Plaintext: config.Settings["plaintext"] == "allowed", TLS: connector.TLS{CA: config.Settings["ca"]},
		MaxBody: 64 << 10, Hidden: hidden,
	})
	if err != nil {
		return nil, fmt.Errorf("setting url: %w", err)
	}
	return w, nil
}

// workflow is one configured workflow.
type workflow struct {
	client *connector.Client
	query  url.Values
}

// Do posts one card.
func (w *workflow) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	if call.Action != "post" {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("teams has no action %q", call.Action)}
	}
	body, err := Body(call.Args)
	if err != nil {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: "the card cannot be written", Err: err}
	}
	response, err := w.client.Do(ctx, connector.Request{
		Method: http.MethodPost, Query: w.query, Header: http.Header{"Accept": {"*/*"}}, Raw: &connector.RawBody{Type: "application/json", Text: string(body)},
		Key: call.Key, Sent: call.Sent, Effect: true,
	})
	if err != nil {
		return connector.Result{}, err
	}
	return connector.Result{Output: map[string]any{"status": response.Status}}, nil
}
