package http

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/connector"
)

//go:embed manifest.yaml
var source []byte

type kind struct {
	connector.Described
	base connector.PublicConfig
}

// Kind gives the connector. Base holds what every instance without a base_url
// keeps to, such as the site's own networks; an instance's settings come on top.
// Its error is a fault of this build.
func Kind(base connector.PublicConfig) (connector.Connector, error) {
	described, err := connector.Describe("http/manifest.yaml", source)
	if err != nil {
		return nil, err
	}
	return kind{described, base}, nil
}

// instance has a public client, or one that is bound to base.
type instance struct {
	public *connector.Public
	client *connector.Client
	base   *url.URL
}

// Do carries out one action.
func (i instance) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	request, err := read(call)
	if err != nil {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: err.Error()}
	}
	var response *connector.Response
	if i.client == nil {
		response, err = i.public.Do(ctx, request)
	} else {
		response, err = i.send(ctx, request)
	}
	if err != nil {
		return connector.Result{}, err
	}
	return connector.Result{Output: output(response)}, nil
}

// send makes a call of the system that the instance is bound to.
func (i instance) send(ctx context.Context, request connector.PublicRequest) (*connector.Response, error) {
	at, err := below(i.base, request.URL)
	if err != nil {
		return nil, &connector.Error{Class: connector.Permanent, Message: err.Error()}
	}
	return i.client.Do(ctx, connector.Request{
		Method: request.Method, Segments: at.segments, Slash: at.slash, Query: at.query, Header: request.Header,
		Body: request.Body, Raw: request.Raw, Key: request.Key, Sent: request.Sent, Effect: request.Effect,
	})
}

// read makes a request of a call's arguments.
func read(call connector.Call) (connector.PublicRequest, error) {
	address, _ := call.Args["url"].(string)
	method, _ := call.Args["method"].(string)
	request := connector.PublicRequest{URL: address, Method: method, Header: headers(call.Args["headers"])}
	allowed := []string{nethttp.MethodPost, nethttp.MethodPut, nethttp.MethodPatch, nethttp.MethodDelete}
	switch call.Action {
	case "get":
		allowed = []string{nethttp.MethodGet, nethttp.MethodHead}
	case "request":
		request.Key, request.Sent, request.Effect = call.Key, call.Sent, true
		if err := addBody(&request, call.Args); err != nil {
			return request, err
		}
	default:
		return request, fmt.Errorf("http has no action %q", call.Action)
	}
	if method == "" {
		request.Method = allowed[0]
	}
	for _, known := range allowed {
		if request.Method == known {
			return request, nil
		}
	}
	return request, fmt.Errorf("method: want one of %s, not %q", strings.Join(allowed, ", "), method)
}

// addBody takes the one of body, form and text that is given.
func addBody(request *connector.PublicRequest, args map[string]any) error {
	given := 0
	for _, name := range []string{"body", "form", "text"} {
		if args[name] != nil {
			given++
		}
	}
	media, _ := args["content_type"].(string)
	if request.Header.Get("Content-Type") != "" {
		return errors.New("headers: Content-Type follows from body or form; give it as content_type with text")
	}
	form, isForm := args["form"].(map[string]any)
	text, isText := args["text"].(string)
	switch {
	case given > 1:
		return errors.New("body, form and text: a request has one of them")
	case media != "" && !isText:
		return errors.New("content_type: it goes with text")
	case isText:
		request.Raw = &connector.RawBody{Type: media, Text: text}
	case isForm:
		values := url.Values{}
		for name, value := range form {
			values.Set(name, formText(value))
		}
		request.Raw = &connector.RawBody{Type: "application/x-www-form-urlencoded", Text: values.Encode()}
	default:
		request.Body = args["body"]
	}
	return nil
}

// formText writes numbers without an exponent.
func formText(value any) string {
	if number, ok := value.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(value)
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

// output gives the body as text, and as JSON too when it is JSON.
func output(response *connector.Response) map[string]any {
	received := map[string]any{}
	for name, values := range response.Header {
		if len(values) > 0 {
			received[strings.ToLower(name)] = plainText(values[0])
		}
	}
	out := map[string]any{
		"status": response.Status, "content_type": response.Header.Get("Content-Type"), "headers": received, "body": plainText(string(response.Body)),
	}
	var parsed any
	if json.Unmarshal(response.Body, &parsed) == nil {
		out["json"] = parsed
	}
	return out
}

// plainText replaces what is no UTF-8, and NUL: the database and Temporal refuse
// them.
func plainText(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.ReplaceAll(text, "\x00", "\uFFFD")
}
