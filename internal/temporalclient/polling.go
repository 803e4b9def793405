package temporalclient

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// pollSilent is longer than one long poll, after which a worker comes again.
const pollSilent = 90 * time.Second

// Pollers tells when each worker, by its identity, last asked for workflow tasks
// on our task queue. Temporal forgets one after about five minutes.
func (c *Client) Pollers(ctx context.Context) (map[string]time.Time, error) {
	queue, err := c.sdk.DescribeTaskQueue(ctx, c.taskQueue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return nil, translate("temporalclient.Pollers", err)
	}
	seen := map[string]time.Time{}
	for _, poller := range queue.GetPollers() {
		if at := poller.GetLastAccessTime().AsTime(); at.After(seen[poller.GetIdentity()]) {
			seen[poller.GetIdentity()] = at
		}
	}
	return seen, nil
}

// CheckPolling tells whether this process's worker asks for work, by Temporal's
// word and not by its own.
func (c *Client) CheckPolling(ctx context.Context) error {
	const op = "temporalclient.CheckPolling"
	pollers, err := c.Pollers(ctx)
	if err != nil {
		return err
	}
	at, polls := pollers[c.identity]
	if !polls {
		return soar.Errorf(soar.CodeUnavailable, op, "the worker has not asked for work on the task queue %s", c.taskQueue)
	}
	if silent := time.Since(at); silent > pollSilent {
		return soar.Errorf(soar.CodeUnavailable, op, "the worker last asked for work %s ago", silent.Round(time.Second))
	}
	return nil
}
