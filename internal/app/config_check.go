package app

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/tlsfile"
)

// check says what is missing, what does not fit together, and which files cannot
// be used.
func (l *loader) check() {
	c := l.config
	if c.TemporalAddress == "" {
		l.missing("temporal_address", "incidents run as Temporal workflows")
	}
	if c.DataDir == "" {
		l.missing("data_dir", "evidence is stored there")
	} else if absolute, err := filepath.Abs(c.DataDir); err == nil {
		c.DataDir = absolute
	}
	l.pair("listen_tls_cert", c.ListenCert, "listen_tls_key", c.ListenKey)
	if c.PublicURL == "" {
		c.PublicURL = c.scheme() + "://" + c.Listen
	}
	l.checkLinks()
	l.checkDatabase()
	l.checkTemporal()
	l.checkEncryption()
	l.checkSlack()
}

// checkLinks looks at where links in mails lead to.
func (l *loader) checkLinks() {
	where, err := url.Parse(l.config.PublicURL)
	if err != nil || where.Host == "" || where.Scheme != "http" && where.Scheme != "https" || where.RawQuery != "" || where.Fragment != "" {
		l.contradict("public_url", "public_url is no address that a link could lead to", "write https://HOST or http://HOST:PORT")
		return
	}
	if l.config.ApprovalLinks && where.Scheme == "http" && !isLoopback(where.Hostname()) {
		l.warn(l.config.places["public_url"], "links to the approval page would cross the network in the clear", "write https:// in public_url, or approval_links: false")
	}
}

// linkURL is where the approval page is found; "" when it is turned off.
func (c *Config) linkURL() string {
	if !c.ApprovalLinks {
		return ""
	}
	return c.PublicURL
}

func (c *Config) scheme() string {
	if c.ListenCert != "" {
		return "https"
	}
	return "http"
}

func (l *loader) missing(key, why string) {
	l.fault(place{at: diag.Position{File: "configuration"}},
		hinted{key + " is not set: " + why, "set it in the configuration file or as " + EnvName(key)})
}

// contradict says at its place that a setting does not fit to others.
func (l *loader) contradict(key, message, hint string) {
	where, set := l.config.places[key]
	if !set {
		where = place{at: diag.Position{File: "configuration"}}
	}
	l.fault(where, hinted{message, hint})
}

// pair checks two settings that name a certificate and its key.
func (l *loader) pair(certSetting, cert, keySetting, key string) {
	switch {
	case cert == "" && key == "":
	case key == "":
		l.contradict(certSetting, certSetting+" is set and "+keySetting+" is not", "a certificate is of no use without its private key")
	case cert == "":
		l.contradict(keySetting, keySetting+" is set and "+certSetting+" is not", "a private key is of no use without its certificate")
	default:
		if _, err := tlsfile.LoadPair(cert, key, time.Now(), slog.New(slog.DiscardHandler)); err != nil {
			l.contradict(certSetting, certSetting+": "+err.Error(), "")
		}
	}
}

func (l *loader) checkTemporal() {
	c, t := l.config, l.config.TemporalTLS
	l.pair("temporal_tls_cert", t.Cert, "temporal_tls_key", t.Key)
	if t.CA != "" {
		if _, err := tlsfile.Roots(t.CA); err != nil {
			l.contradict("temporal_tls_ca", "temporal_tls_ca: "+err.Error(), "")
		}
	}
	for key, value := range map[string]string{
		"temporal_tls_ca": t.CA, "temporal_tls_cert": t.Cert, "temporal_tls_key": t.Key, "temporal_tls_server_name": t.ServerName,
	} {
		if value != "" && !t.On {
			l.contradict(key, key+" is set, but temporal_tls is false", "set temporal_tls: true")
		}
	}
	if !c.TemporalAPIKey.Empty() && !t.On {
		l.contradict("temporal_api_key", "temporal_api_key would be sent in the clear: temporal_tls is false", "set temporal_tls: true")
	}
	if host, _, err := net.SplitHostPort(c.TemporalAddress); err == nil && !t.On && !isLoopback(host) {
		l.warn(l.config.places["temporal_address"], "Temporal is on another machine, and temporal_tls is false: all that incidents do crosses the network in the clear", "set temporal_tls: true")
	}
}

// checkDatabase reads the URL the way the driver does, and insists on TLS to other
// machines: the driver's default, sslmode=prefer, is content with plain text.
func (l *loader) checkDatabase() {
	if l.config.DatabaseURL.Empty() {
		l.missing("database_url", "Tocsin keeps its record in PostgreSQL")
		return
	}
	raw := l.config.DatabaseURL.Reveal()
	parsed, err := pgx.ParseConfig(raw)
	if err != nil {
		// The driver hides the password, but quotes what it could not read.
		l.contradict("database_url", "database_url cannot be used: "+urlFault(raw, err), "write postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full")
		return
	}
	if l.config.DatabasePlaintext {
		return
	}
	plain := func(host string, config *tls.Config) {
		if config == nil && !isLoopback(host) && !strings.HasPrefix(host, "/") {
			l.contradict("database_url", fmt.Sprintf("database_url reaches %s without TLS, or would be content without it", host),
				"add sslmode=verify-full (and sslrootcert=FILE for an authority of your own), or set database_plaintext: true")
		}
	}
	if config := parsed.TLSConfig; config != nil && config.InsecureSkipVerify && config.VerifyPeerCertificate == nil && len(parsed.Fallbacks) == 0 {
		l.warn(l.config.places["database_url"], "database_url asks for TLS, but not for a check of who answers", "write sslmode=verify-full")
	}
	plain(parsed.Host, parsed.TLSConfig)
	for _, other := range parsed.Fallbacks {
		if other.Host != parsed.Host || parsed.TLSConfig != nil {
			plain(other.Host, other.TLSConfig)
		}
	}
}

// urlFault gives the driver's reason without the URL.
func urlFault(raw string, err error) string {
	if _, urlErr := url.Parse(raw); urlErr != nil {
		return "it is not a URL"
	}
	_, reason, found := strings.Cut(err.Error(), "`: ")
	if !found {
		return "it cannot be read"
	}
	return reason
}

func isLoopback(host string) bool {
	if host == "localhost" || host == "" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
