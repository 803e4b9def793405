package connector

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/secret"
)

const password = "s3cret-of-the-test"

func newTestClient(t *testing.T, config ClientConfig) *Client {
	t.Helper()
	if config.AuthPrefix == "" {
		config.AuthPrefix, config.Secret = "Bearer ", secret.New(password)
	}
	client, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func noted(context.Context) error { return nil }

func TestClientConfig(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		config ClientConfig
		fault  string
	}{
		{"https", ClientConfig{BaseURL: "https://edr.example/api"}, ""},
		{"loopback", ClientConfig{BaseURL: "http://127.0.0.1:8085"}, ""},
		{"loopback by name", ClientConfig{BaseURL: "http://localhost:8085"}, ""},
		{"loopback v6", ClientConfig{BaseURL: "http://[::1]:8085"}, ""},
		{"plaintext permitted", ClientConfig{BaseURL: "http://lab:8085", Plaintext: true}, ""},
		{"plaintext", ClientConfig{BaseURL: "http://edr.example"}, "not encrypted"},
		{"nothing", ClientConfig{}, "no host"},
		{"no scheme", ClientConfig{BaseURL: "edr.example"}, "no host"},
		{"another scheme", ClientConfig{BaseURL: "ftp://edr.example"}, "scheme"},
		{"unreadable", ClientConfig{BaseURL: "https://edr.example:port/"}, "cannot be read"},
		{"credentials inside", ClientConfig{BaseURL: "https://user:" + password + "@edr.example"}, "user or password"},
		{"query", ClientConfig{BaseURL: "https://edr.example/?tenant=1"}, "query"},
		{"no certificate", ClientConfig{BaseURL: "https://edr.example", TLS: TLS{CA: "none"}}, "PEM"},
		{"key without certificate", ClientConfig{BaseURL: "https://edr.example", TLS: TLS{Key: secret.New(password)}}, "certificate"},
		{"bad pair", ClientConfig{BaseURL: "https://edr.example", TLS: TLS{Certificate: "c", Key: secret.New(password)}}, "do not fit"},
		{"short pin", ClientConfig{BaseURL: "https://edr.example", TLS: TLS{Pins: []string{"abcd"}}}, "SHA-256"},
		{"line break in the secret", ClientConfig{BaseURL: "https://edr.example", Secret: secret.New(password + "\n")}, "line break"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := NewClient(row.config)
			if (err == nil) != (row.fault == "") || (err != nil && !strings.Contains(err.Error(), row.fault)) {
				t.Errorf("got %v, want %q", err, row.fault)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestClientSendsWhatItShould(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	client := newTestClient(t, ClientConfig{BaseURL: server.URL + "/api/"})
	for _, effect := range []bool{false, true} {
		_, err := client.Do(t.Context(), Request{
			Method: "POST", Segments: []string{"hosts", "a/b c?d#e%2f", "..."}, Query: url.Values{"q": {"1&2"}}, Header: http.Header{"X-Ticket": {"T1"}},
			Body: map[string]any{"a": 1}, Key: "key-1", Sent: noted, Effect: effect,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.URL.EscapedPath() != "/api/hosts/a%2Fb%20c%3Fd%23e%252f/..." || got.URL.RawQuery != "q=1%262" {
			t.Errorf("path %s query %s", got.URL.EscapedPath(), got.URL.RawQuery)
		}
		want := map[string]string{"Authorization": "Bearer " + password, "Idempotency-Key": "key-1", "X-Ticket": "T1", "Content-Type": "application/json", "Accept-Encoding": "", "Cookie": ""}
		for name, value := range want {
			if got.Header.Get(name) != value {
				t.Errorf("effect %v: header %s is %q, want %q", effect, name, got.Header.Get(name), value)
			}
		}
		if string(body) != `{"a":1}` {
			t.Errorf("body %s", body)
		}
	}
}

func TestClientRefusesToBuild(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	t.Cleanup(server.Close)
	client := newTestClient(t, ClientConfig{BaseURL: server.URL})
	rows := map[string]Request{
		"up":             {Method: "GET", Segments: []string{"hosts", ".."}},
		"here":           {Method: "GET", Segments: []string{".", "hosts"}},
		"empty":          {Method: "GET", Segments: []string{"hosts", ""}},
		"line break":     {Method: "GET", Segments: []string{"a\r\nb"}},
		"own auth":       {Method: "GET", Header: http.Header{"authorization": {"Bearer other"}}},
		"own host":       {Method: "GET", Header: http.Header{"Host": {"other"}}},
		"own key":        {Method: "GET", Header: http.Header{"Idempotency-Key": {"other"}}},
		"split header":   {Method: "GET", Header: http.Header{"X-A": {"a\r\nAuthorization: b"}}},
		"odd name":       {Method: "GET", Header: http.Header{"X A": {"a"}}},
		"huge body":      {Method: "POST", Body: strings.Repeat("a", 2<<20)},
		"unencodable":    {Method: "POST", Body: make(chan int)},
		"effect, broken": {Method: "POST", Body: make(chan int), Effect: true, Sent: func(context.Context) error { t.Error("the ledger was told"); return nil }},
	}
	for name, request := range rows {
		if _, err := client.Do(t.Context(), request); Classify(err, true) == nil || Classify(err, true).Class != Permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A transport that repeats a request by itself would make two effects of one.
func TestClientNeverRepeatsAnEffect(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	client := newTestClient(t, ClientConfig{BaseURL: server.URL})
	effect := Request{Method: "POST", Segments: []string{"a"}, Body: map[string]any{}, Key: "k", Effect: true, Sent: noted}
	if _, err := client.Do(t.Context(), effect); err != nil {
		t.Fatal(err)
	}
	_, err := client.Do(t.Context(), effect) // over a used connection a transport would try again
	if got := Classify(err, true); got == nil || got.Class != Unknown {
		t.Errorf("got %v", err)
	}
	if calls.Load() != 2 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestClientClock(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	t.Cleanup(server.Close)
	// The process was stopped after the ledger was told: the wall clock went on,
	// the context's own timer has not fired yet.
	late := func() time.Time { return time.Now().Add(5 * time.Minute) }
	client := newTestClient(t, ClientConfig{BaseURL: server.URL, Now: late})
	_, err := client.Do(t.Context(), Request{Method: "POST", Segments: []string{"a"}, Effect: true, Sent: noted})
	if got := Classify(err, true); got == nil || got.Class != Transient || !strings.Contains(got.Message, "time for this attempt") {
		t.Errorf("got %v", err)
	}
}

func TestClientNetworks(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	t.Cleanup(server.Close)
	prefix := func(text string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(text)} }
	inside := newTestClient(t, ClientConfig{BaseURL: server.URL, Networks: prefix("127.0.0.0/8")})
	if _, err := inside.Do(t.Context(), Request{Method: "GET"}); err != nil {
		t.Error(err)
	}
	outside := newTestClient(t, ClientConfig{BaseURL: server.URL, Networks: prefix("192.0.2.0/24")})
	if _, err := outside.Do(t.Context(), Request{Method: "GET"}); Classify(err, true) == nil || Classify(err, true).Class != Permanent || !strings.Contains(err.Error(), "outside this connector's networks") {
		t.Errorf("got %v", err)
	}
	for _, address := range []string{"169.254.169.254", "168.63.129.16", "100.100.100.200", "[fd00:ec2::254]"} {
		metadata := newTestClient(t, ClientConfig{BaseURL: "https://" + address})
		if _, err := metadata.Do(t.Context(), Request{Method: "GET"}); !strings.Contains(fmt.Sprint(err), "cloud metadata") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := permits("nonsense", inside.config.Networks); err == nil {
		t.Error("an address that cannot be read was permitted")
	}
}

// authority makes certificates for the TLS rows.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	var raw []byte
	a.key, raw = a.sign(template, template, nil)
	a.cert, _ = x509.ParseCertificate(raw)
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	return a
}

func (a *authority) sign(template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	if by == nil {
		by = key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	return key, raw
}

func (a *authority) leaf() (certificate, key string, pair tls.Certificate) {
	a.t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	private, raw := a.sign(template, a.cert, a.key)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	key = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	pair, err = tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		a.t.Fatal(err)
	}
	return certificate, key, pair
}

func TestClientTLS(t *testing.T) {
	t.Parallel()
	ours, others := newAuthority(t), newAuthority(t)
	_, _, pair := ours.leaf()
	certificate, key, _ := ours.leaf()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"clients":%d}`, len(r.TLS.PeerCertificates))
	}))
	pool := x509.NewCertPool()
	pool.AddCert(ours.cert)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	parsed, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	pin, wrong := hex.EncodeToString(sum[:]), strings.Repeat("0", 64)
	rows := []struct {
		name  string
		trust TLS
		want  string // in the body, or in the error
		class Class
	}{
		{"unknown authority", TLS{}, "not trusted", Permanent},
		{"another authority", TLS{CA: others.pem}, "not trusted", Permanent},
		{"our authority", TLS{CA: ours.pem}, `{"clients":0}`, ""},
		{"pinned", TLS{CA: ours.pem, Pins: []string{wrong, strings.ToUpper(pin)}}, `{"clients":0}`, ""},
		{"another pin", TLS{CA: ours.pem, Pins: []string{wrong}}, "not the pinned one", Permanent},
		{"pinned but not trusted", TLS{Pins: []string{pin}}, "not trusted", Permanent},
		{"with our certificate", TLS{CA: ours.pem, Certificate: certificate, Key: secret.New(key)}, `{"clients":1}`, ""},
	}
	for _, row := range rows {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, effect %v", row.name, effect), func(t *testing.T) {
				t.Parallel()
				client := newTestClient(t, ClientConfig{BaseURL: server.URL, TLS: row.trust})
				response, err := client.Do(t.Context(), Request{Method: "GET", Effect: effect, Sent: func(context.Context) error {
					if row.class != "" {
						t.Error("the ledger was told before the handshake was good")
					}
					return nil
				}})
				if row.class == "" {
					if err != nil || string(response.Body) != row.want {
						t.Fatalf("%v", err)
					}
					return
				}
				if got := Classify(err, true); got == nil || got.Class != row.class || !strings.Contains(got.Message, row.want) {
					t.Errorf("got %v, want %q", err, row.want)
				}
			})
		}
	}
}

func TestClientKeepsTheSecretToItself(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+" "+url.QueryEscape(password)+"\x1b[31m\u202e"+strings.Repeat("x", 2000))
	}))
	t.Cleanup(server.Close)
	client := newTestClient(t, ClientConfig{BaseURL: server.URL})
	response, err := client.Do(t.Context(), Request{Method: "GET"})
	shown := fmt.Sprintf("%v %+v %v %s", err, err, response.Header, response.Body)
	if strings.Contains(shown, password) {
		t.Errorf("the secret shows: %.200s", shown)
	}
	known, ok := errors.AsType[*Error](err)
	if !ok || strings.ContainsAny(known.Message, "\x1b\u202e") || len(known.Message) > 400 {
		t.Errorf("message %q", known.Message)
	}
}

func TestScrubLeavesOrdinaryTextAlone(t *testing.T) {
	t.Parallel()
	s := newScrubber(secret.New("ab"), secret.New(""), secret.New(password))
	if got := s.text("abcab"); got != "abcab" {
		t.Errorf("got %q", got)
	}
	cause := errors.New("broken")
	if !errors.Is(s.err(cause), cause) || s.err(nil) != nil {
		t.Error("an error without the secret was replaced")
	}
	if got := s.err(errors.New("token " + password)).Error(); got != "token [redacted]" {
		t.Errorf("got %q", got)
	}
}

func TestClassifyStatus(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	rows := []struct {
		status       int
		retryAfter   string
		read, effect Class
		wait         time.Duration
	}{
		{200, "", "", "", 0}, {201, "", "", "", 0}, {204, "", "", "", 0}, {299, "", "", "", 0},
		{100, "", Permanent, Permanent, 0}, {301, "", Permanent, Permanent, 0}, {302, "", Permanent, Permanent, 0}, {308, "", Permanent, Permanent, 0},
		{400, "", Permanent, Permanent, 0}, {404, "", Permanent, Permanent, 0}, {409, "", Permanent, Permanent, 0}, {422, "", Permanent, Permanent, 0}, {499, "", Permanent, Permanent, 0},
		{401, "", Auth, Auth, 0}, {403, "", Auth, Auth, 0}, {407, "", Auth, Auth, 0},
		{408, "", Transient, Transient, 0}, {425, "", Transient, Transient, 0}, {503, "", Transient, Transient, 0},
		{429, "", Limited, Limited, 0}, {429, "30", Limited, Limited, 30 * time.Second}, {503, "30", Limited, Limited, 30 * time.Second},
		{429, "Tue, 24 Nov 2026 12:01:00 GMT", Limited, Limited, time.Minute}, {429, "Tue, 24 Nov 2026 11:00:00 GMT", Limited, Limited, 0},
		{429, "99999999999999999999", Limited, Limited, 0}, {429, "999999", Limited, Limited, time.Hour}, {429, "-5", Limited, Limited, 0}, {429, "soon", Limited, Limited, 0},
		{429, "Tue, 24 Nov 2099 12:01:00 GMT", Limited, Limited, time.Hour},
		{500, "", Transient, Unknown, 0}, {502, "", Transient, Unknown, 0}, {504, "", Transient, Unknown, 0}, {520, "", Transient, Unknown, 0}, {599, "", Transient, Unknown, 0},
		{501, "", Permanent, Permanent, 0}, {505, "", Permanent, Permanent, 0},
	}
	for _, row := range rows {
		t.Run(fmt.Sprintf("%d %s", row.status, row.retryAfter), func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			if row.retryAfter != "" {
				header.Set("Retry-After", row.retryAfter)
			}
			for effect, want := range map[bool]Class{false: row.read, true: row.effect} {
				got := ClassifyStatus(row.status, header, effect, now)
				if (got == nil) != (want == "") || (got != nil && (got.Class != want || got.RetryAfter != row.wait)) {
					t.Errorf("effect %v: %+v, want %s after %v", effect, got, want, row.wait)
				}
			}
		})
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	known := &Error{Class: Auth, Message: "refused"}
	if Classify(nil, true) != nil || Classify(fmt.Errorf("call: %w", known), true) != known {
		t.Error("a known error was not found")
	}
	if got := Classify(io.EOF, true); got.Class != Unknown || !errors.Is(got, io.EOF) {
		t.Errorf("after sending: %v", got)
	}
	if got := Classify(io.EOF, false); got.Class != Transient {
		t.Errorf("before sending: %v", got)
	}
}
