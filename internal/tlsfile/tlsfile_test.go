package tlsfile_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/tlsfile"
	"github.com/tocsin-soar/tocsin/internal/tlsfile/tlsfiletest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestRenewedCertificateIsUsedWithoutARestart(t *testing.T) {
	t.Parallel()
	authority := tlsfiletest.NewAuthority(t, "authority")
	cert, key := authority.Issue(t, tlsfiletest.Leaf{Name: "api", Hosts: []string{"127.0.0.1"}, Lifetime: time.Hour})
	var log bytes.Buffer
	pair, err := tlsfile.LoadPair(cert, key, time.Now(), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, &tls.Config{GetCertificate: pair.ForServer})
	seen := func() time.Time {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: authority.Pool()})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].NotAfter
	}
	before := seen()
	authority.Issue(t, tlsfiletest.Leaf{Name: "api", Hosts: []string{"127.0.0.1"}, Lifetime: 10 * time.Hour})
	if after := seen(); after.Sub(before) < 8*time.Hour || !pair.NotAfter().Equal(after) {
		t.Errorf("the renewed certificate is not used: %s, then %s", before, after)
	}
	renewed := seen()
	if err := os.WriteFile(cert, []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := seen(); !got.Equal(renewed) {
		t.Errorf("a file that cannot be read took the place of a good certificate")
	}
	seen()
	if got := strings.Count(log.String(), "a renewed certificate cannot be used"); got != 1 {
		t.Errorf("it was said %d times:\n%s", got, log.String())
	}
}

func TestPairsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	authority := tlsfiletest.NewAuthority(t, "authority")
	cert, key := authority.Issue(t, tlsfiletest.Leaf{Name: "good"})
	_, otherKey := authority.Issue(t, tlsfiletest.Leaf{Name: "other"})
	expired, expiredKey := authority.Issue(t, tlsfiletest.Leaf{Name: "expired", Lifetime: -time.Hour})
	for name, row := range map[string]struct{ cert, key, want string }{
		"no certificate": {"/nonexistent/c", key, "/nonexistent/c cannot be read: no such file"},
		"no key":         {cert, "/nonexistent/k", "/nonexistent/k cannot be read: no such file"},
		"another's key":  {cert, otherKey, "are not a certificate and its private key"},
		"swapped":        {key, cert, "are not a certificate and its private key"},
		"expired":        {expired, expiredKey, "the certificate in " + expired + " expired at "},
	} {
		if _, err := tlsfile.LoadPair(row.cert, row.key, time.Now(), quiet()); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
	if _, err := tlsfile.Roots(key); err == nil || !strings.Contains(err.Error(), "holds no certificate") {
		t.Errorf("roots of a key: %v", err)
	}
}

// TestHandshakesAreExplained fails real handshakes in every way that a setting mends.
func TestHandshakesAreExplained(t *testing.T) {
	t.Parallel()
	authority, stranger := tlsfiletest.NewAuthority(t, "authority"), tlsfiletest.NewAuthority(t, "stranger")
	server := load(t, authority, tlsfiletest.Leaf{Name: "server", Hosts: []string{"temporal.example", "127.0.0.1"}})
	old := load(t, authority, tlsfiletest.Leaf{Name: "old", Hosts: []string{"127.0.0.1"}, Lifetime: -time.Hour})
	client, unknown := load(t, authority, tlsfiletest.Leaf{Name: "client"}), load(t, stranger, tlsfiletest.Leaf{Name: "unknown"})
	oldClient := load(t, authority, tlsfiletest.Leaf{Name: "old-client", Lifetime: -time.Hour})
	open := serve(t, &tls.Config{Certificates: []tls.Certificate{server}})
	expired := serve(t, &tls.Config{Certificates: []tls.Certificate{old}})
	mutual := serve(t, &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool()})
	mutual12 := serve(t, &tls.Config{MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool()})
	with := func(certificates ...tls.Certificate) *tls.Config {
		config := &tls.Config{RootCAs: authority.Pool()}
		if len(certificates) > 0 { // sent whatever authorities the server names, as a Pair does
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificates[0], nil }
		}
		return config
	}
	for name, row := range map[string]struct {
		address string
		config  *tls.Config
		want    string
	}{
		"good":                  {open, with(), ""},
		"good client":           {mutual, with(client), ""},
		"wrong CA":              {open, &tls.Config{RootCAs: stranger.Pool()}, `certificate of Temporal (issuer "CN=authority") was issued by an authority that is not trusted; the_ca must name`},
		"wrong server name":     {open, &tls.Config{RootCAs: authority.Pool(), ServerName: "other.example"}, `is for temporal.example, 127.0.0.1, not for "other.example"; the_name says`},
		"expired":               {expired, with(), "is valid from"},
		"no client certificate": {mutual, with(), "Temporal wants a client certificate"},
		"none, TLS 1.2":         {mutual12, with(), "the_cert"},
		"unknown client":        {mutual, with(unknown), "Temporal does not accept our client certificate"},
		"expired client":        {mutual, with(oldClient), "Temporal does not accept our client certificate"},
		"no TLS at all":         {plain(t), with(), "Temporal does not speak TLS, and the_switch asks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tlsfile.Probe(t.Context(), row.address, row.config)
			got := tlsfile.Explain(err, tlsfile.Names{Peer: "Temporal", Switch: "the_switch", CA: "the_ca", Cert: "the_cert", ServerName: "the_name"})
			if (row.want == "") != (err == nil) || !strings.Contains(got, row.want) {
				t.Errorf("got %q of %v, want %q", got, err, row.want)
			}
		})
	}
	for address, want := range map[string]bool{open: true, mutual: true, expired: true, plain(t): false} {
		if got := tlsfile.SpeaksTLS(t.Context(), address); got != want {
			t.Errorf("SpeaksTLS(%s) is %v", address, got)
		}
	}
}

func load(t *testing.T, authority *tlsfiletest.Authority, leaf tlsfiletest.Leaf) tls.Certificate {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(authority.Issue(t, leaf))
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// serve answers handshakes and nothing else.
func serve(t *testing.T, config *tls.Config) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if conn.(*tls.Conn).Handshake() == nil {
					_, _ = conn.Write([]byte("hello"))
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// plain answers everything with a line of text.
func plain(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("220 hello\r\n"))
			conn.Close()
		}
	}()
	return listener.Addr().String()
}
