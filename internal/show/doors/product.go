package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/show/stage"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// product is Tocsin in this process: the doors and what decides which alerts are
// incidents. Nothing is carried out: there is no worker.
type product struct {
	*stage.Stage
	lead   *client.Client
	tokens map[string]string // by source
}

func start(ctx context.Context, o options) (*product, error) {
	started, err := stage.Start(ctx, stage.Options{Name: "doors", Postgres: o.postgres, Temporal: o.temporal, Roles: app.Roles{API: true, Outbox: true}})
	if err != nil {
		return nil, err
	}
	p := &product{Stage: started, tokens: map[string]string{}}
	p.lead, err = p.Person(ctx, access.TokenRequest{Name: "lead", Person: "lead@doors.invalid", Roles: []soar.Role{soar.RoleSOCLead, soar.RoleAnalyst}})
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// tool gives a token of a detection tool that may send for the source.
func (p *product) tool(ctx context.Context, source string) (string, error) {
	if token, ok := p.tokens[source]; ok {
		return token, nil
	}
	token, err := p.Token(ctx, access.TokenRequest{Name: source, Source: source})
	if err == nil {
		p.tokens[source] = token
	}
	return token, err
}

// settle waits until every alert has been looked at.
func (p *product) settle(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.Database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		var waiting, parked int
		query := "SELECT count(*) FILTER (WHERE done_at IS NULL AND parked_at IS NULL), count(*) FILTER (WHERE parked_at IS NOT NULL) FROM outbox WHERE kind = $1"
		if err := conn.QueryRow(ctx, query, soar.OutboxAlertDispatch).Scan(&waiting, &parked); err != nil {
			return fmt.Errorf("wait for %d alerts to be looked at: %w", waiting, err)
		}
		if parked > 0 {
			return fmt.Errorf("%d alerts could not be dispatched", parked)
		}
		if waiting == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d alerts have not been looked at in time", waiting)
		case <-tick.C:
		}
	}
}
