package connector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds that hold unless a configuration sets others.
const (
	defaultTimeout = 30 * time.Second
	dialTimeout    = 10 * time.Second
	defaultMaxBody = 4 << 20
	maxHeaderBytes = 64 << 10
	maxRequestBody = 1 << 20
	userAgent      = "tocsin-connector"
	defaultKeyName = "Idempotency-Key"
)

// ClientConfig binds a client to one system. Nothing of it can come from a
// playbook.
type ClientConfig struct {
	BaseURL    string         // scheme, host, port and path prefix of every call
	Plaintext  bool           // permits http to a host that is not loopback
	Networks   []netip.Prefix // when set, the connected address must lie in one of them
	TLS        TLS
	AuthHeader string          // Authorization when empty
	AuthPrefix string          // "Bearer "
	Secret     secret.String   // sent in AuthHeader after AuthPrefix, to this host only
	AuthQuery  string          // when set, Secret goes into this query parameter and no header
	AuthField  string          // when set, Secret goes into this member of JSON bodies and no header
	Hidden     []secret.String // further secrets to take out of what comes back, such as the password in an encoded Secret
	KeyHeader  string          // where the idempotency key goes; Idempotency-Key when empty
	Timeout    time.Duration   // of one call; 30 s when zero
	MaxBody    int64           // bytes of an answer; 4 MiB when zero
	Now        func() time.Time
}

// Client talks to one configured system. It follows no redirect, uses no proxy,
// keeps no cookie and offers no compression. It is safe for concurrent use.
type Client struct {
	config ClientConfig
	base   *url.URL
	tls    *tls.Config
	reads  *http.Transport
	scrub  scrubber
}

// Request is one call. Segments are joined to the base URL's path, each escaped,
// so that a name in them can never leave its place.
type Request struct {
	Method   string
	Segments []string
	Slash    bool // the path ends with a slash
	Query    url.Values
	Header   http.Header   // in addition; may not set what the client sets
	Body     any           // encoded as JSON when not nil
	Form     url.Values    // encoded as a form when not nil; then Body is not used
	Raw      *RawBody      // sent as it is when not nil; then neither Body nor Form is used
	Bearer   secret.String // sent as a bearer token in Authorization, in place of the client's secret
	Key      string        // idempotency key
	Sent     func(context.Context) error
	Effect   bool // may change something: its own connection, Sent before its first byte
}

// NewClient checks the configuration. It does no I/O.
func NewClient(config ClientConfig) (*Client, error) {
	base, err := parseBase(config)
	if err != nil {
		return nil, err
	}
	trust, err := config.TLS.config()
	if err != nil {
		return nil, err
	}
	trust.ServerName = base.Hostname()
	config.fillDefaults()
	if strings.ContainsFunc(config.AuthPrefix+config.Secret.Reveal(), control) {
		return nil, errors.New("the secret holds a line break or another control character; check how it was stored")
	}
	c := &Client{config: config, base: base, tls: trust, scrub: newScrubber(append([]secret.String{config.Secret, config.TLS.Key}, config.Hidden...)...)}
	c.reads = &http.Transport{
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx) },
		DialTLSContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx) },
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
	}
	return c, nil
}

func parseBase(config ClientConfig) (*url.URL, error) {
	base, err := url.Parse(config.BaseURL)
	if err != nil {
		return nil, errors.New("the base URL cannot be read; want https://host/path")
	}
	switch {
	case base.Host == "" || base.Hostname() == "":
		return nil, errors.New("the base URL has no host; want https://host/path")
	case base.User != nil:
		return nil, errors.New("the base URL holds a user or password; put credentials into the secret settings")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the base URL has a query or fragment; want https://host/path")
	case base.Scheme == "https":
	case base.Scheme == "http" && (config.Plaintext || loopback(base.Hostname())):
	case base.Scheme == "http":
		return nil, fmt.Errorf("the base URL %s is not encrypted; use https, or permit plaintext in this connector's settings", base.Redacted())
	default:
		return nil, fmt.Errorf("the base URL has scheme %q; want https", base.Scheme)
	}
	return base, nil
}

func (c *ClientConfig) fillDefaults() {
	if c.AuthHeader == "" {
		c.AuthHeader = "Authorization"
	}
	if c.KeyHeader == "" {
		c.KeyHeader = defaultKeyName
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

// Do carries out one call. Its error is always *Error. An answer that is no
// success comes with its error, so that a connector may read it.
func (c *Client) Do(ctx context.Context, call Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	scrub := c.scrub.with(call.Bearer)
	request, err := c.build(call)
	if err != nil {
		return nil, &Error{Class: Permanent, Message: soar.Shorten("the request cannot be made: "+scrub.text(err.Error()), maxQuoted)}
	}
	raw, failure := c.roundTrip(ctx, request, call) //nolint:bodyclose // readBody closes it
	if failure != nil {
		failure.Err = scrub.err(failure.Err)
		return nil, failure
	}
	body, failure := readBody(raw, c.config.MaxBody, call.Effect)
	response := &Response{Status: raw.StatusCode, Header: scrub.header(raw.Header), Body: scrub.bytes(body)}
	if refused := ClassifyStatus(raw.StatusCode, raw.Header, call.Effect, c.config.Now()); refused != nil {
		if quote := scrub.quote(body); quote != "" {
			refused.Message += ": " + quote
		}
		return response, refused
	}
	if failure != nil {
		failure.Err = scrub.err(failure.Err)
		return nil, failure
	}
	return response, nil
}

func (c *Client) roundTrip(ctx context.Context, request *http.Request, call Request) (*http.Response, *Error) {
	if call.Effect {
		return exchange{dial: c.dial, request: request, sent: call.Sent, now: c.config.Now}.run(ctx)
	}
	response, err := c.reads.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return nil, dialError(err)
	}
	return response, nil
}

func (c *Client) build(call Request) (*http.Request, error) {
	address, err := c.address(call)
	if err != nil {
		return nil, err
	}
	body, err := c.body(call)
	if err != nil {
		return nil, err
	}
	request := &http.Request{Method: call.Method, URL: address, Host: c.base.Host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	setBody(request, body)
	if call.Form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	call.Raw.describe(request)
	return request, c.setHeaders(request, call)
}

// body encodes the call's body, with the secret in it where the system takes it
// there.
func (c *Client) body(call Request) ([]byte, error) {
	if call.Raw != nil {
		return rawOrJSON(call.Raw, nil)
	}
	if call.Form != nil {
		return limitBody([]byte(call.Form.Encode()))
	}
	if c.config.AuthField == "" || c.config.Secret.Empty() || call.Body == nil {
		return encodeBody(call.Body)
	}
	fields, ok := call.Body.(map[string]any)
	if !ok {
		return nil, errors.New("the body is no object, and the secret goes into it")
	}
	whole := maps.Clone(fields)
	whole[c.config.AuthField] = c.config.Secret.Reveal()
	return encodeBody(whole)
}

func (c *Client) setHeaders(request *http.Request, call Request) error {
	if err := copyHeaders(request.Header, call.Header, "Authorization", c.config.AuthHeader, c.config.KeyHeader); err != nil {
		return err
	}
	if request.Header.Get("Accept") == "" {
		request.Header.Set("Accept", "application/json")
	}
	request.Header.Set("User-Agent", userAgent)
	inHeader := c.config.AuthQuery == "" && c.config.AuthField == ""
	switch {
	case !call.Bearer.Empty():
		request.Header.Set("Authorization", "Bearer "+call.Bearer.Reveal())
	case inHeader && !c.config.Secret.Empty():
		request.Header.Set(c.config.AuthHeader, c.config.AuthPrefix+c.config.Secret.Reveal())
	}
	if call.Key != "" {
		request.Header.Set(c.config.KeyHeader, call.Key)
	}
	return nil
}

func (c *Client) address(call Request) (*url.URL, error) {
	path := strings.TrimSuffix(c.base.EscapedPath(), "/")
	for _, segment := range call.Segments {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, control) {
			return nil, fmt.Errorf("%q cannot stand in a path", segment)
		}
		path += "/" + url.PathEscape(segment)
	}
	if call.Slash {
		path += "/"
	}
	address := *c.base
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, err
	}
	query := maps.Clone(call.Query)
	if c.config.AuthQuery != "" && !c.config.Secret.Empty() {
		if query == nil {
			query = url.Values{}
		}
		query.Set(c.config.AuthQuery, c.config.Secret.Reveal())
	}
	address.Path, address.RawPath, address.RawQuery = plain, path, query.Encode()
	return &address, nil
}
