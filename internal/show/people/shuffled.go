package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/show/people/cases"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// random is crypto/rand.
type random struct{}

// Read fills p.
func (random) Read(p []byte) (int, error) { return io.ReadFull(rand.Reader, p) }

// away is a Temporal that cannot be reached: what counts is what was committed.
type away struct{}

// UpdateIncident says that it is away.
func (away) UpdateIncident(context.Context, string, string, string, json.RawMessage) (protocol.Reply, error) {
	return protocol.Reply{}, soar.Errorf(soar.CodeUnavailable, "show-people", "Temporal is away")
}

// shufflers is how many senders there are at once.
const shufflers = 8

// playShuffles sends answers double, reordered, stale and at once, through the one
// function behind every door, and counts the outcomes.
func playShuffles(ctx context.Context, o options, t *tally) (err error) {
	t.title("Shuffled answers")
	h, err := build(ctx, o, plan{roles: app.Roles{API: true}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	world, shuffles := cases.Shuffles(o.seed, o.shuffles, time.Now())
	if err := h.plant(ctx, world); err != nil {
		return err
	}
	rules, faults := policy.Load("")
	if faults.HasErrors() {
		return fmt.Errorf("policy: %s", faults[0].Message)
	}
	desk := incidents.New(incidents.Options{
		Store: h.store, Workflows: away{}, Policy: rules,
		People: people.New(people.Options{Store: h.people, Tokens: noTokens{}, Policy: rules, Now: time.Now}),
	})
	answers, wrong := h.shuffle(ctx, desk, shuffles)
	t.check(fmt.Sprintf("%d approvals got %d answers: each has one outcome", len(shuffles), answers), want(len(wrong) == 0, "%d have not, such as %s", len(wrong), strings.Join(wrong[:min(3, len(wrong))], "; ")))
	return nil
}

func (h *house) shuffle(ctx context.Context, desk *incidents.Service, shuffles []cases.Shuffle) (answers int, wrong []string) {
	var work sync.WaitGroup
	var mu sync.Mutex
	queue := make(chan cases.Shuffle)
	for range shufflers {
		work.Go(func() {
			for one := range queue {
				n, why := h.answer(ctx, desk, one)
				mu.Lock()
				if answers += n; why != "" {
					wrong = append(wrong, why)
				}
				mu.Unlock()
			}
		})
	}
	for _, one := range shuffles {
		queue <- one
	}
	close(queue)
	work.Wait()
	return answers, wrong
}

// answer sends all answers to one approval and looks at what stands then.
func (h *house) answer(ctx context.Context, desk *incidents.Service, s cases.Shuffle) (n int, wrong string) {
	for _, wave := range s.Waves {
		var sent sync.WaitGroup
		for _, c := range wave {
			n++
			sent.Go(func() {
				// A refusal is one of the right ends; what counts is what stands at the end.
				_, _ = desk.Decide(ctx, soar.Principal{Actor: c.By, Roles: c.Roles}, incidents.DecideRequest{
					ApprovalID: c.ApprovalID, DecisionID: c.DecisionID, Approve: c.Approve, Reason: c.Reason, Digest: c.Digest, Via: "api",
				})
			})
		}
		sent.Wait()
	}
	after, err := h.store.ApprovalGet(ctx, s.ApprovalID)
	if err != nil {
		return n, err.Error()
	}
	return n, oneOutcome(after)
}

// oneOutcome says what is wrong with how an approval ended; "" when nothing is.
func oneOutcome(a soar.Approval) string {
	noes, people := 0, map[string]bool{}
	for _, d := range a.Decisions {
		if why := quorum.WhyNot(a, d); why != quorum.Counts {
			return fmt.Sprintf("%s keeps one that does not count: %s", a.ID, why)
		}
		if people[d.By.ID] {
			return fmt.Sprintf("%s keeps two of %s", a.ID, d.By.ID)
		}
		people[d.By.ID] = true
		if !d.Approve {
			noes++
		}
	}
	yeses := len(a.Decisions) - noes
	if noes == 1 && yeses < a.Quorum || noes == 0 && yeses == a.Quorum {
		return ""
	}
	return fmt.Sprintf("%s ended with %d yes and %d no of %d needed", a.ID, yeses, noes, a.Quorum)
}
