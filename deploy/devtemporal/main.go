package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	uiversion "github.com/temporalio/ui-server/v2/server/version"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	// startLimit bounds the wait for the server to answer after it was started.
	startLimit = 60 * time.Second
	// stopLimit bounds the orderly stop; SQLite survives a harder one.
	stopLimit = 8 * time.Second
)

// options are the command's flags.
type options struct {
	ip               string
	port             int
	uiPort           int
	codecEndpoint    string
	dbFile           string
	namespace        string
	retention        time.Duration
	searchAttributes attributeFlag
	logFile          string
	logLevel         string
	showVersion      bool
}

// attributeFlag collects repeated --search-attribute NAME=TYPE flags.
type attributeFlag map[string]enumspb.IndexedValueType

// String implements flag.Value.
func (a attributeFlag) String() string { return "" }

// Set implements flag.Value. TYPE is one of Temporal's: Text, Keyword, Int,
// Double, Bool, Datetime, KeywordList.
func (a attributeFlag) Set(value string) error {
	name, kind, ok := strings.Cut(value, "=")
	if !ok || name == "" {
		return fmt.Errorf("want NAME=TYPE, got %q", value)
	}
	valueType, err := enumspb.IndexedValueTypeFromString(kind)
	if err != nil || valueType == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
		return fmt.Errorf("search attribute %s: %q is not a type (Text Keyword Int Double Bool Datetime KeywordList)", name, kind)
	}
	a[name] = valueType
	return nil
}

func main() {
	if err := execute(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "devtemporal:", err)
		os.Exit(1)
	}
}

func execute(args []string) error {
	opts, err := parseFlags(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case opts.showVersion:
		fmt.Printf("devtemporal server %s ui %s\n", headers.ServerVersion, uiversion.UIVersion)
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, opts, os.Stdout)
}

func parseFlags(args []string) (options, error) {
	opts := options{searchAttributes: attributeFlag{}}
	flags := flag.NewFlagSet("devtemporal", flag.ContinueOnError)
	flags.StringVar(&opts.ip, "ip", "127.0.0.1", "address to serve on")
	flags.IntVar(&opts.port, "port", 7233, "gRPC port; 0 takes a free one")
	flags.IntVar(&opts.uiPort, "ui-port", 8233, "web UI port; 0 means no UI")
	flags.StringVar(&opts.codecEndpoint, "codec-endpoint", "", "where the UI has payloads decrypted; it sends its cookies along")
	flags.StringVar(&opts.dbFile, "db-filename", "", "SQLite file; empty keeps everything in memory")
	flags.StringVar(&opts.namespace, "namespace", "default", "namespace to create")
	flags.DurationVar(&opts.retention, "retention", 72*time.Hour, "how long closed workflows are kept, set when the namespace is created")
	flags.Var(opts.searchAttributes, "search-attribute", "custom search attribute NAME=TYPE, repeatable")
	flags.StringVar(&opts.logFile, "log-file", "", "log to this file; empty means standard error")
	flags.StringVar(&opts.logLevel, "log-level", "warn", "debug, info, warn or error")
	flags.BoolVar(&opts.showVersion, "version", false, "print the versions and exit")
	flags.SetOutput(io.Discard) // main prints the error; the usage only for those who ask
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(os.Stdout)
			flags.Usage()
		}
		return opts, err
	}
	if flags.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if net.ParseIP(opts.ip) == nil {
		return opts, fmt.Errorf("--ip %q is not an IP address", opts.ip)
	}
	return opts, nil
}

// run serves until ctx ends. It prints one line to out when everything answers.
func run(ctx context.Context, opts options, out io.Writer) error {
	ports, err := pickPorts(ctx, opts)
	if err != nil {
		return err
	}
	opts.port = ports.frontend
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: opts.logLevel, OutputFile: opts.logFile, Format: "json"}))
	cfg := serverConfig(opts, ports)
	if err := prepareStorage(opts, cfg); err != nil {
		return err
	}
	server, err := newServer(opts, ports, cfg, logger)
	if err != nil {
		return fmt.Errorf("assembling the server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	defer stopWithin(stopLimit, func() { _ = server.Stop() })

	address := dialAddress(opts.ip, opts.port)
	if err := ensureSearchAttributes(ctx, address, opts); err != nil {
		return err
	}
	line := "ready " + address
	if opts.uiPort != 0 {
		ui := newUI(opts)
		go func() { _ = ui.Start() }() // ends the process itself when the port is taken
		defer ui.Stop()
		uiAddress := dialAddress(opts.ip, opts.uiPort)
		if err := waitForPort(ctx, uiAddress); err != nil {
			return fmt.Errorf("the UI does not answer: %w", err)
		}
		line += " ui http://" + uiAddress
	}
	fmt.Fprintln(out, line)
	<-ctx.Done()
	return nil
}

func newServer(opts options, ports servicePorts, cfg *config.Config, logger log.Logger) (temporal.Server, error) {
	return temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(opts, ports)),
		temporal.WithDynamicConfigClient(dynamicValues()),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
	)
}

func newUI(opts options) *uiserver.Server {
	return uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		TemporalGRPCAddress: dialAddress(opts.ip, opts.port),
		Host:                opts.ip,
		Port:                opts.uiPort,
		EnableUI:            true,
		DefaultNamespace:    opts.namespace,
		CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP on loopback
		Codec: uiconfig.Codec{
			Endpoint: opts.codecEndpoint, IncludeCredentials: opts.codecEndpoint != "",
			DefaultErrorMessage: codecMessage(opts), DefaultErrorLink: opts.codecEndpoint,
		},
		DisableNewsFetch:   true,
		NotifyOnNewVersion: false,
		HideLogs:           true,
	}))
}

// codecMessage is what the UI says when the endpoint refuses: its page takes tokens.
func codecMessage(opts options) string {
	if opts.codecEndpoint == "" {
		return ""
	}
	return "Payloads are encrypted. Sign in to read them: " + opts.codecEndpoint
}

// ensureSearchAttributes adds those that the namespace lacks: a kept database
// may be older than the product that asks. It also is the proof of readiness,
// because it passes through the frontend to the store.
func ensureSearchAttributes(ctx context.Context, address string, opts options) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", address, err)
	}
	defer conn.Close()
	operator := operatorservice.NewOperatorServiceClient(conn)
	listed, err := operator.ListSearchAttributes(ctx,
		&operatorservice.ListSearchAttributesRequest{Namespace: opts.namespace}, grpc.WaitForReady(true))
	if err != nil {
		return fmt.Errorf("listing search attributes: %w", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, want := range opts.searchAttributes {
		have, known := listed.GetCustomAttributes()[name]
		if known && have != want {
			return fmt.Errorf("search attribute %s is of type %s in this database, not %s: delete the database file or choose another name", name, have, want)
		}
		if !known {
			missing[name] = want
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = operator.AddSearchAttributes(ctx,
		&operatorservice.AddSearchAttributesRequest{Namespace: opts.namespace, SearchAttributes: missing})
	if err != nil {
		return fmt.Errorf("adding search attributes: %w", err)
	}
	return nil
}

// stopWithin runs stop, but not for longer than limit: the server waits for
// long polls of clients that are already gone.
func stopWithin(limit time.Duration, stop func()) {
	done := make(chan struct{})
	go func() { defer close(done); stop() }()
	select {
	case <-done:
	case <-time.After(limit):
	}
}
