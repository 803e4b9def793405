package api

import (
	_ "embed" // for openapi.yaml
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/api/clock"
	"github.com/tocsin-soar/tocsin/api/containments"
	"github.com/tocsin-soar/tocsin/api/duty"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/notifications"
	"github.com/tocsin-soar/tocsin/api/oncall"
	"github.com/tocsin-soar/tocsin/api/people"
	"github.com/tocsin-soar/tocsin/api/spec"
	"github.com/tocsin-soar/tocsin/api/task"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/observe/health"
)

//go:embed openapi.yaml
var description []byte

// Description gives openapi.yaml as it is served.
func Description() []byte { return slices.Clone(description) }

// Options are what the door needs besides the use cases. The zero value of each
// duration means its default.
type Options struct {
	Log     *slog.Logger
	Now     func() time.Time
	NewID   func() string // unguessable, for requests without an Idempotency-Key
	Version string        // of the build, shown by the health checks
	Health  readiness     // what /readyz asks; nil: nothing
	Refused Refusals      // counts what the doors for alerts refuse; nil: nobody counts

	// TemporalUI is the address of the Temporal UI, whose pages may ask the codec
	// endpoint; empty: no page may.
	TemporalUI string

	// Closing ends open streams when the process shuts down; nil: never.
	Closing <-chan struct{}

	PollEvery      time.Duration // how often a stream looks for entries: 1 s
	HeartbeatEvery time.Duration // how often a silent stream says something: 10 s
	RecheckEvery   time.Duration // how often a stream's token is checked again: 15 s
}

// API is the door.
type API struct {
	guards map[string][]echo.MiddlewareFunc // by operation id
	routes *routes
	codec  codecDoor
}

// routes answers all operations: each noun's file has its own.
type routes struct {
	alertRoutes
	approvalRoutes
	clockRoutes
	commandRoutes
	connectorRoutes
	containmentRoutes
	correlationRoutes
	docsRoutes
	dutyRoutes
	evidenceRoutes
	freezeRoutes
	healthRoutes
	incidentRoutes
	meRoutes
	notificationRoutes
	oncallRoutes
	operationsRoutes
	peopleRoutes
	playbookRoutes
	recordRoutes
	slackRoutes
	taskRoutes
	tokenRoutes
}

// These routes stand in folders of their own.
type (
	clockRoutes        = clock.Routes
	containmentRoutes  = containments.Routes
	dutyRoutes         = duty.Routes
	notificationRoutes = notifications.Routes
	oncallRoutes       = oncall.Routes
	peopleRoutes       = people.Routes
	slackRoutes        = people.SlackRoutes
	taskRoutes         = task.Routes
)

// New builds the door. It fails when the description names a permission that
// internal/access does not know, so that no operation is open by a slip.
func New(services Services, options Options) (*API, error) {
	described, err := spec.Parse(description)
	if err != nil {
		return nil, err
	}
	options = options.withDefaults()
	guards := map[string][]echo.MiddlewareFunc{}
	for _, operation := range described.Operations() {
		if err := errors.Join(knownPermissions(operation), checkOnce(operation)); err != nil {
			return nil, err
		}
		g := guard{
			operation: operation, authenticator: services.Authenticator, refusals: services.Refusals,
			door: alertDoor{services.Hooks, options.Refused, options.Log}, once: onceOnly{services.Answers, operation.Once, options.Log},
		}
		guards[operation.ID] = []echo.MiddlewareFunc{g.middleware}
	}
	codec, err := newCodecDoor(services, options.TemporalUI)
	if err != nil {
		return nil, err
	}
	return &API{guards: guards, routes: newRoutes(services, options), codec: codec}, nil
}

func newRoutes(services Services, options Options) *routes {
	key := keys{newID: options.NewID}
	return &routes{
		alertRoutes:        alertRoutes{services.Intake, services.Alerts},
		approvalRoutes:     approvalRoutes{services.Approvals, key},
		clockRoutes:        clockRoutes{Board: services.Clocks, Caller: principal},
		commandRoutes:      commandRoutes{services.Commands, services.Incidents, services.Duties, key},
		connectorRoutes:    connectorRoutes{services.Connectors},
		correlationRoutes:  correlationRoutes{services.Trials},
		containmentRoutes:  containmentRoutes{Register: services.Containments, Caller: principal},
		dutyRoutes:         dutyRoutes{Desk: services.Duties, Caller: principal},
		evidenceRoutes:     evidenceRoutes{services.Evidence, key},
		freezeRoutes:       freezeRoutes{services.Freeze},
		healthRoutes:       healthRoutes{options.Version, options.Health},
		incidentRoutes:     incidentRoutes{services.Incidents, key},
		notificationRoutes: notificationRoutes{Desk: services.Notifications, Caller: principal},
		oncallRoutes:       oncallRoutes{Desk: services.OnCall, Clock: options.Now, Caller: principal},
		operationsRoutes:   operationsRoutes{services.Operations},
		peopleRoutes:       peopleRoutes{Directory: services.People, Now: options.Now, Principal: principal, Tag: tagOf, Match: matches},
		playbookRoutes:     playbookRoutes{services.Playbooks},
		recordRoutes:       recordRoutes{services.Timeline, newStreams(options)},
		slackRoutes:        slackRoutes{Identities: services.Slack, Principal: principal},
		taskRoutes:         taskRoutes{Keeper: services.Tasks, Caller: principal, ID: key.id},
		tokenRoutes:        tokenRoutes{services.Tokens},
	}
}

// Mount adds the operations and the codec endpoint to a router made by NewRouter.
func (a *API) Mount(router *echo.Echo) {
	handler := gen.NewStrictHandler(a.routes, []gen.StrictMiddlewareFunc{onlyAdmitted})
	gen.RegisterHandlersWithOptions(router, handler, gen.RegisterHandlersOptions{OperationMiddlewares: a.guards})
	a.codec.mount(router)
}

func knownPermissions(operation *spec.Operation) error {
	for _, permission := range operation.Permissions {
		known := slices.Contains(access.Permissions(), access.Permission(permission))
		if only := permission == spec.PermissionAny && len(operation.Permissions) == 1; !known && !only {
			return fmt.Errorf("openapi.yaml: operation %s asks for the permission %q, which does not exist", operation.ID, permission)
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Refused == nil {
		o.Refused = uncounted{}
	}
	if o.PollEvery == 0 {
		o.PollEvery = time.Second
	}
	if o.HeartbeatEvery == 0 {
		o.HeartbeatEvery = 10 * time.Second
	}
	if o.RecheckEvery == 0 {
		o.RecheckEvery = 15 * time.Second
	}
	if o.Health == nil {
		o.Health = health.New(o.Now)
	}
	return o
}
