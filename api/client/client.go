package client

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
)

// Config says where the server is and who is asking.
type Config struct {
	URL     string // https://tocsin.example.com, without /api/v1
	Token   string // tocsin_...; empty for what needs none
	Version string // of the caller, for the server's log

	// Timeout bounds one request that is no stream; 0: 30 s.
	Timeout time.Duration
	// Attempts bounds how often one request is sent; 0: 3.
	Attempts int
	// Wait is the pause before the second attempt, doubled for each further one
	// unless the server says how long; 0: 200 ms.
	Wait time.Duration
	// Transport carries the requests; nil: Go's own.
	Transport http.RoundTripper
}

// Client asks one server. It is safe for concurrent use.
type Client struct {
	api *gen.ClientWithResponses
	url string
}

// New makes a client. It asks nothing yet.
func New(config Config) (*Client, error) {
	address, err := url.Parse(config.URL)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a server; expected a form such as http://127.0.0.1:8080", config.URL)
	}
	if address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return nil, fmt.Errorf("the address of the server holds more than scheme, host and path")
	}
	if strings.ContainsFunc(config.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("the token holds characters that no token has; was it copied whole?")
	}
	api, err := gen.NewClientWithResponses(config.URL, gen.WithHTTPClient(newDoer(config)))
	if err != nil {
		return nil, err
	}
	return &Client{api: api, url: strings.TrimSuffix(config.URL, "/")}, nil
}

// URL gives the address that is asked.
func (c *Client) URL() string { return c.url }

// NewKey makes an idempotency key. With the same key a command that was sent
// twice is done once.
func NewKey() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	return hex.EncodeToString(raw[:])
}

// fresh is the key of one call, so that it can be tried again after a lost answer.
func fresh() *string {
	key := NewKey()
	return &key
}

// answer gives the body of a successful answer.
func answer[T any](body *T) (*T, error) {
	if body == nil {
		return nil, &Error{Message: "the answer is not one of a Tocsin server of this version"}
	}
	return body, nil
}

// Page asks for one page of a list. The zero value is the first.
type Page struct {
	Limit int    // 0: as the server likes
	After string // the Next of the page before
}

func (p Page) limit() *gen.Limit { return optional(p.Limit) }
func (p Page) after() *gen.After { return optional(p.After) }

// optional gives nil for the zero value, which is then not sent.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
