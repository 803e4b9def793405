package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Message is what is posted. Text is shown where blocks are not, in notifications;
// it is plain: what Slack would read as markup is escaped.
type Message struct {
	Text      string
	Blocks    []slackgo.Block
	Thread    string // ts of the message it answers to; empty: none
	Broadcast bool   // an answer that the channel sees, too
}

// Posted is where a message stands.
type Posted struct {
	Channel string
	TS      string
}

func (m Message) options() []slackgo.MsgOption {
	options := []slackgo.MsgOption{
		slackgo.MsgOptionText(m.Text, true), slackgo.MsgOptionDisableLinkUnfurl(), slackgo.MsgOptionDisableMediaUnfurl(), slackgo.MsgOptionDisableMarkdown(),
	}
	if len(m.Blocks) > 0 {
		options = append(options, slackgo.MsgOptionBlocks(m.Blocks...))
	}
	if m.Thread != "" {
		options = append(options, slackgo.MsgOptionTS(m.Thread))
		if m.Broadcast {
			options = append(options, slackgo.MsgOptionBroadcast())
		}
	}
	return options
}

// Post posts a message (chat.postMessage). A user's id as channel writes to that
// user directly.
func (c *Client) Post(ctx context.Context, channel string, m Message) (Posted, error) {
	var posted Posted
	err := c.do(ctx, "chat.postMessage", func(ctx context.Context) (err error) {
		posted.Channel, posted.TS, err = c.api.PostMessageContext(ctx, channel, m.options()...)
		if err == nil && posted.TS == "" {
			return soar.Errorf(soar.CodeUnavailable, "slack.chat.postMessage", "Slack did not say where the message stands")
		}
		return err
	})
	return posted, err
}

// Update replaces a message of ours (chat.update).
func (c *Client) Update(ctx context.Context, at Posted, m Message) error {
	return c.do(ctx, "chat.update", func(ctx context.Context) error {
		_, _, _, err := c.api.UpdateMessageContext(ctx, at.Channel, at.TS, m.options()...)
		return err
	})
}

// Response is what goes to a response_url.
type Response struct {
	Message
	Everyone bool // all in the channel see it; else only who clicked or asked
	Replace  bool // in place of the message that was clicked
	Delete   bool // takes that message away
}

// Respond answers to an event's response_url: at most five times within 30 minutes.
func (c *Client) Respond(ctx context.Context, respond secret.String, r Response) error {
	const op = "slack.respond"
	target, err := c.responseURL(respond)
	if err != nil {
		return soar.Wrap(soar.CodeInvalid, op, err, "this event has no address to respond to")
	}
	body := slackgo.WebhookMessage{
		Text: escape(r.Text), ThreadTimestamp: r.Thread, ResponseType: slackgo.ResponseTypeEphemeral, ReplaceOriginal: r.Replace, DeleteOriginal: r.Delete,
	}
	if r.Everyone {
		body.ResponseType = slackgo.ResponseTypeInChannel
	}
	if len(r.Blocks) > 0 {
		body.Blocks = &slackgo.Blocks{BlockSet: r.Blocks}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return soar.Wrap(soar.CodeInternal, op, err, "the response cannot be written")
	}
	return c.do(ctx, "respond", func(ctx context.Context) error { return c.send(ctx, target, raw) })
}

// responseURL checks that an address is Slack's: it came with a signed event, and
// still nothing of ours goes anywhere else.
func (c *Client) responseURL(respond secret.String) (string, error) {
	target, err := url.Parse(respond.Reveal())
	if err != nil || target.Host == "" {
		return "", fmt.Errorf("no address")
	}
	host := strings.ToLower(target.Hostname())
	ofSlack := target.Scheme == "https" && target.Port() == "" && (strings.HasSuffix(host, ".slack.com") || strings.HasSuffix(host, ".slack-gov.com"))
	ofTest := isLoopback(c.base.Hostname()) && target.Host == c.base.Host && target.Scheme == c.base.Scheme
	if !ofSlack && !ofTest {
		return "", fmt.Errorf("%q is not Slack's", host)
	}
	return target.String(), nil
}

func (c *Client) send(ctx context.Context, target string, raw []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	response, err := c.http.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer response.Body.Close()
	return responded(response)
}

// responded reads the answer of a response_url: "ok", or {"ok":false,"error":...},
// also with a status of 4xx.
func responded(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return err
	}
	var said struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(body, &said); err == nil && said.Error != "" {
		return slackgo.SlackErrorResponse{Err: said.Error}
	}
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusTooManyRequests:
		return &slackgo.RateLimitedError{RetryAfter: retryAfter(response.Header)}
	case http.StatusNotFound:
		return slackgo.SlackErrorResponse{Err: soar.Shorten(string(bytes.TrimSpace(body)), 40)}
	default:
		return slackgo.StatusCodeError{Code: response.StatusCode, Status: response.Status}
	}
}

// escape makes text plain where Slack would read markup.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
