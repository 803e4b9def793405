package main

import (
	"context"
	"fmt"
	"time"
)

func measureFirst(ctx context.Context, b *bench) (section, error) {
	c, err := b.contest(ctx)
	if err != nil {
		return section{}, err
	}
	tocsin := &side{Name: "Tocsin", Unit: "ms", What: "POST /api/v1/alerts: token, mapping, commit; then by outbox: assessment, correlation, incident with its record, commit; workflow; interpreter; guard, budget, ledger, call."}
	hand := &side{Name: "by hand", Unit: "ms", What: "a handler inserts alert and incident in one transaction, calls ExecuteWorkflow, and answers; the workflow calls Tocsin's activity for the same action. No token, no mapping, no assessment, no correlation, no record of the incident; a crash between commit and start loses the alert."}
	sides := []struct {
		*side
		post func(context.Context, string) error
	}{
		{tocsin, func(ctx context.Context, message string) error {
			return c.product.post(ctx, alertBody(message, "bench_first", "high"))
		}},
		{hand, func(ctx context.Context, message string) error {
			return post(ctx, c.hand.sender, c.hand.url, "none", alertBody(message, "bench_first", "high"))
		}},
	}
	for round := range b.options.rounds + 1 {
		for _, each := range sides {
			if err := c.firsts(ctx, each.side, each.post, round > 0); err != nil {
				return section{}, fmt.Errorf("%s: %w", each.Name, err)
			}
		}
		if tocsin.sum(); round > 0 {
			hand.sum()
			b.say("first action: round %d of %d: medians so far %s and %s ms", round, b.options.rounds, figure(tocsin.Median), figure(hand.Median))
		}
	}
	tocsin.P99, hand.P99 = quantile(tocsin.Values, 0.99), quantile(hand.Values, 0.99)
	return section{
		Name: "first", Title: "From the POST of an alert to the first action's call",
		How: []string{
			fmt.Sprintf("One alert after the other, %d in a round; from the moment the request is written to the moment the call arrives at the target.", b.options.alerts),
			"Each is waited for to its end before the next, so nothing else runs.",
		},
		Sides: []*side{tocsin, hand},
		Ratios: []ratio{
			most("Tocsin / by hand, median", tocsin.Median/hand.Median, 1.3),
			{Name: "Tocsin / by hand, p99", Value: tocsin.P99 / hand.P99},
		},
	}, c.product.end()
}

// firsts is one round of one side.
func (c *contest) firsts(ctx context.Context, s *side, post func(context.Context, string) error, counted bool) error {
	ctx, cancel := context.WithTimeout(ctx, roundWithin)
	defer cancel()
	before, times := used(), make([]float64, 0, c.bench.options.alerts)
	for _, message := range c.messages(c.bench.options.alerts) {
		began := time.Now()
		if err := post(ctx, message); err != nil {
			return err
		}
		arrived, err := c.await(ctx, []string{messageID(message, 0)})
		if err != nil {
			return err
		}
		times = append(times, 1000*arrived[0].Sub(began).Seconds())
		if err := awaitEnd(ctx, c.pool); err != nil {
			return err
		}
	}
	if counted {
		s.add(times...)
		s.spend(used().since(before), len(times))
	}
	return nil
}
