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
	desk := useCase{incidents.New(incidents.Options{
		Store: h.store, Workflows: away{}, Policy: rules,
		People: people.New(people.Options{Store: h.people, Tokens: noTokens{}, Policy: rules, Now: time.Now}),
	})}
	answers, wrong := h.shuffle(ctx, desk, shuffles)
	t.check(fmt.Sprintf("%d approvals got %d answers: each has one outcome", len(shuffles), answers), want(len(wrong) == 0, "%d have not, such as %s", len(wrong), strings.Join(wrong[:min(3, len(wrong))], "; ")))
	return nil
}

func (h *house) shuffle(ctx context.Context, door cases.Door, shuffles []cases.Shuffle) (answers int, wrong []string) {
	var work sync.WaitGroup
	var mu sync.Mutex
	queue := make(chan cases.Shuffle)
	for range shufflers {
		work.Go(func() {
			for one := range queue {
				n, why := h.answer(ctx, door, one)
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
func (h *house) answer(ctx context.Context, door cases.Door, s cases.Shuffle) (n int, wrong string) {
	n, err := s.Play(ctx, door)
	if err != nil {
		return n, err.Error()
	}
	after, err := h.store.ApprovalGet(ctx, s.ApprovalID)
	if err == nil {
		err = cases.OneOutcome(after)
	}
	if err != nil {
		return n, err.Error()
	}
	return n, ""
}

// useCase is the one function behind every door.
type useCase struct{ *incidents.Service }

// Decide answers without a door.
func (u useCase) Decide(ctx context.Context, c cases.Case) (bool, string, error) {
	_, err := u.Service.Decide(ctx, soar.Principal{Actor: c.By, Roles: c.Roles}, incidents.DecideRequest{
		ApprovalID: c.ApprovalID, DecisionID: c.DecisionID, Approve: c.Approve, Reason: c.Reason, Digest: c.Digest, Via: "api",
	})
	return verdict(err)
}
