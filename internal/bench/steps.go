package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tocsin-soar/tocsin/internal/app"
)

// roundWithin bounds one round: a machine that needs longer measures nothing.
const roundWithin = 3 * time.Minute

// contest is what the scenarios with workflows have in common.
type contest struct {
	bench   *bench
	pool    *pgxpool.Pool
	product *product
	hand    *byHand
}

func (b *bench) contest(ctx context.Context) (*contest, error) {
	databaseURL, pool, err := b.database(ctx)
	if err != nil {
		return nil, err
	}
	p, err := b.product(ctx, databaseURL, app.Everything())
	if err != nil {
		return nil, err
	}
	hand, err := b.byHand(ctx, databaseURL, pool)
	return &contest{bench: b, pool: pool, product: p, hand: hand}, err
}

// contender is one side with how it starts workflows for some messages.
type contender struct {
	side
	start func(ctx context.Context, messages []string) error
	trace func(ctx context.Context, message string) (*workflowservice.DescribeWorkflowExecutionResponse, error) // its history
}

func measureSteps(ctx context.Context, b *bench) (section, error) {
	c, err := b.contest(ctx)
	if err != nil {
		return section{}, err
	}
	contenders := []*contender{
		{side: side{Name: "Tocsin", Unit: "steps/s", What: "a playbook through the interpreter: journal, steps and containments in Postgres; each action with guard, budget, ledger and record."}, start: c.alerts, trace: c.incident},
		{side: side{Name: "by hand, same activities", Unit: "steps/s", What: "a Go workflow that calls Tocsin's activity for the same action: guard, budget, ledger and record, but no journal, no step or containment is kept, nobody can see or steer it."}, start: c.workflows(workflowSame), trace: c.handWritten},
		{side: side{Name: "by hand, own writes", Unit: "steps/s", What: "a Go workflow whose activity inserts an intent, calls, and updates the result, in two statements: no guard, no record chain."}, start: c.workflows(workflowKept), trace: c.handWritten},
		{side: side{Name: "by hand, bare", Unit: "steps/s", What: "a Go workflow whose activity calls the target and writes nothing."}, start: c.workflows(workflowBare), trace: c.handWritten},
	}
	for round := range b.options.rounds + 1 {
		for _, each := range contenders {
			if err := c.steps(ctx, each, round > 0); err != nil {
				return section{}, fmt.Errorf("%s: %w", each.Name, err)
			}
		}
		b.say("steps: round %d of %d: %s", round, b.options.rounds, latest(contenders))
	}
	out := section{Name: "steps", Title: "Action steps per second", How: []string{
		fmt.Sprintf("%d incidents at once, %d action steps each, one after the other; the steps of a round are counted where they arrive,", b.options.incidents, b.options.steps),
		"at a target that answers at once, from the first to the last. All sides run in one process, on workers with the same options.",
		"The history of one incident, its start and end included, is divided by its steps.",
	}}
	for _, each := range contenders {
		each.sum()
		out.Sides = append(out.Sides, &each.side)
	}
	tocsin := contenders[0].Median
	out.Ratios = []ratio{
		least("Tocsin / by hand, same activities", tocsin/contenders[1].Median, 0.8),
		{Name: "Tocsin / by hand, own writes", Value: tocsin / contenders[2].Median},
		{Name: "Tocsin / by hand, bare", Value: tocsin / contenders[3].Median},
	}
	return out, c.product.end()
}

func latest(contenders []*contender) string {
	text := ""
	for _, each := range contenders {
		if len(each.Values) > 0 {
			text += fmt.Sprintf("%s %s   ", each.Name, figure(each.Values[len(each.Values)-1]))
		}
	}
	if text == "" {
		return "warm-up"
	}
	return text
}

// messages are names that no round had before.
func (c *contest) messages(count int) []string {
	c.bench.round++
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("m%d-%d", c.bench.round, i)
	}
	return names
}

// steps is one round of one side.
func (c *contest) steps(ctx context.Context, each *contender, counted bool) error {
	ctx, cancel := context.WithTimeout(ctx, roundWithin)
	defer cancel()
	messages := c.messages(c.bench.options.incidents)
	var calls []string
	for _, message := range messages {
		for i := range c.bench.options.steps {
			calls = append(calls, messageID(message, i))
		}
	}
	before := used()
	if err := each.start(ctx, messages); err != nil {
		return err
	}
	times, err := c.await(ctx, calls)
	if err != nil {
		return err
	}
	if err := awaitEnd(ctx, c.pool); err != nil {
		return err
	}
	spent := used().since(before)
	if !counted {
		return nil
	}
	each.add(float64(len(times)-1) / times[len(times)-1].Sub(times[0]).Seconds())
	each.spend(spent, len(calls))
	described, err := each.trace(ctx, messages[0])
	if err != nil {
		return err
	}
	info, one := described.GetWorkflowExecutionInfo(), float64(c.bench.options.steps)
	each.extra = []cost{{"events", float64(info.GetHistoryLength()) / one, ""}, {"history", float64(info.GetHistorySizeBytes()) / 1024 / one, "KiB"}}
	return nil
}

// await waits until all calls have arrived and gives their times in order.
func (c *contest) await(ctx context.Context, calls []string) ([]time.Time, error) {
	for {
		times, changed, err := c.bench.target.look(calls)
		if err != nil {
			return nil, err
		}
		if len(times) == len(calls) {
			slices.SortFunc(times, time.Time.Compare)
			return times, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%d of %d calls arrived within %s", len(times), len(calls), roundWithin), c.problems())
		}
	}
}

// problems tells what the outbox could not do.
func (c *contest) problems() error {
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	var problem string
	err := c.pool.QueryRow(ctx, "SELECT problem FROM outbox WHERE problem <> '' LIMIT 1").Scan(&problem)
	if err != nil {
		return nil // there is none to tell
	}
	return errors.New(problem)
}

// alerts lets Tocsin open an incident for each message.
func (c *contest) alerts(ctx context.Context, messages []string) error {
	return eachOf(ctx, messages, func(ctx context.Context, message string) error {
		return c.product.post(ctx, alertBody(message, "bench_steps", "high"))
	})
}

// workflows starts a hand-written workflow for each message.
func (c *contest) workflows(name string) func(context.Context, []string) error {
	return func(ctx context.Context, messages []string) error {
		return eachOf(ctx, messages, func(ctx context.Context, message string) error {
			if _, err := c.pool.Exec(ctx, incident, message); err != nil {
				return err
			}
			_, err := c.hand.start(ctx, name, order{Incident: message, Message: message, Steps: c.bench.options.steps})
			return err
		})
	}
}

func eachOf(ctx context.Context, messages []string, do func(context.Context, string) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, message := range messages {
		group.Go(func() error { return do(ctx, message) })
	}
	return group.Wait()
}

func (c *contest) handWritten(ctx context.Context, message string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if err := c.hand.sdk.GetWorkflow(ctx, message, "").Get(ctx, nil); err != nil {
		return nil, err
	}
	return c.hand.sdk.DescribeWorkflowExecution(ctx, message, "")
}

// incident describes the workflow of the incident that a message's alert opened.
func (c *contest) incident(ctx context.Context, message string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	var id string
	if err := c.pool.QueryRow(ctx, "SELECT incident_id FROM alerts WHERE doc->>'external_id' = $1", message).Scan(&id); err != nil {
		return nil, fmt.Errorf("the incident of %s: %w", message, err)
	}
	if err := c.hand.sdk.GetWorkflow(ctx, id, "").Get(ctx, nil); err != nil {
		return nil, err
	}
	return c.hand.sdk.DescribeWorkflowExecution(ctx, id, "")
}
