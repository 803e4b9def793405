package temporalclient

import (
	"context"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tocsin-soar/tocsin/internal/protocol"
)

// About is what a doctor wants to know of a cluster.
type About struct {
	Version   string               // of the server
	Retention time.Duration        // of our namespace
	Missing   []string             // search attributes that are not registered, or with another type
	Pollers   map[string]time.Time // workers by identity, and when each last asked for work
}

// Describe asks the cluster about itself and changes nothing. not_found when there
// is no such namespace.
func (c *Client) Describe(ctx context.Context) (About, error) {
	const op = "temporalclient.Describe"
	var about About
	system, err := c.sdk.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		return about, translate(op, err)
	}
	about.Version = system.GetServerVersion()
	namespace, err := c.sdk.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.namespace})
	if err != nil {
		return about, translate(op, err)
	}
	about.Retention = namespace.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	known, err := c.sdk.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: c.namespace})
	if err != nil {
		return about, translate(op, err)
	}
	for name, kind := range protocol.SearchAttributes() {
		want, err := enumspb.IndexedValueTypeFromString(kind)
		if err != nil {
			return about, fmt.Errorf("search attribute %s: %w", name, err)
		}
		if known.GetCustomAttributes()[name] != want {
			about.Missing = append(about.Missing, name)
		}
	}
	slices.Sort(about.Missing)
	about.Pollers, err = c.Pollers(ctx)
	return about, err
}
