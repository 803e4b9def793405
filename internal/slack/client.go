package slack

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of one call.
const (
	callTime = 10 * time.Second // from its first byte to its last
	maxPause = 5 * time.Second  // the longest Retry-After that a call waits for; longer ones are given to the caller
	maxTries = 3
)

// APIURL is where Slack is, unless a test says otherwise.
const APIURL = slackgo.APIURL

// ClientOptions bind a client to one workspace.
type ClientOptions struct {
	URL      string // base of the Web API, with a slash at its end; empty: APIURL
	BotToken secret.String
	AppToken secret.String    // for Socket Mode only
	Now      func() time.Time // nil: time.Now
	Meter    Meter            // nil: nobody counts
}

// Meter counts calls. Its methods are quick and safe for many goroutines.
type Meter interface {
	// SlackCall tells of one call; outcome is ok or the code of its error.
	SlackCall(method, outcome string, took time.Duration)
	// SlackWait tells that Slack wants to be left alone with a method for so long (429).
	SlackWait(method string, wait time.Duration)
}

// Methods names what a client calls, as its Meter is told: respond is a response_url.
func Methods() []string {
	return []string{
		"apps.connections.open", "auth.test", "chat.postMessage", "chat.update", "conversations.archive", "conversations.create", "conversations.info",
		"conversations.invite", "conversations.setTopic", "pins.add", "respond", "users.info", "views.open", "views.publish",
	}
}

type uncounted struct{}

func (uncounted) SlackCall(string, string, time.Duration) {}
func (uncounted) SlackWait(string, time.Duration)         {}

// Client calls Slack's Web API for one workspace. Its errors are *soar.Error:
//
//	invalid          Slack does not take what was sent (invalid_blocks, msg_too_long)
//	unauthenticated  the token is wrong, expired or revoked
//	denied           a scope is missing, or the workspace does not permit it
//	not_found        no such channel, message, user or view
//	conflict         archived, not in the channel, trigger expired, name taken
//	limited          too often; RetryAfter says how long to wait
//	unavailable      Slack is away, or did not say in time what became of it
//
// Reason gives Slack's own word. A short Retry-After is waited for, and all calls
// of that method with it. After unavailable it is not known whether the call had
// its effect. It is safe for concurrent use.
type Client struct {
	api    *slackgo.Client
	http   *http.Client
	base   *url.URL
	now    func() time.Time
	meter  Meter
	pauses pauses
}

// NewClient checks the options. It does no I/O.
func NewClient(o ClientOptions) (*Client, error) {
	if o.URL == "" {
		o.URL = APIURL
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Meter == nil {
		o.Meter = uncounted{}
	}
	base, err := url.Parse(o.URL)
	switch {
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || !strings.HasSuffix(base.Path, "/"):
		return nil, fmt.Errorf("want the base of Slack's API such as %s, with a slash at its end", APIURL)
	case base.Scheme != "https" && (base.Scheme != "http" || !isLoopback(base.Hostname())):
		return nil, fmt.Errorf("the token would be sent in the clear: want https")
	case o.BotToken.Empty():
		return nil, fmt.Errorf("there is no bot token")
	}
	c := &Client{base: base, now: o.Now, meter: o.Meter, pauses: pauses{until: map[string]time.Time{}}}
	c.http = &http.Client{
		Timeout:   callTime,
		Transport: checked{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the token goes to this host only
		},
	}
	c.api = slackgo.New(o.BotToken.Reveal(), slackgo.OptionAPIURL(o.URL), slackgo.OptionHTTPClient(c.http), slackgo.OptionAppLevelToken(o.AppToken.Reveal()))
	return c, nil
}

// Sockets gives the library's client, for Socket Mode.
func (c *Client) Sockets() *slackgo.Client { return c.api }

// do makes one call, again after a short Retry-After.
func (c *Client) do(ctx context.Context, method string, call func(context.Context) error) error {
	return c.within(ctx, maxPause, method, call)
}

// within is do with another bound of what it waits for.
func (c *Client) within(ctx context.Context, most time.Duration, method string, call func(context.Context) error) error {
	op := "slack." + method
	for try := 1; ; try++ {
		if wait := c.pauses.left(method, c.now()); wait > 0 {
			if wait > most {
				return limited(op, wait)
			}
			if err := sleep(ctx, wait); err != nil {
				return limited(op, wait)
			}
		}
		began := c.now()
		err := translate(op, call(ctx))
		c.meter.SlackCall(method, cmp.Or(string(soar.CodeOf(err)), "ok"), c.now().Sub(began))
		if soar.CodeOf(err) != soar.CodeLimited {
			return err
		}
		c.meter.SlackWait(method, pauseOf(err))
		c.pauses.add(method, c.now().Add(pauseOf(err)))
		if try == maxTries {
			return err
		}
	}
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func isLoopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}
