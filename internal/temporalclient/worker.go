package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/worker"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Limits of one worker process. The activity slots are few enough that a
// backlog waits in Temporal, where a critical incident overtakes it.
const (
	activitySlots = 64
	stopTimeout   = 10 * time.Second
	minPollers    = 2
	maxPollers    = 16
)

// NewWorker makes a worker on the product's task queue. The caller registers
// workflows and activities and starts it.
func (c *Client) NewWorker() worker.Worker {
	pollers := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
		InitialNumberOfPollers: 8, MinimumNumberOfPollers: minPollers, MaximumNumberOfPollers: maxPollers,
	})
	return worker.New(c.worker, c.taskQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: activitySlots,
		WorkerStopTimeout:                  stopTimeout,
		WorkflowTaskPollerBehavior:         pollers,
		ActivityTaskPollerBehavior:         pollers,
	})
}

// Prepare registers the search attributes. One that exists with another type is
// an error: a workflow that sets it would be stuck.
func (c *Client) Prepare(ctx context.Context) error {
	const op = "temporalclient.Prepare"
	operator := c.sdk.OperatorService()
	known, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: c.namespace})
	if _, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		return soar.Wrap(soar.CodeNotFound, op, err, "Temporal at %s has no namespace %q; make it there, or look at temporal_namespace", c.address, c.namespace)
	}
	if err != nil {
		return c.explain(ctx, op, translate(op, err))
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range protocol.SearchAttributes() {
		want, err := enumspb.IndexedValueTypeFromString(kind)
		if err != nil {
			return fmt.Errorf("search attribute %s: %w", name, err)
		}
		have, exists := known.GetCustomAttributes()[name]
		switch {
		case !exists:
			missing[name] = want
		case have != want:
			return fmt.Errorf("search attribute %s exists in namespace %s as %s, and must be %s", name, c.namespace, have, want)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: c.namespace, SearchAttributes: missing})
	if err != nil && !strings.Contains(err.Error(), "already exist") { // another process was faster
		return translate(op, err)
	}
	return nil
}
