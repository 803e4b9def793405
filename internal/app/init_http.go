package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/page"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/clockboard"
	"github.com/tocsin-soar/tocsin/internal/dutydesk"
	"github.com/tocsin-soar/tocsin/internal/intake/trial"
	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/operations"
	"github.com/tocsin-soar/tocsin/internal/store/clocks"
	"github.com/tocsin-soar/tocsin/internal/tlsfile"
)

// initHTTP builds the door and takes its port, so that a taken port is told at
// once.
func (a *App) initHTTP(ctx context.Context) error {
	if !a.roles.API {
		return nil
	}
	services := api.Services{
		Authenticator: access.NewAuthenticator(a.holders, time.Now, a.log),
		Hooks:         a.hooks,
		Intake:        countedIntake{a.intake, a.metrics},
		Alerts:        a.incidents,
		Trials:        trial.New(a.policy, a.incidents, time.Now),
		Incidents:     a.incidents,
		Commands:      a.incidents,
		Timeline:      a.incidents,
		Evidence:      a.incidents,
		Containments:  a.incidents,
		Clocks:        clockboard.New(clocks.New(a.store), time.Now),
		Duties:        dutydesk.New(a.incidents, a.duties),
		Refusals:      a.incidents,
		Answers:       a.store,
		Operations:    operations.New(a.store, time.Now),
		People:        a.people,
		Slack:         a.slack.Identities,
		OnCall:        a.oncall,
		Notifications: a.notify,
		Approvals:     countedApprovals{a.incidents, a.metrics, time.Now},
		Tasks:         a.incidents,
		Freeze:        a.incidents,
		Playbooks:     a.library,
		Connectors:    a.registry,
		Tokens:        a.tokens,
	}
	if a.codec != nil {
		services.Payloads = payloadReader{a.codec, a.incidents, a.metrics, a.log}
	}
	door, err := api.New(services, api.Options{
		Log: a.log, Now: time.Now, NewID: rand.Text, Version: observe.Version(), Health: a.health, Closing: a.closing,
		Refused: countedRefusals{a.metrics}, TemporalUI: a.config.TemporalUI,
	})
	if err != nil {
		return err
	}
	router := api.NewRouter(api.RouterOptions{Log: a.log, Now: time.Now, NewID: rand.Text, Meter: a.metrics, TrustedProxies: a.config.TrustedProxies})
	door.Mount(router)
	if a.config.linkURL() != "" {
		page.New(page.Options{Links: a.links, Desk: countedApprovals{a.incidents, a.metrics, time.Now}, Now: time.Now, NewID: rand.Text, Log: a.log}).Mount(router)
	}
	routes, err := a.slack.Routes()
	if err != nil {
		return err
	}
	api.MountRaw(router, routes)
	a.server = api.NewServer(a.config.Listen, a.tracing.HTTP(router), a.log)
	if a.config.ListenCert != "" {
		pair, err := tlsfile.LoadPair(a.config.ListenCert, a.config.ListenKey, time.Now(), a.log)
		if err != nil {
			return fmt.Errorf("listen_tls_cert: %w", err)
		}
		a.server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.ForServer}
	}
	var listen net.ListenConfig
	a.listener, err = listen.Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		return fmt.Errorf("the API cannot listen on %s: %w", a.config.Listen, err)
	}
	return nil
}
