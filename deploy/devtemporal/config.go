package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	clusterName = "active"
	storeName   = "sqlite"
	loopback    = "127.0.0.1"
)

// servicePorts are the gRPC ports of the four services and the UI's HTTP port (0
// without a UI); clients use the frontend's and the UI's only.
type servicePorts struct{ frontend, history, matching, worker, ui int }

// pickPorts chooses free ports for the inner services, and for the frontend when
// none was asked for, and finds out early whether the asked ones are taken: the
// server itself would only say so in its log. All listeners are held until the
// last port is chosen, so that none is handed out twice.
func pickPorts(ctx context.Context, opts options) (servicePorts, error) {
	ports := servicePorts{frontend: opts.port, ui: opts.uiPort}
	wanted := []struct {
		ip   string
		port *int
	}{
		{opts.ip, &ports.frontend}, {opts.ip, &ports.ui},
		{loopback, &ports.history}, {loopback, &ports.matching}, {loopback, &ports.worker},
	}
	var listen net.ListenConfig
	for _, want := range wanted {
		if want.port == &ports.ui && opts.uiPort == 0 {
			continue
		}
		listener, err := listen.Listen(ctx, "tcp", net.JoinHostPort(want.ip, strconv.Itoa(*want.port)))
		if err != nil {
			return ports, fmt.Errorf("taking a port: %w", err)
		}
		defer listener.Close()
		*want.port = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

// dialAddress is where this machine reaches a port that is served on ip.
func dialAddress(ip string, port int) string {
	if net.ParseIP(ip).IsUnspecified() {
		ip = loopback
	}
	return net.JoinHostPort(ip, strconv.Itoa(port))
}

func staticHosts(opts options, ports servicePorts) map[primitives.ServiceName]static.Hosts {
	local := func(port int) static.Hosts { return static.SingleLocalHost(dialAddress(loopback, port)) }
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(dialAddress(opts.ip, ports.frontend)),
		primitives.HistoryService:  local(ports.history),
		primitives.MatchingService: local(ports.matching),
		primitives.WorkerService:   local(ports.worker),
	}
}

func serverConfig(opts options, ports servicePorts) *config.Config {
	service := func(ip string, port int) config.Service {
		return config.Service{RPC: config.RPC{BindOnIP: ip, GRPCPort: port}}
	}
	frontend := dialAddress(opts.ip, ports.frontend)
	return &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1, // fixed for the life of a database; SQLite has one writer anyway
			DataStores:       map[string]config.DataStore{storeName: {SQL: sqliteConfig(opts.dbFile)}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(opts.ip, ports.frontend),
			string(primitives.HistoryService):  service(loopback, ports.history),
			string(primitives.MatchingService): service(loopback, ports.matching),
			string(primitives.WorkerService):   service(loopback, ports.worker),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchival{State: config.ArchivalDisabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: config.ArchivalDisabled},
		}},
		PublicClient: config.PublicClient{HostPort: frontend},
	}
}

// sqliteConfig describes the one store. A file is written ahead and synced at
// checkpoints only: it survives the death of the process at any moment, and may
// lose the last moments before a power cut, which a development server can.
func sqliteConfig(file string) *config.SQL {
	sql := &config.SQL{PluginName: sqlite.PluginName, ConnectAddr: "localhost", ConnectProtocol: "tcp", MaxConns: 1, MaxIdleConns: 1}
	if file == "" {
		sql.DatabaseName = "devtemporal"
		sql.ConnectAttributes = map[string]string{"mode": "memory", "cache": "private"}
		return sql
	}
	// The plugin pastes the name into a URI without escaping it.
	sql.DatabaseName = (&url.URL{Path: file}).EscapedPath()
	sql.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "normal", "busy_timeout": "10000"}
	return sql
}

// prepareStorage makes the schema of a new database and the namespace.
func prepareStorage(opts options, cfg *config.Config) error {
	store := cfg.Persistence.DataStores[storeName].SQL
	if opts.dbFile != "" {
		if err := createDatabaseFile(opts.dbFile); err != nil {
			return err
		}
	}
	namespace, err := sqliteschema.NewNamespaceConfig(clusterName, opts.namespace, false, opts.searchAttributes)
	if err != nil {
		return fmt.Errorf("describing namespace %s: %w", opts.namespace, err)
	}
	namespace.Detail.Config.Retention = durationpb.New(opts.retention)
	if err := sqliteschema.CreateNamespaces(store, namespace); err != nil {
		return fmt.Errorf("creating namespace %s: %w", opts.namespace, err)
	}
	return nil
}

// createDatabaseFile writes the schema beside its place and renames it there, so
// that a kill in the middle never leaves half a schema behind.
func createDatabaseFile(file string) error {
	if _, err := os.Stat(file); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := file + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a half-made database: %w", err)
	}
	store := sqliteConfig(fresh)
	store.ConnectAttributes["journal_mode"] = "memory" // no side files that would have to move too
	if err := sqliteschema.SetupSchema(store); err != nil {
		return fmt.Errorf("creating the schema in %s: %w", fresh, err)
	}
	if err := os.Rename(fresh, file); err != nil {
		return fmt.Errorf("moving the new database into place: %w", err)
	}
	return nil
}

// dynamicValues are the settings that a small server needs. Without the first
// four every step of a workflow waits 50 ms: a shard's queue reader may load
// only 20 times per second by default, and there is one shard.
func dynamicValues() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		dynamicconfig.TransferProcessorMaxPollRPS.Key():   2000,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():      2000,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): 2000,
		dynamicconfig.OutboundProcessorMaxPollRPS.Key():   2000,

		// One partition saves forwarding between partitions of a nearly empty queue.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():                       100,
		dynamicconfig.FrontendMaxNamespaceNamespaceReplicationInducingAPIsRPSPerInstance.Key(): 100,

		dynamicconfig.EnableActivityEagerExecution.Key(): true,
		dynamicconfig.EnableEagerWorkflowStart.Key():     true,
		// Makes a search attribute usable as soon as it is added, at the price of
		// slower lists; the cache would hide it for minutes.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,

		// Set here, not by TEMPORAL_VERSION_CHECK_DISABLED, which the server reads
		// before main runs: nothing here may call out.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
}

// waitForPort returns when something accepts connections at address.
func waitForPort(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}
