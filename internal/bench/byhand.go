package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/activities"
	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/temporalclient"
)

// The hand-written workflows: the same number of activities, one after the other.
const (
	workflowSame = "bench_same" // Tocsin's own activity for an action: guard, ledger, record
	workflowKept = "bench_kept" // an activity that writes intent and result into Postgres, and no more
	workflowBare = "bench_bare" // an activity that calls the target, and no more
)

const (
	activityKept = "bench_kept_call"
	activityBare = "bench_bare_call"
)

// order is the input of a hand-written workflow.
type order struct {
	Incident string `json:"incident"`
	Message  string `json:"message"`
	Steps    int    `json:"steps"`
}

// byHand is what one writes without Tocsin, on the same servers: a worker with the
// same options on a queue of its own, and a handler for alerts.
type byHand struct {
	pool   *pgxpool.Pool
	sdk    client.Client
	queue  string
	target *target
	http   *http.Client // to the target
	url    string       // of the handler
	sender *http.Client // to the handler
}

func (b *bench) byHand(ctx context.Context, databaseURL string, pool *pgxpool.Pool) (*byHand, error) {
	if _, err := pool.Exec(ctx, `CREATE TABLE by_hand_alerts (id text PRIMARY KEY, body jsonb NOT NULL, received_at timestamptz NOT NULL DEFAULT now());
		CREATE TABLE by_hand_calls (key text PRIMARY KEY, args jsonb NOT NULL, result jsonb, begun_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz)`); err != nil {
		return nil, err
	}
	h := &byHand{pool: pool, queue: "bench-by-hand-" + rand.Text(), target: b.target, http: sender(64), sender: sender(b.options.senders)}
	if err := b.startWorker(ctx, h, databaseURL); err != nil {
		return nil, err
	}
	return h, b.startHandler(ctx, h)
}

func (b *bench) startWorker(ctx context.Context, h *byHand, databaseURL string) error {
	opened, err := temporalclient.Open(temporalclient.Options{Address: b.temporal, Namespace: "default", TaskQueue: h.queue, Identity: "by hand", Logger: quiet()})
	if err != nil {
		return err
	}
	h.sdk = opened.SDK()
	b.ends = append(b.ends, func() error { opened.Close(); return nil })
	kept, err := store.Open(ctx, databaseURL, store.Options{BlobDir: filepath.Join(b.dir, "by-hand"), Logger: quiet()})
	if err != nil {
		return err
	}
	b.ends = append(b.ends, func() error { kept.Close(); return nil })
	registry, err := b.registry()
	if err != nil {
		return err
	}
	worker := opened.NewWorker()
	activities.New(activities.Deps{Connectors: registry, Store: kept, Limits: limits(), Logger: quiet()}).Register(worker)
	worker.RegisterActivityWithOptions(h.kept, activity.RegisterOptions{Name: activityKept})
	worker.RegisterActivityWithOptions(h.bare, activity.RegisterOptions{Name: activityBare})
	for name, function := range map[string]any{workflowSame: same, workflowKept: calling(activityKept), workflowBare: calling(activityBare)} {
		worker.RegisterWorkflowWithOptions(function, workflow.RegisterOptions{Name: name})
	}
	if err := worker.Start(); err != nil {
		return err
	}
	b.ends = append(b.ends, func() error { worker.Stop(); return nil })
	return nil
}

// registry holds the same connector as the product's.
func (b *bench) registry() (*connector.Registry, error) {
	all, err := connectors.All(connectors.Options{})
	if err != nil {
		return nil, err
	}
	registry := connector.NewRegistry()
	for _, kind := range all {
		if kind.Manifest().Connector == "lab_mail" {
			return registry, registry.Open(kind, connector.Config{
				Instance: "mail", Settings: map[string]string{"base_url": b.target.url}, Logger: quiet(),
				Secrets: map[string]secret.String{"token": secret.New(b.target.token)},
			})
		}
	}
	return nil, fmt.Errorf("this build has no connector lab_mail")
}

// same is a workflow with Tocsin's activities and without its interpreter.
func same(ctx workflow.Context, o order) error {
	ctx = workflow.WithActivityOptions(ctx, activityOptions())
	for i := range o.Steps {
		step, id := fmt.Sprintf("step_%02d", i+1), messageID(o.Message, i)
		request := protocol.ActionRequest{
			IncidentID: o.Incident, RunID: "r1", StepKey: "r1/" + step, Playbook: "by_hand", Connector: "mail", Action: "quarantine_messages",
			Args: map[string]any{"ids": []any{id}}, Risk: soar.RiskChange, Target: id, Timeout: 30 * time.Second,
			Key: protocol.IdempotencyKey(o.Incident, "r1/"+step, "mail.quarantine_messages", id, 0),
		}
		var reply protocol.ActionResult
		if err := workflow.ExecuteActivity(ctx, protocol.ActivityAction, request).Get(ctx, &reply); err != nil {
			return err
		}
		if reply.Outcome != protocol.OutcomeDone {
			return temporal.NewNonRetryableApplicationError(string(reply.Outcome)+": "+reply.Error, "bench", nil)
		}
	}
	return nil
}

// calling is a workflow of one activity with a message's id, several times.
func calling(name string) func(workflow.Context, order) error {
	return func(ctx workflow.Context, o order) error {
		ctx = workflow.WithActivityOptions(ctx, activityOptions())
		for i := range o.Steps {
			if err := workflow.ExecuteActivity(ctx, name, messageID(o.Message, i)).Get(ctx, nil); err != nil {
				return err
			}
		}
		return nil
	}
}

func activityOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout: 45 * time.Second, ScheduleToCloseTimeout: 10 * time.Minute,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 3},
	}
}

// messageID names what a step acts on; the playbook makes the same.
func messageID(message string, step int) string { return fmt.Sprintf("%s-%02d", message, step+1) }

// kept writes what it will do, does it, and writes what came of it.
func (h *byHand) kept(ctx context.Context, id string) error {
	if _, err := h.pool.Exec(ctx, `INSERT INTO by_hand_calls (key, args) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, map[string]any{"ids": []string{id}}); err != nil {
		return err
	}
	if err := h.bare(ctx, id); err != nil {
		return err
	}
	_, err := h.pool.Exec(ctx, `UPDATE by_hand_calls SET result = $2, ended_at = now() WHERE key = $1`, id, map[string]any{"count": 1})
	return err
}

// bare calls the target.
func (h *byHand) bare(ctx context.Context, id string) error {
	body, err := json.Marshal(map[string]any{"ids": []string{id}})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.target.url+"/mail/quarantine", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+h.target.token)
	request.Header.Set("Idempotency-Key", id)
	response, err := h.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the target answered %s", response.Status)
	}
	return drain(response)
}

func drain(response *http.Response) error {
	_, err := io.Copy(io.Discard, response.Body)
	return err
}

// start starts a hand-written workflow.
func (h *byHand) start(ctx context.Context, name string, o order) (client.WorkflowRun, error) {
	return h.sdk.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: o.Incident, TaskQueue: h.queue}, name, o)
}

// incident makes the row that the ledger's entries point at.
const incident = `INSERT INTO incidents (id, doc, title, status, severity, category, owner, ended, correlation_key, opened_at)
	VALUES ($1, '{}', $1, 'closed', 'high', 'undetermined', '', true, '', now())`

// startHandler serves what one writes to take an alert and act on it: it inserts
// the alert and the incident in one transaction, starts the workflow, and answers.
func (b *bench) startHandler(ctx context.Context, h *byHand) error {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h.url = "http://" + listener.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(h.take), ReadHeaderTimeout: 10 * time.Second}
	b.ends = append(b.ends, server.Close)
	go func() { _ = server.Serve(listener) }() // it ends with Close
	return nil
}

func (h *byHand) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var alert struct {
		ID string `json:"id"`
	}
	if err == nil {
		err = json.Unmarshal(body, &alert)
	}
	if err == nil {
		err = h.accept(r.Context(), alert.ID, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (h *byHand) accept(ctx context.Context, id string, body []byte) error {
	name := strings.ToUpper("hand-" + id)
	err := pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO by_hand_alerts (id, body) VALUES ($1, $2)`, id, body); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, incident, name)
		return err
	})
	if err != nil {
		return err
	}
	_, err = h.start(ctx, workflowSame, order{Incident: name, Message: id, Steps: 1})
	return err
}
