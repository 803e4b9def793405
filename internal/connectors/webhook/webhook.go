package webhook

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

//go:embed manifest.yaml
var source []byte

// bodyMost is the longest body in bytes.
const bodyMost = 256 << 10

type kind struct {
	connector.Described
	now func() time.Time
}

// Kind gives the connector; now tells the time, nil for that of this machine. Its
// error is a fault of this build.
func Kind(now func() time.Time) (connector.Connector, error) {
	described, err := connector.Describe("webhook/manifest.yaml", source)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	return kind{described, now}, nil
}

// Open makes an instance for one receiver.
func (k kind) Open(config connector.Config) (connector.Instance, error) {
	address, err := url.Parse(config.Secrets["url"].Reveal())
	if err != nil || address.Host == "" || address.Fragment != "" {
		return nil, errors.New("setting url: it cannot be read; want https://host/path") // the text is a secret
	}
	r := &receiver{query: address.Query(), now: k.now}
	address.RawQuery = ""
	for _, name := range []string{"signing_secret", "old_signing_secret"} {
		given := config.Secrets[name]
		if given.Empty() {
			continue
		}
		key, err := keyOf(given)
		if err != nil {
			return nil, fmt.Errorf("setting %s: %w", name, err)
		}
		r.keys = append(r.keys, key)
	}
	made := connector.ClientConfig{
		BaseURL: address.String(), Plaintext: config.Settings["plaintext"] == "allowed", TLS: connector.TLS{CA: config.Settings["ca"]},
		MaxBody: 64 << 10, Hidden: hidden(config.Secrets, r.query), Now: k.now,
	}
	for part := range strings.SplitSeq(config.Settings["networks"], ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("setting networks: want networks such as 192.0.2.0/24, not %q", part)
		}
		made.Networks = append(made.Networks, prefix)
	}
	if r.client, err = connector.NewClient(made); err != nil {
		return nil, fmt.Errorf("setting url: %w", err)
	}
	return r, nil
}

// hidden are the secrets that no answer may show: a receiver may echo what it got.
func hidden(secrets map[string]secret.String, query url.Values) (list []secret.String) {
	for _, given := range secrets {
		list = append(list, given)
	}
	for _, values := range query {
		for _, value := range values {
			list = append(list, secret.New(value))
		}
	}
	return list
}

// receiver is one configured receiver.
type receiver struct {
	client *connector.Client
	query  url.Values
	keys   []secret.String // of the HMAC, the newest first
	now    func() time.Time
}

// Do posts one event.
func (r *receiver) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	if call.Action != "post" {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("webhook has no action %q", call.Action)}
	}
	if call.Key == "" {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: "an event needs a key: without it a receiver cannot drop what it has"}
	}
	now := r.now()
	body, err := Body(call, now)
	if err != nil {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: err.Error()}
	}
	stamp := strconv.FormatInt(now.Unix(), 10)
	header := http.Header{
		"Webhook-Id": {call.Key}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {sign(r.keys, call.Key, stamp, string(body))}, "Accept": {"*/*"},
	}
	response, err := r.client.Do(ctx, connector.Request{
		Method: http.MethodPost, Query: r.query, Header: header, Raw: &connector.RawBody{Type: "application/json", Text: string(body)},
		Key: call.Key, Sent: call.Sent, Effect: true,
	})
	if err != nil {
		return connector.Result{}, err
	}
	return connector.Result{Output: map[string]any{"id": call.Key, "status": response.Status}}, nil
}

// Body writes the body of a request.
func Body(call connector.Call, now time.Time) ([]byte, error) {
	what, _ := call.Args["type"].(string)
	if what == "" {
		what = "event"
	}
	body, err := json.Marshal(struct {
		ID         string `json:"id"`
		Type       string `json:"type"`
		Timestamp  string `json:"timestamp"`
		IncidentID string `json:"incident_id,omitempty"`
		Data       any    `json:"data"`
	}{call.Key, what, now.UTC().Format(time.RFC3339), call.IncidentID, call.Args["data"]})
	switch {
	case err != nil:
		return nil, errors.New("data cannot be written as JSON")
	case len(body) > bodyMost:
		return nil, fmt.Errorf("the event has %d bytes as JSON; at most %d", len(body), bodyMost)
	}
	return body, nil
}
