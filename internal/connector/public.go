package connector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"code.dny.dev/ssrf"
)

// Bounds of the public client.
const (
	publicTimeout   = 10 * time.Second
	publicMaxBody   = 1 << 20
	publicRedirects = 3
	maxURLBytes     = 4096
)

// PublicConfig narrows or widens what the public client may reach. It comes from
// the configuration file only.
type PublicConfig struct {
	Plaintext bool           // permits http as well as https
	Deny      []netip.Prefix // the site's own public ranges, in addition to all that is not public
	Hosts     []string       // when set, the only hosts that may be called: names, or *.example.org for those below one
	Now       func() time.Time

	// The two below replace the check, for tests and for a lab that lives on
	// loopback: what lies in Allow may be connected to, on any of Ports.
	Allow []netip.Prefix
	Ports []uint16
}

// Public is the client for addresses that come from a playbook or an alert. It
// reaches public addresses only, judged on the address that the socket connects
// to; ports 80 and 443; https unless http is permitted; at most 3 redirects, each
// checked again and stripped of headers; 10 s; 1 MiB. It uses no proxy, no cookie
// and has no credentials. It is safe for concurrent use.
type Public struct {
	config   PublicConfig
	guardian *ssrf.Guardian
	reads    *http.Client
	resolver *net.Resolver // nil: the system's
}

// PublicRequest is one call of the public client.
type PublicRequest struct {
	Method string
	URL    string
	Header http.Header
	Body   any      // encoded as JSON when not nil
	Raw    *RawBody // sent as it is when not nil; then Body is not used
	Key    string
	Sent   func(context.Context) error
	Effect bool // may change something: no redirects, Sent before the first byte
}

// NewPublic makes the client. It does no I/O.
func NewPublic(config PublicConfig) *Public {
	if config.Now == nil {
		config.Now = time.Now
	}
	p := &Public{config: config, guardian: newGuardian(config)}
	p.reads = &http.Client{
		CheckRedirect: p.checkRedirect,
		Transport: &http.Transport{
			DialContext:            p.dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			DisableKeepAlives:      true, // a name is resolved and judged anew for every call
			MaxResponseHeaderBytes: maxHeaderBytes,
		},
	}
	return p
}

// newGuardian adds to the library's list what it lets pass: a cloud's wire
// server, and the site's own ranges.
func newGuardian(config PublicConfig) *ssrf.Guardian {
	denied4 := []netip.Prefix{netip.MustParsePrefix("168.63.129.16/32")}
	var denied6, allowed4, allowed6 []netip.Prefix
	for _, prefix := range config.Deny {
		if prefix.Addr().Unmap().Is4() {
			denied4 = append(denied4, prefix)
		} else {
			denied6 = append(denied6, prefix)
		}
	}
	for _, prefix := range config.Allow {
		if prefix.Addr().Is4() {
			allowed4 = append(allowed4, prefix)
		} else {
			allowed6 = append(allowed6, prefix)
		}
	}
	ports := config.Ports
	if len(ports) == 0 {
		ports = []uint16{80, 443}
	}
	return ssrf.New(ssrf.WithPorts(ports...), ssrf.WithDeniedV4Prefixes(denied4...), ssrf.WithDeniedV6Prefixes(denied6...),
		ssrf.WithAllowedV4Prefixes(allowed4...), ssrf.WithAllowedV6Prefixes(allowed6...))
}

func (p *Public) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialTimeout, Resolver: p.resolver, ControlContext: func(_ context.Context, network, address string, raw syscall.RawConn) error {
		if err := p.guardian.Safe(network, address, raw); err != nil {
			return &DeniedError{address, "it is not a public address and port"}
		}
		return nil
	}}
	return dialer.DialContext(ctx, network, address)
}

// Do carries out one call. Its error is always *Error. An answer that is no
// success comes with its error.
func (p *Public) Do(ctx context.Context, call PublicRequest) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, publicTimeout)
	defer cancel()
	request, err := p.build(call)
	if err != nil {
		return nil, &Error{Class: Permanent, Message: err.Error()}
	}
	raw, failure := p.roundTrip(ctx, request, call) //nolint:bodyclose // readBody closes it
	if failure != nil {
		return nil, failure
	}
	body, failure := readBody(raw, publicMaxBody, call.Effect)
	response := &Response{Status: raw.StatusCode, Header: raw.Header, Body: body}
	if refused := ClassifyStatus(raw.StatusCode, raw.Header, call.Effect, p.config.Now()); refused != nil {
		return response, refused
	}
	if failure != nil {
		return nil, failure
	}
	return response, nil
}

func (p *Public) roundTrip(ctx context.Context, request *http.Request, call PublicRequest) (*http.Response, *Error) {
	if call.Effect {
		return exchange{dial: p.effectDial(request.URL), request: request, sent: call.Sent, now: p.config.Now}.run(ctx)
	}
	response, err := p.reads.Do(request.WithContext(ctx))
	if err == nil {
		return response, nil
	}
	if refused, ok := errors.AsType[*redirectError](err); ok {
		return nil, &Error{Class: Permanent, Message: refused.Error()}
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the URL, which may be long and is the caller's own
	}
	return nil, dialError(err)
}

func (p *Public) effectDial(target *url.URL) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		conn, err := p.dial(ctx, "tcp", hostPort(target.Scheme, target.Hostname(), target.Port()))
		if err != nil || target.Scheme != "https" {
			return conn, err
		}
		return handshake(ctx, conn, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: target.Hostname(), NextProtos: []string{"http/1.1"}})
	}
}

func (p *Public) build(call PublicRequest) (*http.Request, error) {
	target, err := p.CheckURL(call.URL)
	if err != nil {
		return nil, err
	}
	body, err := rawOrJSON(call.Raw, call.Body)
	if err != nil {
		return nil, err
	}
	request := &http.Request{Method: call.Method, URL: target, Host: target.Host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if err := copyHeaders(request.Header, call.Header, "Authorization", "User-Agent", defaultKeyName); err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", userAgent)
	if call.Key != "" {
		request.Header.Set(defaultKeyName, call.Key)
	}
	setBody(request, body)
	call.Raw.describe(request)
	return request, nil
}

// CheckURL reads a URL that may have been written by an attacker. It judges the
// text only; the address is judged when it is connected to.
func (p *Public) CheckURL(text string) (*url.URL, error) {
	if len(text) > maxURLBytes || strings.ContainsFunc(text, func(r rune) bool { return control(r) || r == ' ' || r == '\\' }) {
		return nil, fmt.Errorf("the URL is longer than %d bytes, or holds a space, backslash or control character", maxURLBytes)
	}
	target, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("the URL cannot be read; want https://host/path")
	}
	target.Fragment, target.RawFragment = "", ""
	return target, p.checkParts(target)
}

func (p *Public) checkParts(target *url.URL) error {
	host := target.Hostname()
	switch {
	case target.Scheme != "https" && (target.Scheme != "http" || !p.config.Plaintext):
		return fmt.Errorf("the URL has scheme %q; want https", target.Scheme)
	case target.User != nil:
		return errors.New("the URL holds a user or password")
	case host == "" || target.Opaque != "":
		return errors.New("the URL names no host; want https://host/path")
	case strings.ContainsAny(host, "%*"):
		return errors.New("the URL's host holds a zone or wildcard")
	case !p.permitsPort(target.Port()):
		return fmt.Errorf("the URL has port %s; want 443 or 80", target.Port())
	case !p.permitsHost(host):
		return fmt.Errorf("the URL's host %q is not in the list of hosts that may be called", host)
	}
	return checkHost(host)
}

// permitsHost compares names without regard to case and to a dot at the end.
func (p *Public) permitsHost(host string) bool {
	plain := func(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
	return len(p.config.Hosts) == 0 || slices.ContainsFunc(p.config.Hosts, func(permitted string) bool {
		if above, below := strings.CutPrefix(permitted, "*"); below {
			return len(host) > len(above) && strings.HasSuffix(plain(host), plain(above))
		}
		return plain(host) == plain(permitted)
	})
}

func (p *Public) permitsPort(port string) bool {
	if port == "" || len(p.config.Ports) > 0 {
		return true // judged again on the socket
	}
	return slices.Contains([]string{"80", "443"}, port)
}

// checkHost refuses the old ways to write an IPv4 address, which some resolvers
// read as one and others as a name: 2130706433, 0x7f.1, 127.1, 0177.0.0.1.
func checkHost(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" {
			return errors.New("the URL's host has a zone")
		}
		return nil
	}
	if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return fmt.Errorf("the URL's host %q is not in its plain form, which begins with xn--", host)
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := strings.ToLower(labels[len(labels)-1])
	if last == "" || strings.HasPrefix(last, "0x") || strings.Trim(last, "0123456789") == "" {
		return fmt.Errorf("the URL's host %q is neither a name nor an address in plain form", host)
	}
	return nil
}

type redirectError struct{ why string }

func (e *redirectError) Error() string { return "the redirect is not followed: " + e.why }

// checkRedirect judges every hop anew and lets nothing but the request itself
// travel to it.
func (p *Public) checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > publicRedirects {
		return &redirectError{fmt.Sprintf("more than %d in a row", publicRedirects)}
	}
	if via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return &redirectError{"it leads from https to " + next.URL.Scheme}
	}
	if _, err := p.CheckURL(next.URL.String()); err != nil {
		return &redirectError{err.Error()}
	}
	next.Header = http.Header{"User-Agent": {userAgent}}
	return nil
}
