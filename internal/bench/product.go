package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// maxSteps keeps an incident of the benchmark within what a site would allow one.
const maxSteps = 20

// product is Tocsin in this process, as `tocsin dev` runs it: API, outbox and
// worker, on a database of its own.
type product struct {
	url   string
	tool  secret.String // token of a detection tool
	queue string        // of its workflows
	http  *http.Client
	stop  func() error
}

func (b *bench) product(ctx context.Context, databaseURL string, roles app.Roles) (*product, error) {
	config, err := b.config(ctx, databaseURL)
	if err != nil {
		return nil, err
	}
	process, err := app.New(ctx, config, quiet(), roles)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- process.Run(running) }()
	p := &product{url: process.URL(), queue: config.TemporalTaskQueue, http: sender(b.options.senders)}
	p.stop = func() error {
		p.http.CloseIdleConnections()
		cancel()
		return <-ended
	}
	b.ends = append(b.ends, func() error { return p.end() })
	if err := process.WaitReady(ctx); err != nil {
		return nil, err
	}
	issued, err := process.Tokens().Issue(ctx, soar.System("bench"), access.TokenRequest{Name: "bench", Source: "generic"})
	if err != nil {
		return nil, err
	}
	p.tool = issued.Text
	return p, p.publish(ctx, process, b.options.steps)
}

// end stops the product, once.
func (p *product) end() error {
	stop := p.stop
	if p.stop = nil; stop == nil {
		return nil
	}
	return stop()
}

// sender is an HTTP client that keeps as many connections as there are senders.
func sender(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}, Timeout: 30 * time.Second}
}

// publish makes the two playbooks known, through the door that people use.
func (p *product) publish(ctx context.Context, process *app.App, steps int) error {
	issued, err := process.Tokens().Issue(ctx, soar.System("bench"), access.TokenRequest{
		Name: "engineer", Person: "engineer@bench.invalid", Roles: []soar.Role{soar.RolePlaybookEngineer},
	})
	if err != nil {
		return err
	}
	engineer, err := client.New(client.Config{URL: p.url, Token: issued.Text.Reveal()})
	if err != nil {
		return err
	}
	for name, count := range map[string]int{"bench_steps": steps, "bench_first": 1} {
		if _, err := engineer.PlaybookPublish(ctx, name, "", []byte(playbookText(name, count))); err != nil {
			return fmt.Errorf("publish %s: %w", name, err)
		}
	}
	return nil
}

// playbookText is a playbook of action steps, one after the other, each a change
// with a target of its own that the guard, the budget, the ledger and the record
// see, and that can be taken back.
func playbookText(name string, steps int) string {
	var text strings.Builder
	fmt.Fprintf(&text, `tocsin: v1
playbook: %[1]s
version: 1.0.0
title: Steps for a benchmark
owner: soc_engineering
trigger:
  when: '"%[1]s" in alert.tags'
input:
  type: object
  required: [message]
  properties:
    message: {type: string, default: "${{ alert.external_id }}"}
steps:
`, name)
	for i := range steps {
		fmt.Fprintf(&text, "  - id: step_%02[1]d\n    title: \"Quarantine part %02[1]d of ${{ input.message }}\"\n    phase: contain\n"+
			"    action: mail.quarantine_messages\n    with: {ids: [\"${{ input.message }}-%02[1]d\"]}\n", i+1)
	}
	return text.String()
}

// alertBody is an alert of a common size, in the generic form. Every id is an
// incident of its own.
func alertBody(id, tag, severity string) []byte {
	return []byte(`{"id":` + strconv.Quote(id) + `,"title":"Message ` + id + ` holds a link that people were warned of","severity":"` + severity +
		`","tags":["` + tag + `"],"external_id":"` + id + `","occurred_at":"2026-01-02T03:04:05Z","source_ip":"203.0.113.7",` +
		`"user":{"name":"deploy","email":"deploy@bench.invalid"},"description":"` + filler + `"}`)
}

// filler brings an alert to about the median size of the real ones at hand.
var filler = strings.Repeat("The gateway saw it and let it pass. ", 8)

// post sends one body of alerts and wants it accepted.
func (p *product) post(ctx context.Context, body []byte) error {
	return post(ctx, p.http, p.url+"/api/v1/alerts", p.tool.Reveal(), body)
}

func post(ctx context.Context, sender *http.Client, address, token string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := sender.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the alert was answered with %s", response.Status)
	}
	return drain(response)
}

// awaitEnd waits until every incident has ended and the outbox is empty, so that
// no work of one round is left to the next.
func awaitEnd(ctx context.Context, pool *pgxpool.Pool) error {
	const query = `SELECT (SELECT count(*) FROM incidents WHERE NOT ended) + (SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL AND attempts = 0)`
	ctx, cancel := context.WithTimeout(ctx, roundWithin)
	defer cancel()
	for {
		var left int
		if err := pool.QueryRow(ctx, query).Scan(&left); err != nil {
			return err
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("incidents of a round do not end")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
