package app

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app/slackroom"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

// Config is all that a process needs to know. Each value comes from, in rising
// order of strength: its default, the configuration file, the environment, the
// command line.
type Config struct {
	Listen            string         // host:port of the API
	ListenCert        string         // PEM file; with ListenKey the API speaks TLS
	ListenKey         string         // PEM file
	PublicURL         string         // how people and tools reach the API; in links
	ApprovalLinks     bool           // mails about approvals carry a link to the approval page
	TrustedProxies    []netip.Prefix // whose X-Forwarded-For is believed
	DatabaseURL       secret.String  // postgres://...
	DatabasePlaintext bool           // a database on another machine may be used without TLS
	TemporalAddress   string         // host:port
	TemporalNamespace string
	TemporalTaskQueue string
	MetricsListen     string // host:port of metrics and health; empty: off
	StopDelay         time.Duration
	TemporalUI        string // base URL of the Temporal UI; in links, may be empty
	TemporalTLS       TemporalTLS
	TemporalAPIKey    secret.String // of Temporal Cloud; empty: none
	Encryption        Encryption    // of payloads in Temporal
	DataDir           string        // evidence, the record's signing key, checkpoints
	ConnectorsDir     string        // connector files of the site; empty: none
	PolicyDir         string        // policy files; empty: the built-in ones
	SourcesDir        string        // mappings of the site; empty: the shipped ones alone
	LoadShipped       bool          // publish the shipped playbooks at start
	AutoClose         bool          // close an incident when all its playbooks ended well
	LogLevel          slog.Level
	LogFormat         string  // text | json
	AlertRate         float64 // requests with alerts a second from one sender; 0: any number
	AlertBurst        int     // requests at once after a quiet time
	Slack             slackroom.Config
	Connectors        map[string]ConnectorConfig
	Hooks             map[string]HookConfig // by source
	Limits            []guard.Limit         // how often an action may run; nil: guard.DefaultLimits; not in the file

	places map[string]place // of the values that are no defaults, by key
}

// TemporalTLS is how we meet the Temporal frontend. All files are PEM.
type TemporalTLS struct {
	On         bool
	CA         string // file; empty: the system's roots
	Cert, Key  string // files; empty: no client certificate
	ServerName string // empty: the host of the address
}

// Encryption says under which keys payloads in Temporal are encrypted.
type Encryption struct {
	Keys      []KeyReference // none: they are not encrypted
	Active    string         // id of the key that encrypts; may be empty with one key
	Plaintext bool           // payloads that are not encrypted may be read

	ring *codec.Ring // made of Keys
}

// ConnectorConfig is one connector instance of the configuration file.
type ConnectorConfig struct {
	Use      string            // the connector's kind: lab_edr, http
	Settings map[string]string // plain settings
	Secrets  map[string]secret.String
}

// place is where a value was set.
type place struct {
	at     diag.Position // File alone for what is no file
	length int
}

// Settings is the one table of configuration: the file's keys, the environment,
// the defaults, and the documentation are read from it. Connectors and hooks stand in
// the file only.
func Settings() []Setting {
	return append([]Setting{
		text("listen", "127.0.0.1:8080", "host:port the API listens on", func(c *Config) *string { return &c.Listen }),
		text("listen_tls_cert", "", "PEM file with the API's certificate and chain, read again when it changes; empty: plain HTTP, for a proxy in front", func(c *Config) *string { return &c.ListenCert }),
		text("listen_tls_key", "", "PEM file with the key of `listen_tls_cert`", func(c *Config) *string { return &c.ListenKey }),
		text("metrics_listen", "", "host:port for /metrics, /healthz and /readyz of this process, without a token: keep it off public networks; empty: off. 127.0.0.1:9464 is usual", func(c *Config) *string { return &c.MetricsListen }),
		{Key: "stop_delay", Default: "0s", Help: "how long a stopping process says that it is not ready before it takes no more requests, for load balancers: 5s", set: setStopDelay, show: func(c *Config) string { return c.StopDelay.String() }},
		text("public_url", "", "how people and tools reach the API, used in links; empty: made of the listen address", func(c *Config) *string { return &c.PublicURL }),
		flag("approval_links", "true", "put a one-time link to the approval page, below `public_url`, into mails that ask for an approval; false turns the page off", func(c *Config) *bool { return &c.ApprovalLinks }),
		{Key: "trusted_proxies", Help: "comma-separated networks whose X-Forwarded-For is believed; empty: none", set: setProxies, show: showProxies},
		hidden("database_url", "postgres:// URL of a PostgreSQL 15 or newer; TLS by `sslmode=verify-full`, `sslrootcert`, `sslcert`, `sslkey` in it", func(c *Config) *secret.String { return &c.DatabaseURL }),
		flag("database_plaintext", "false", "permit a `database_url` to another machine whose sslmode does not insist on TLS", func(c *Config) *bool { return &c.DatabasePlaintext }),
		text("temporal_address", "127.0.0.1:7233", "host:port of the Temporal frontend", func(c *Config) *string { return &c.TemporalAddress }),
		text("temporal_namespace", "default", "Temporal namespace", func(c *Config) *string { return &c.TemporalNamespace }),
		text("temporal_task_queue", "tocsin", "task queue of workflows and activities; one for each installation that shares a namespace", func(c *Config) *string { return &c.TemporalTaskQueue }),
		text("temporal_ui", "", "base URL of the Temporal UI, used in links; with `encryption_keys` the one origin whose pages may ask the codec endpoint", func(c *Config) *string { return &c.TemporalUI }),
		flag("temporal_tls", "false", "speak TLS with Temporal", func(c *Config) *bool { return &c.TemporalTLS.On }),
		text("temporal_tls_ca", "", "PEM file with the authority of Temporal's certificate; empty: the system's", func(c *Config) *string { return &c.TemporalTLS.CA }),
		text("temporal_tls_cert", "", "PEM file with our client certificate for Temporal, read again when it changes", func(c *Config) *string { return &c.TemporalTLS.Cert }),
		text("temporal_tls_key", "", "PEM file with the key of `temporal_tls_cert`", func(c *Config) *string { return &c.TemporalTLS.Key }),
		text("temporal_tls_server_name", "", "name expected in Temporal's certificate; empty: the host of `temporal_address`", func(c *Config) *string { return &c.TemporalTLS.ServerName }),
		hidden("temporal_api_key", "API key of Temporal Cloud; needs `temporal_tls`", func(c *Config) *secret.String { return &c.TemporalAPIKey }),
		{Key: "encryption_keys", Help: "keys that encrypt payloads in Temporal: comma-separated ID=from_file:PATH, from_env:NAME or from_credential:NAME, in the file also a mapping; empty: not encrypted", set: setKeys, show: showKeys},
		text("encryption_active_key", "", "ID of the key that encrypts; the others only decrypt; needed when there are several", func(c *Config) *string { return &c.Encryption.Active }),
		flag("encryption_plaintext", "false", "read payloads that are not encrypted, too, while incidents from before encryption still run", func(c *Config) *bool { return &c.Encryption.Plaintext }),
		text("data_dir", "./.tocsin/data", "folder for evidence, the record's signing key and its checkpoints", func(c *Config) *string { return &c.DataDir }),
		text("connectors_dir", "", "folder with connector files of your own, see internal/connectors/README.md; read at start", func(c *Config) *string { return &c.ConnectorsDir }),
		text("policy_dir", "", "folder with policy files that replace the built-in ones", func(c *Config) *string { return &c.PolicyDir }),
		text("sources_dir", "", "folder with mappings of detection tools that add to the shipped ones or replace them", func(c *Config) *string { return &c.SourcesDir }),
		flag("load_shipped_playbooks", "true", "publish the shipped playbooks at start when they are new", func(c *Config) *bool { return &c.LoadShipped }),
		flag("auto_close", "true", "close an incident by itself when all its playbooks ended well", func(c *Config) *bool { return &c.AutoClose }),
		{Key: "log_level", Default: "info", Help: "debug, info, warn or error", set: setLogLevel, show: func(c *Config) string { return strings.ToLower(c.LogLevel.String()) }},
		choice("log_format", []string{"text", "json"}, func(c *Config) *string { return &c.LogFormat }),
	}, append(slackSettings(), alertLimits()...)...)
}
