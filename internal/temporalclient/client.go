package temporalclient

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

// Options name the Temporal cluster and how it is met.
type Options struct {
	Address      string // host:port
	Namespace    string
	TaskQueue    string                // of workflows and activities; empty: protocol.TaskQueue
	Identity     string                // shown in the Temporal UI
	TLS          *tls.Config           // nil: plain text
	APIKey       secret.String         // of Temporal Cloud; empty: none
	Metrics      client.MetricsHandler // nil: the SDK counts nothing
	Interceptors []interceptor.ClientInterceptor
	Codec        *codec.Codec // encrypts payloads; nil: they are readable for Temporal
	Logger       *slog.Logger
}

// callWithin bounds one call. The SDK by itself tries for as long as the caller's
// context allows, or a minute: whoever calls has other work, and comes again.
const callWithin = 10 * time.Second

// Client holds the connection.
type Client struct {
	sdk       client.Client
	worker    client.Client // sdk, or one whose codec knows that it serves a worker
	address   string
	namespace string
	taskQueue string
	tls       *tls.Config
	identity  string
}

// Open makes a client that connects when first used, so that the process starts
// while Temporal is away.
func Open(options Options) (*Client, error) {
	settings := client.Options{
		HostPort:  options.Address,
		Namespace: options.Namespace,
		Identity:  options.Identity,
		Logger:    sdklog.NewStructuredLogger(options.Logger),
		ConnectionOptions: client.ConnectionOptions{
			TLS: options.TLS,
			// Requests are a few KiB, and a codec's output does not shrink: gzip
			// would cost a tenth of a worker's CPU, and as much on the server.
			GrpcCompression: &client.GrpcCompressionNone{},
		},
		MetricsHandler: options.Metrics,
		Interceptors:   options.Interceptors,
	}
	if !options.APIKey.Empty() {
		settings.Credentials = client.NewAPIKeyStaticCredentials(options.APIKey.Reveal())
	}
	c := &Client{
		address: options.Address, namespace: options.Namespace, tls: options.TLS, identity: options.Identity,
		taskQueue: cmp.Or(options.TaskQueue, protocol.TaskQueue),
	}
	var err error
	if c.sdk, err = lazy(settings, options.Codec); err != nil {
		return nil, err
	}
	c.worker = c.sdk
	if options.Codec == nil {
		return c, nil
	}
	c.worker, err = lazy(settings, options.Codec.ForWorker())
	return c, err
}

func lazy(settings client.Options, encryption *codec.Codec) (client.Client, error) {
	if encryption != nil {
		settings.DataConverter, settings.FailureConverter = encryption.DataConverter(), encryption.FailureConverter()
	}
	sdk, err := client.NewLazyClient(settings)
	if err != nil {
		return nil, fmt.Errorf("make a Temporal client for %s: %w", settings.HostPort, err)
	}
	return sdk, nil
}

// Close drops the connection.
func (c *Client) Close() {
	c.sdk.Close()
	if c.worker != c.sdk {
		c.worker.Close()
	}
}

// HealthCheck tells whether Temporal answers.
func (c *Client) HealthCheck(ctx context.Context) error {
	if _, err := c.sdk.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return translate("temporalclient.HealthCheck", err)
	}
	return nil
}

// StartIncident starts the workflow of an incident, once: already is set when it
// was started before, running or ended.
func (c *Client) StartIncident(ctx context.Context, input protocol.IncidentInput) (already bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	incident := input.Incident
	_, err = c.sdk.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       incident.ID,
		TaskQueue:                                c.taskQueue,
		WorkflowIDReusePolicy:                    rejectDuplicate,
		WorkflowIDConflictPolicy:                 failOnConflict,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		EnableEagerStart:                         true, // a worker in this process gets the first task with the answer
		StaticSummary:                            staticSummary(incident),
		StaticDetails: "Incident " + incident.ID + ", opened " + soar.Minute(incident.OpenedAt) +
			". The record of what happened is in Tocsin; this page shows how it runs.",
		Priority:              temporal.Priority{PriorityKey: priority(incident.Severity)},
		TypedSearchAttributes: startAttributes(incident),
	}, protocol.WorkflowIncident, input)
	if _, started := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); started {
		return true, nil
	}
	if err != nil {
		return false, c.notStarted(ctx, err)
	}
	return false, nil
}

// UpdateIncident sends an update and waits for its outcome. Sent twice under one
// updateID it is done once. A refusal by the workflow is a conflict with the
// workflow's sentence; without an outcome in time it is unavailable.
func (c *Client) UpdateIncident(ctx context.Context, incidentID, update, updateID string, payload json.RawMessage) (protocol.Reply, error) {
	const op = "temporalclient.UpdateIncident"
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	handle, err := c.sdk.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   incidentID,
		UpdateID:     updateID,
		UpdateName:   update,
		Args:         []any{payload},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return protocol.Reply{}, translate(op, err)
	}
	var reply protocol.Reply
	// A rejected update may come back without an error from the call itself.
	if err := handle.Get(ctx, &reply); err != nil {
		return protocol.Reply{}, translate(op, err)
	}
	return reply, nil
}

// QueryIncident asks the workflow for its state.
func (c *Client) QueryIncident(ctx context.Context, incidentID string) (protocol.StateView, error) {
	const op = "temporalclient.QueryIncident"
	var view protocol.StateView
	value, err := c.sdk.QueryWorkflow(ctx, incidentID, "", protocol.QueryState)
	if err != nil {
		return view, translate(op, err)
	}
	if err := value.Get(&view); err != nil {
		return view, soar.Wrap(soar.CodeInternal, op, err, "the state of %s cannot be read", incidentID)
	}
	return view, nil
}

// SDK gives the SDK's client to the worker and to tests.
func (c *Client) SDK() client.Client { return c.sdk }
