package http

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	nethttp "net/http"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
)

//go:embed manifest.yaml
var source []byte

type kind struct {
	manifest *manifest.Manifest
	base     connector.PublicConfig
}

// Kind gives the connector. Base holds what every instance keeps to, such as the
// site's own networks; an instance's settings come on top. Its error is a fault
// of this build.
func Kind(base connector.PublicConfig) (connector.Connector, error) {
	described, faults := manifest.Parse("http/manifest.yaml", source)
	if faults.HasErrors() {
		return nil, fmt.Errorf("manifest http: %v", faults)
	}
	return kind{described, base}, nil
}

// Manifest describes the connector.
func (k kind) Manifest() *manifest.Manifest { return k.manifest }

// Open makes an instance.
func (k kind) Open(config connector.Config) (connector.Instance, error) {
	public := k.base
	public.Plaintext = public.Plaintext || config.Settings["plaintext"] == "allowed"
	for part := range strings.SplitSeq(config.Settings["deny"], ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("setting deny: want networks such as 192.0.2.0/24, not %q", part)
		}
		public.Deny = append(public.Deny, prefix)
	}
	return instance{connector.NewPublic(public)}, nil
}

type instance struct{ client *connector.Public }

// Do carries out one action.
func (i instance) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	address, _ := call.Args["url"].(string)
	request := connector.PublicRequest{URL: address, Header: headers(call.Args["headers"])}
	switch call.Action {
	case "get":
		request.Method = nethttp.MethodGet
	case "request":
		request.Method = nethttp.MethodPost
		if method, ok := call.Args["method"].(string); ok {
			request.Method = method
		}
		request.Body, request.Key, request.Sent, request.Effect = call.Args["body"], call.Key, call.Sent, true
	default:
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("http has no action %q", call.Action)}
	}
	response, err := i.client.Do(ctx, request)
	if err != nil {
		return connector.Result{}, err
	}
	return connector.Result{Output: output(response)}, nil
}

func headers(value any) nethttp.Header {
	header := nethttp.Header{}
	given, _ := value.(map[string]any)
	for name, value := range given {
		if text, ok := value.(string); ok {
			header.Set(name, text)
		}
	}
	return header
}

// output gives the body as text, and as JSON too when it is JSON. Bytes that are
// no UTF-8 are replaced: the database and Temporal refuse them.
func output(response *connector.Response) map[string]any {
	body := string(response.Body)
	if !utf8.ValidString(body) {
		body = strings.ToValidUTF8(body, "\uFFFD")
	}
	out := map[string]any{"status": response.Status, "content_type": response.Header.Get("Content-Type"), "body": strings.ReplaceAll(body, "\x00", "\uFFFD")}
	var parsed any
	if json.Unmarshal(response.Body, &parsed) == nil {
		out["json"] = parsed
	}
	return out
}
