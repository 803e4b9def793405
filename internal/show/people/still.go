package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/devstack/stall"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/show/people/cases"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	stillIncident = "INC-2026-5711AA"
	stillDigest   = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
	stillPeople   = 10
	slackWaits    = 3 * time.Second
	afterwards    = 30 * time.Second // longer than any work that goes on after an answer
)

// still is the product between two servers that can be made to stand still, with
// people in Slack who do not know of it.
type still struct {
	*house
	door               *slackDoor
	postgres, temporal *stall.Proxy
	log                *os.File // of the product, which has much to say about its servers
	serial             int
}

// outage is one way in which servers stand still.
type outage struct {
	name               string
	postgres, temporal stall.Mode
}

func outages() []outage {
	return []outage{
		{"all is well", stall.Through, stall.Through},
		{"Temporal hangs", stall.Through, stall.Hang},
		{"Temporal is gone", stall.Through, stall.Gone},
		{"PostgreSQL is slow", stall.Slow, stall.Through},
		{"PostgreSQL hangs", stall.Hang, stall.Through},
		{"PostgreSQL is gone", stall.Gone, stall.Through},
		{"both hang", stall.Hang, stall.Hang},
	}
}

// playStill has people click, send modals, write commands and open the App Home while
// servers stand still, looks how long the answers take, and afterwards whether what
// they were told is so.
func playStill(ctx context.Context, o options, t *tally) (err error) {
	t.title("Slack while servers stand still")
	s, err := openStill(ctx, o)
	if s != nil {
		defer func() { err = errors.Join(err, s.close()) }()
	}
	if err != nil {
		return err
	}
	for _, one := range outages() {
		var all []attempt
		for range o.still {
			attempts, err := s.round(ctx, one)
			if err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			all = append(all, attempts...)
		}
		t.report(one, all)
	}
	return nil
}

func openStill(ctx context.Context, o options) (*still, error) {
	at, err := url.Parse(o.postgres)
	if err != nil {
		return nil, errors.New("the address of Postgres is no URL")
	}
	s := &still{}
	if s.postgres, err = stall.Listen(ctx, at.Host); err != nil {
		return nil, err
	}
	if s.temporal, err = stall.Listen(ctx, o.temporal); err != nil {
		return s, err
	}
	at.Host, o.temporal = s.postgres.Addr(), s.temporal.Addr()
	o.postgres = at.String()
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return s, err
	}
	if s.log, err = os.Create(filepath.Join(o.out, "still.log")); err != nil {
		return s, err
	}
	if s.house, err = build(ctx, o, plan{roles: app.Roles{API: true}, log: s.log}); err != nil {
		return s, err
	}
	door, err := openSlack(ctx, o, s.house, cases.World{})
	if err != nil {
		return s, err
	}
	s.door, _ = door.(*slackDoor)
	world := cases.World{Incidents: []soar.Incident{{
		ID: stillIncident, Title: "Servers stand still", Status: soar.StatusAssessed, Severity: soar.SeverityHigh, TLP: soar.TLPAmber, OpenedAt: time.Now().UTC(), OpenedBy: soar.System("show-people"),
	}}}
	for i := range stillPeople {
		since := time.Now().Add(-24 * time.Hour)
		id := fmt.Sprintf("patient%d@lab.invalid", i)
		world.People = append(world.People, soar.Person{ID: id, Name: id, Email: id, Active: true, UpdatedAt: since, Roles: []soar.RoleGrant{{Role: soar.RoleSOCLead, Since: since}}})
	}
	return s, s.plant(ctx, world)
}

func (s *still) close() error {
	var err error
	for _, proxy := range []*stall.Proxy{s.postgres, s.temporal} {
		if proxy != nil {
			proxy.Set(stall.Through)
		}
	}
	if s.house != nil {
		err = s.house.close()
	}
	for _, proxy := range []*stall.Proxy{s.postgres, s.temporal} {
		if proxy != nil {
			err = errors.Join(err, proxy.Close())
		}
	}
	if s.log != nil {
		err = errors.Join(err, s.log.Close())
	}
	return err
}

// attempt is one thing that somebody did, with what he was answered.
type attempt struct {
	kind  string
	took  time.Duration
	wrong string // what is not true, or was lost in silence
	said  string // recorded | nothing | unknown | shown | warned
}

// round has each of the people do each thing once.
func (s *still) round(ctx context.Context, o outage) ([]attempt, error) {
	people := make([]*patient, stillPeople)
	for i := range people {
		one, err := s.ready(ctx, fmt.Sprintf("patient%d@lab.invalid", i))
		if err != nil {
			return nil, err
		}
		people[i] = one
	}
	s.postgres.Set(o.postgres)
	s.temporal.Set(o.temporal)
	var work sync.WaitGroup
	for _, one := range people {
		work.Go(func() { one.act(ctx) })
	}
	work.Wait()
	s.postgres.Set(stall.Through)
	s.temporal.Set(stall.Through)
	if err := s.recovered(ctx, people[0].user); err != nil {
		return nil, err
	}
	var all []attempt
	for _, one := range people {
		one.look(ctx)
		all = append(all, one.done...)
	}
	return all, nil
}

// ready asks somebody for an approval and opens its modal before him.
func (s *still) ready(ctx context.Context, person string) (*patient, error) {
	user, err := s.door.user(ctx, person)
	if err != nil {
		return nil, err
	}
	p := &patient{still: s, user: user, person: person}
	for _, id := range []*string{&p.approval, &p.other} {
		s.serial++
		*id = fmt.Sprintf("APR-S%09d", s.serial)
	}
	now := time.Now().UTC()
	var asked []soar.Approval
	for _, id := range []string{p.approval, p.other} {
		asked = append(asked, soar.Approval{
			ID: id, IncidentID: stillIncident, StepPath: "r1/" + id, Title: "Isolate web-1?", Status: soar.ApprovalPending, Approvers: []soar.Approver{{Role: soar.RoleSOCLead}}, Quorum: 1,
			Digest: stillDigest, OnExpire: "deny", RequestedBy: soar.Actor{Kind: soar.ActorPlaybook, ID: "guarded"}, RequestedAt: now, ExpiresAt: now.Add(time.Hour),
		})
	}
	if _, err := s.store.JournalWrite(ctx, protocol.JournalBatch{IncidentID: stillIncident, Approvals: asked}); err != nil {
		return nil, err
	}
	s.slack.Dismiss(user)
	if err := s.slack.Replay(ctx, user, p.button(p.approval)); err != nil {
		return nil, fmt.Errorf("open a modal: %w", err)
	}
	if p.told, p.view = s.door.wait(ctx, user, len(s.door.heard(user))); p.view == nil {
		return nil, fmt.Errorf("no modal opened: %.300s", p.told)
	}
	return p, nil
}

// recovered waits until commands are answered as on any day.
func (s *still) recovered(ctx context.Context, user string) error {
	_, err := until(ctx, "the product answers again", func() (bool, bool) {
		message, err := s.slack.Command(ctx, user, s.soc.ID, "/tocsin help")
		good := err == nil && message != nil && strings.Contains(message.Text+string(message.Blocks), "/tocsin report")
		return good, good
	})
	return err
}

// report prints the figures of one outage and checks its promises.
func (t *tally) report(o outage, all []attempt) {
	var wrong []string
	for _, kind := range []string{"button", "modal", "command", "app home"} {
		var took []time.Duration
		said := map[string]int{}
		for _, one := range all {
			if one.kind != kind {
				continue
			}
			took = append(took, one.took)
			said[one.said]++
			if one.wrong != "" {
				wrong = append(wrong, kind+": "+one.wrong)
			}
		}
		slices.Sort(took)
		at := func(share float64) time.Duration {
			return took[min(len(took)-1, int(share*float64(len(took))))].Round(time.Millisecond)
		}
		fmt.Fprintf(t.out, "            %-9s p50 %6s  p99 %6s  most %6s  %v\n", kind, at(.5), at(.99), took[len(took)-1].Round(time.Millisecond), said)
		if most := took[len(took)-1]; most >= slackWaits {
			wrong = append(wrong, fmt.Sprintf("%s: an answer took %s", kind, most))
		}
	}
	t.check(fmt.Sprintf("%s: %d answers in less than %s, all of them true", o.name, len(all), slackWaits), want(len(wrong) == 0, "%d are not, such as %s", len(wrong), strings.Join(wrong[:min(3, len(wrong))], "; ")))
}

// patient is one of the people.
type patient struct {
	*still
	user, person    string
	approval, other string
	told            string
	view            *slacktest.View
	done            []attempt
	heardBefore     int
}

func (p *patient) button(approval string) slacktest.Stale {
	ref := card.Ref{Approval: approval, Digest: stillDigest}
	return slacktest.Stale{Channel: p.soc.ID, TS: "1700000000.000100", Action: card.Deny, Value: ref.String()}
}

// act sends the modal, clicks another button, asks, and opens the App Home.
func (p *patient) act(ctx context.Context) {
	p.heardBefore = len(p.door.heard(p.user))
	p.measure("modal", func() (string, string) {
		done, err := p.slack.Submit(ctx, p.user, p.view.ID, map[string]any{card.InReason: "it stands still"})
		if err != nil {
			return "warned", ""
		}
		words := said(done)
		switch {
		case done.Closed || strings.Contains(words, "Your decision is recorded"):
			return "recorded", ""
		case strings.Contains(words, "Nothing was recorded"):
			return "nothing", ""
		case strings.Contains(words, "not known"):
			return "unknown", ""
		default:
			return "", "it says " + soar.Shorten(words, 300)
		}
	})
	p.slack.Dismiss(p.user)
	p.measure("button", func() (string, string) {
		heard := len(p.door.heard(p.user))
		if err := p.slack.Replay(ctx, p.user, p.button(p.other)); err != nil {
			return "warned", ""
		}
		if len(p.slack.Views(p.user)) > 0 {
			return "shown", ""
		}
		if now := p.door.heard(p.user); len(now) > heard {
			return "nothing", ""
		}
		return "unknown", "" // look finds out whether it was lost
	})
	p.measure("command", func() (string, string) {
		message, err := p.slack.Command(ctx, p.user, p.soc.ID, "/tocsin approvals")
		switch {
		case err != nil:
			return "warned", ""
		case message == nil:
			return "", "a command was answered with nothing"
		case strings.Contains(message.Text, "Nothing was recorded"):
			return "nothing", ""
		case strings.Contains(message.Text, "longer than Slack waits"):
			return "unknown", ""
		default:
			return "shown", ""
		}
	})
	p.measure("app home", func() (string, string) {
		if err := p.slack.OpenHome(ctx, p.user); err != nil {
			return "warned", "" // Slack sends it again
		}
		return "shown", ""
	})
}

func (p *patient) measure(kind string, do func() (said, wrong string)) {
	began := time.Now()
	said, wrong := do()
	p.done = append(p.done, attempt{kind, time.Since(began), wrong, said})
}

// look compares what the person was told with what is so now.
func (p *patient) look(ctx context.Context) {
	for i := range p.done {
		one := &p.done[i]
		switch {
		case one.wrong != "" || one.kind == "command" || one.kind == "app home":
		case one.kind == "modal":
			one.wrong = p.truth(ctx, one.said)
		case one.said == "unknown" && !p.heardMore(ctx):
			one.wrong = "a click was lost in silence"
		}
	}
}

// truth says what is not true about a modal's answer, or "".
func (p *patient) truth(ctx context.Context, told string) string {
	if told == "unknown" && !p.heardMore(ctx) {
		return "nobody said how it went on"
	}
	a, err := until(ctx, "the database can be asked again", func() (soar.Approval, bool) {
		a, err := p.store.ApprovalGet(ctx, p.approval)
		return a, err == nil
	})
	if err != nil {
		return err.Error()
	}
	taken := slices.ContainsFunc(a.Decisions, func(d soar.Decision) bool { return d.By.ID == p.person })
	switch {
	case told == "recorded" && !taken:
		return "told that it is recorded, and it is not"
	case told == "nothing" && taken:
		return "told that nothing was recorded, and it was"
	}
	return ""
}

// heardMore waits until the person was told something, or a modal opened.
func (p *patient) heardMore(ctx context.Context) bool {
	for end := time.Now().Add(afterwards); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		if len(p.door.heard(p.user)) > p.heardBefore || len(p.slack.Views(p.user)) > 0 {
			return true
		}
	}
	return false
}
