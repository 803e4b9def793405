package doctor

import (
	"context"
	"net"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/app/slackroom"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/manifest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// slack asks Slack who we are there and what we may do, and posts nothing. Off, there
// is nothing to say.
func (p *patient) slack(ctx context.Context) {
	c := p.config.Slack
	if c.Mode == "" || c.Mode == slackroom.Off {
		return
	}
	client, err := slack.NewClient(slack.ClientOptions{URL: c.URL, BotToken: c.BotToken, AppToken: c.AppToken})
	if err != nil {
		p.fail("Slack", err.Error(), "mend the settings that begin with slack_")
		return
	}
	self, err := client.Self(ctx)
	switch {
	case soar.CodeOf(err) == soar.CodeUnauthenticated:
		p.fail("Slack", "the bot token is not taken: "+said(err), "copy it again from OAuth & Permissions of the Slack app (xoxb-); until then nobody is told or asked anything there")
		return
	case err != nil:
		p.fail("Slack", said(err), "look whether this machine reaches Slack; until then nobody is told or asked anything there")
		return
	case self.Team != c.Team:
		p.fail("Slack", "the bot token is of workspace "+self.Team+", slack_team says "+c.Team, "set slack_team to the workspace that the app is installed in, or take that workspace's token: every event is refused until then")
		return
	}
	p.ok("Slack", "the bot token is good in workspace %s (%s)", soar.Shorten(self.TeamName, 80), self.Team)
	p.slackScopes(self.Scopes)
	p.slackDoor(ctx, client)
	p.slackChannel(ctx, client)
}

func (p *patient) slackScopes(granted []string) {
	const name = "Slack scopes"
	if len(granted) == 0 {
		p.warn(name, "Slack did not say what the token may do", "compare with tocsin slack manifest under OAuth & Permissions")
		return
	}
	var missing []string
	for _, scope := range manifest.Scopes() {
		if !slices.Contains(granted, scope) {
			missing = append(missing, scope)
		}
	}
	if len(missing) > 0 {
		p.fail(name, "missing: "+strings.Join(missing, ", "), "add them under OAuth & Permissions, or paste tocsin slack manifest under App Manifest, and install the app again")
		return
	}
	p.ok(name, "all %d of the manifest are granted", len(manifest.Scopes()))
}

// slackDoor looks at the way in.
func (p *patient) slackDoor(ctx context.Context, client *slack.Client) {
	c := p.config.Slack
	if c.Mode == slackroom.HTTP {
		p.ok("Slack signing secret", "is set; whether it is the app's shows when Slack calls for the first time")
		if !strings.HasPrefix(p.config.PublicURL, "https://") {
			p.warn("Slack requests", "public_url is "+p.config.PublicURL+", and Slack calls https only", "set public_url to the address that Slack reaches, and make the manifest with --http and the same; or take slack_mode: socket")
			return
		}
		p.ok("Slack requests", "come to %s/slack/...; whether Slack gets there shows under Event Subscriptions of the app", strings.TrimSuffix(p.config.PublicURL, "/"))
		return
	}
	const name = "Slack Socket Mode"
	address, err := client.SocketHost(ctx)
	if err != nil {
		p.fail(name, "cannot be opened: "+said(err), "look at slack_app_token (xapp-, with connections:write, Basic Information) and whether Socket Mode is enabled in the app")
		return
	}
	dialer := net.Dialer{Timeout: dialWithin}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		p.warn(name, address+" takes no direct connection: "+err.Error(), "fine behind a proxy that lets WebSockets through; otherwise open the way out to it")
		return
	}
	conn.Close()
	p.ok(name, "the app token is good, %s takes connections", address)
}

// slackChannel looks at the channel of who is on duty.
func (p *patient) slackChannel(ctx context.Context, client *slack.Client) {
	const name = "Slack channel"
	id := p.config.Slack.Channel
	if id == "" {
		p.warn(name, "slack_channel is not set: cards go only to who is named and has linked an account", "set it to the id (C...) of the channel of who is on duty")
		return
	}
	channel, err := client.Channel(ctx, id)
	switch {
	case soar.CodeOf(err) == soar.CodeDenied:
		p.warn(name, "whether "+id+" can be written to is not known: "+said(err), "add channels:read and groups:read, as in the manifest, and install the app again")
	case err != nil:
		p.fail(name, id+": "+said(err), "look whether the id is right; into a private channel somebody must /invite the app")
	case channel.Archived:
		p.fail(name, id+" (#"+channel.Name+") is archived", "take it out of the archive, or name another one")
	case channel.Private && !channel.Member:
		p.fail(name, id+" (#"+channel.Name+") is private, and the app is not in it", "/invite the app there")
	case !channel.Member:
		p.ok(name, "#%s (%s) is public: cards can be posted without being in it", channel.Name, id)
	default:
		p.ok(name, "the app is in #%s (%s)", channel.Name, id)
	}
}
