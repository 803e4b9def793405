package follow_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/follow"
	"github.com/tocsin-soar/tocsin/internal/slack/manifest"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/slack/workspace"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/chatpost"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// inSlack is a scene in the strict fake of Slack, through the real client and with no
// more scopes than the shipped manifest asks for.
func inSlack(t *testing.T, scopes []string, change func(*follow.Options)) (*scene, *slacktest.Slack) {
	t.Helper()
	fake := slacktest.Start(slacktest.Options{Scopes: scopes})
	t.Cleanup(fake.Close)
	s := &scene{t: t, store: storetest.New(t), clock: time.Now().UTC().Truncate(time.Second)}
	s.soc = fake.AddChannel(slacktest.Channel{Name: "soc", Private: true, BotIn: true}).ID
	client, err := slack.NewClient(slack.ClientOptions{URL: fake.APIURL(), BotToken: secret.New(fake.BotToken()), Now: s.now})
	must(t, err)
	options := follow.Options{
		Rooms: chatpost.New(s.store), Incidents: s.store, Accounts: s, SOC: s.soc, Now: s.now, Chat: workspace.New(client),
		Channels: soar.SeverityHigh, ArchiveAfter: time.Hour, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	if change != nil {
		change(&options)
	}
	s.f = follow.New(options)
	return s, fake
}

// end closes the incident, and lets the time go by after which its channel goes.
func (s *scene) end(after time.Duration) {
	s.t.Helper()
	i := s.incident()
	at := s.now()
	i.Status, i.Resolution, i.ClosedAt = soar.StatusClosed, soar.ResolutionResolved, &at
	s.journal("closed", protocol.JournalBatch{Incident: &i})
	s.pass()
	s.later(after)
	s.dueNow()
	s.pass()
}

// calls counts the calls of a method by how they ended.
func calls(fake *slacktest.Slack, method, word string) (n int) {
	for _, call := range fake.Calls() {
		if call.Method == method && call.Error == word {
			n++
		}
	}
	return n
}

func ownChannel(t *testing.T, fake *slacktest.Slack, name string) slacktest.Channel {
	t.Helper()
	own, found := fake.Channel(name)
	if !found || !own.Private || own.Archived {
		t.Fatalf("the channel is %+v, %v", own, found)
	}
	return own
}

func TestAChannelIsArchivedAfterTheSetTime(t *testing.T) {
	t.Parallel()
	s, fake := inSlack(t, manifest.Scopes(), nil)
	s.open(s.incident())
	s.pass()
	own := ownChannel(t, fake, "inc-2026-0a1b2c")
	s.end(59 * time.Minute)
	if own, _ := fake.Channel(own.ID); own.Archived {
		t.Fatal("it is archived before its time")
	}
	// What is still said of the incident until then is told there.
	before := len(fake.Messages(own.ID))
	s.later(20 * time.Second) // the timeline is told at intervals
	s.journal("the report is written", protocol.JournalBatch{})
	s.pass()
	if after := len(fake.Messages(own.ID)); after != before+1 {
		t.Errorf("%d messages, were %d", after, before)
	}
	s.later(2 * time.Minute)
	s.dueNow()
	s.pass()
	if own, _ := fake.Channel(own.ID); !own.Archived || !own.Private {
		t.Errorf("it is %+v", own)
	}
	calledBefore := len(fake.Calls())
	s.journal("a word afterwards", protocol.JournalBatch{})
	s.later(time.Hour)
	s.dueNow()
	s.pass()
	if n := len(fake.Calls()); n != calledBefore {
		t.Errorf("%d calls for an incident that is over", n-calledBefore)
	}
}

func TestAChannelStaysWhereNoneIsArchived(t *testing.T) {
	t.Parallel()
	s, fake := inSlack(t, manifest.Scopes(), func(o *follow.Options) { o.ArchiveAfter = 0 })
	s.open(s.incident())
	s.pass()
	s.end(25 * time.Hour)
	ownChannel(t, fake, "inc-2026-0a1b2c")
	if n := calls(fake, "conversations.archive", ""); n != 0 {
		t.Errorf("%d were archived", n)
	}
}

func TestWhatStandsInTheWayOfArchiving(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		scopes   []string
		before   func(*testing.T, *slacktest.Slack, slacktest.Channel) // the end
		archived bool
		again    bool // a second pass is needed
	}{
		"somebody archived it": {manifest.Scopes(), func(_ *testing.T, fake *slacktest.Slack, own slacktest.Channel) {
			fake.Archive(own.ID)
		}, true, true},
		"the app was removed from it": {manifest.Scopes(), func(_ *testing.T, fake *slacktest.Slack, own slacktest.Channel) {
			fake.Leave(own.ID)
		}, false, true},
		"too often": {manifest.Scopes(), func(_ *testing.T, fake *slacktest.Slack, _ slacktest.Channel) {
			fake.Limit("conversations.archive", 1, 30*time.Second)
		}, true, true},
		"it is not permitted": {manifest.Scopes(), func(_ *testing.T, fake *slacktest.Slack, _ slacktest.Channel) {
			fake.Forbid("conversations.archive", "restricted_action")
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, fake := inSlack(t, row.scopes, nil)
			s.open(s.incident())
			s.pass()
			own := ownChannel(t, fake, "inc-2026-0a1b2c")
			row.before(t, fake, own)
			s.end(2 * time.Hour)
			for range map[bool]int{true: 3}[row.again] {
				must(t, chatpost.New(s.store).Retry(t.Context(), id, 0)) // as if the wait were over
				s.later(time.Minute)
				s.dueNow()
				s.pass()
			}
			if own, _ := fake.Channel(own.ID); own.Archived != row.archived {
				t.Errorf("it is %+v", own)
			}
			quiet := len(fake.Calls())
			s.later(time.Hour)
			s.dueNow()
			s.pass()
			if n := len(fake.Calls()); n != quiet {
				t.Errorf("%d calls more: it is not done with it", n-quiet)
			}
		})
	}
}

// Names stay taken in Slack when their channel is archived; who cannot be called in
// keeps nobody else out; what is TLP:RED stays with its number in the private channel.
func TestAChannelIsMadeWhateverStandsInTheWay(t *testing.T) {
	t.Parallel()
	s, fake := inSlack(t, manifest.Scopes(), nil)
	fake.AddChannel(slacktest.Channel{Name: "inc-2026-0a1b2c", Archived: true})
	fake.AddChannel(slacktest.Channel{Name: "inc-2026-0a1b2c-2", Private: true})
	for person, known := range map[string]bool{"lead@lab.example": true, "left@lab.example": false} {
		user := s.link(person, soar.RoleSOCLead)
		fake.AddUser(slacktest.User{ID: user, Deleted: !known})
	}
	i := s.incident()
	i.TLP, i.Owner = soar.TLPRed, "lead@lab.example"
	s.open(i)
	s.pass()
	own := ownChannel(t, fake, "inc-2026-0a1b2c-3")
	if !slices.Equal(own.Members, []string{"ULEAD"}) {
		t.Errorf("members: %v", own.Members)
	}
	for _, m := range fake.Messages(own.ID) {
		if all := m.Text + string(m.Blocks); strings.Contains(all, "Beaconing") {
			t.Errorf("a channel was told %s", all)
		}
	}
	if n := calls(fake, "conversations.create", "name_taken"); n != 2 {
		t.Errorf("%d names were taken", n)
	}
}
