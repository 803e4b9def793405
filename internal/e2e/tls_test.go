package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
	"github.com/tocsin-soar/tocsin/internal/tlsfile/tlsfiletest"
)

// gate is a front of Temporal that speaks TLS and wants client certificates, as a
// cluster in production does; what passes it reaches the real server.
func gate(t *testing.T, server, clients *tlsfiletest.Authority, leaf tlsfiletest.Leaf) string {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(server.Issue(t, leaf))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients.Pool(), NextProtos: []string{"h2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	behind := devstacktest.Temporal(t)
	ctx, cancel := context.WithCancel(context.Background())
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			front, err := listener.Accept()
			if err != nil {
				return
			}
			passing.Go(func() { pass(ctx, front, behind) })
		}
	})
	t.Cleanup(func() { cancel(); listener.Close(); passing.Wait() })
	return listener.Addr().String()
}

// pass carries bytes both ways until one end closes.
func pass(ctx context.Context, front net.Conn, behind string) {
	defer front.Close()
	if front.(*tls.Conn).HandshakeContext(ctx) != nil {
		return // whoever was refused tells it
	}
	back, err := (&net.Dialer{}).DialContext(ctx, "tcp", behind)
	if err != nil {
		return
	}
	defer back.Close()
	defer context.AfterFunc(ctx, func() { front.Close(); back.Close() })()
	go func() { _, _ = io.Copy(back, front); back.Close() }()
	_, _ = io.Copy(front, back)
}

// TestAnIncidentThroughMutualTLS runs an incident to its end with a Temporal that
// is reached only with certificates, and an API that speaks TLS itself.
func TestAnIncidentThroughMutualTLS(t *testing.T) {
	t.Parallel()
	authority := tlsfiletest.NewAuthority(t, "authority")
	cert, key := authority.Issue(t, tlsfiletest.Leaf{Name: "client"})
	p := startWith(t, settings{
		"temporal_address": gate(t, authority, authority, tlsfiletest.Leaf{Name: "temporal", Hosts: []string{"temporal.example"}}),
		"temporal_tls":     "true", "temporal_tls_ca": authority.File, "temporal_tls_cert": cert, "temporal_tls_key": key,
		"temporal_tls_server_name": "temporal.example",
	})
	incident := p.incidentOf(t, p.send(t, sshAlert("tls-1", "web-01", "203.0.113.66", "deploy")))
	p.decide(t, p.pendingApproval(t, incident), gen.Approve)
	p.detail(t, incident, "closes", ended)
	p.verify(t, incident)
	if got := p.happened(t)["edr.isolate_host web-01"]; got != 1 {
		t.Errorf("the host was isolated %d times: %v", got, p.happened(t))
	}
}

// TestTemporalThatIsNotReachedSaysWhy: each message names what is to be mended.
func TestTemporalThatIsNotReachedSaysWhy(t *testing.T) {
	t.Parallel()
	authority, stranger := tlsfiletest.NewAuthority(t, "authority"), tlsfiletest.NewAuthority(t, "stranger")
	mutual := gate(t, authority, authority, tlsfiletest.Leaf{Name: "temporal", Hosts: []string{"127.0.0.1"}})
	expired := gate(t, authority, authority, tlsfiletest.Leaf{Name: "expired", Hosts: []string{"127.0.0.1"}, Lifetime: -time.Hour})
	cert, key := authority.Issue(t, tlsfiletest.Leaf{Name: "client"})
	unknownCert, unknownKey := stranger.Issue(t, tlsfiletest.Leaf{Name: "unknown"})
	good := settings{"database_url": "postgres://tocsin@127.0.0.1:1/tocsin", "temporal_address": mutual, "temporal_tls": "true", "temporal_tls_ca": authority.File, "temporal_tls_cert": cert, "temporal_tls_key": key}
	for name, row := range map[string]struct {
		change settings
		want   []string // none: it is reached
	}{
		"good":                       {nil, nil},
		"wrong CA":                   {settings{"temporal_tls_ca": stranger.File}, []string{"an authority that is not trusted", "temporal_tls_ca"}},
		"expired":                    {settings{"temporal_address": expired}, []string{"is valid from", "renew it there"}},
		"wrong server name":          {settings{"temporal_tls_server_name": "other.example"}, []string{`not for "other.example"`, "temporal_tls_server_name"}},
		"no client certificate":      {settings{"temporal_tls_cert": "", "temporal_tls_key": ""}, []string{"wants a client certificate", "temporal_tls_cert"}},
		"unknown client certificate": {settings{"temporal_tls_cert": unknownCert, "temporal_tls_key": unknownKey}, []string{"does not accept our client certificate", "temporal_tls_cert"}},
		"plaintext to TLS":           {settings{"temporal_tls": "false", "temporal_tls_ca": "", "temporal_tls_cert": "", "temporal_tls_key": ""}, []string{"speaks TLS", "temporal_tls is false"}},
		"TLS to plaintext":           {settings{"temporal_address": devstacktest.Temporal(t)}, []string{"does not speak TLS", "temporal_tls"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := maps.Clone(good)
			maps.Copy(given, row.change)
			temporal, err := app.OpenTemporal((&product{}).configure(t, given), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer temporal.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			for what, err := range map[string]error{"diagnose": temporal.Diagnose(ctx), "prepare": temporal.Prepare(ctx)} {
				if (err == nil) != (row.want == nil) {
					t.Errorf("%s: %v", what, err)
				}
				for _, part := range row.want {
					if err != nil && !strings.Contains(err.Error(), part) {
						t.Errorf("%s: %q lacks %q", what, err, part)
					}
				}
			}
		})
	}
}

// TestTheAPISpeaksTLS with a certificate that is renewed while it runs.
func TestTheAPISpeaksTLS(t *testing.T) {
	t.Parallel()
	authority := tlsfiletest.NewAuthority(t, "authority")
	leaf := tlsfiletest.Leaf{Name: "api", Hosts: []string{"127.0.0.1"}}
	cert, key := authority.Issue(t, leaf)
	s := newStandAs(t, app.Roles{API: true}, settings{
		"database_url": storetest.URL(t), "temporal_address": devstacktest.Temporal(t), "listen_tls_cert": cert, "listen_tls_key": key,
	})
	if !strings.HasPrefix(s.url, "https://") {
		t.Fatalf("the API is at %s", s.url)
	}
	first := served(t, s.url, authority)
	authority.Issue(t, leaf)
	second := served(t, s.url, authority)
	if first.Equal(second) {
		t.Error("the renewed certificate is not used")
	}
	if err := os.WriteFile(key, []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	if third := served(t, s.url, authority); !third.Equal(second) {
		t.Error("a broken file took the place of a good certificate")
	}
	stranger := tlsfiletest.NewAuthority(t, "stranger")
	if _, err := trusting(stranger).Get(s.url + "/healthz"); err == nil { //nolint:bodyclose // there is none
		t.Error("a client that trusts another authority was content")
	}
	if response, err := http.Get(strings.Replace(s.url, "https://", "http://", 1) + "/healthz"); err == nil {
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP is answered with %d", response.StatusCode)
		}
	}
}

// served asks for a sign of life on a new connection and gives the certificate.
func served(t *testing.T, url string, authority *tlsfiletest.Authority) *x509.Certificate {
	t.Helper()
	response, err := trusting(authority).Get(url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("/healthz answers %d", response.StatusCode)
	}
	return response.TLS.PeerCertificates[0]
}

func trusting(authority *tlsfiletest.Authority) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}, DisableKeepAlives: true}}
}
