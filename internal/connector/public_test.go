package connector

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// witness listens where an attacker would like us to connect, on every loopback
// address there is, and counts who comes.
type witness struct {
	port     int
	connects atomic.Int32
}

func newWitness(t *testing.T) *witness {
	t.Helper()
	w := &witness{}
	first, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	w.port = first.Addr().(*net.TCPAddr).Port
	w.watch(t, first)
	if second, err := net.Listen("tcp6", fmt.Sprintf("[::]:%d", w.port)); err == nil { // some machines have no IPv6
		w.watch(t, second)
	}
	return w
}

func (w *witness) watch(t *testing.T, listener net.Listener) {
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			w.connects.Add(1)
			_ = conn.Close()
		}
	}()
}

func forbiddenAddresses() []string {
	return []string{
		"127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
		"169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1",
		"192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "192.175.48.1", "198.18.0.1", "198.19.255.255",
		"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.9.9",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
		"64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::", "3fff::1",
		"5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2620:4f:8000::1", "2a0a:a440::1",
	}
}

// forbiddenHosts are names and odd spellings of loopback.
func forbiddenHosts() []string {
	return []string{
		"localhost", "LOCALHOST", "localhost.", "2130706433", "017700000001", "0x7f000001", "0X7F000001", "0x7f.0.0.1", "0177.0.0.1",
		"127.1", "127.0.1", "127.0.0.1.", "127.000.000.001", "0", "00000000000", "[0:0:0:0:0:0:0:1]", "[0000::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
		"[::1%25lo]", "\u24d8.example@127.0.0.1", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021",
	}
}

// Judged by the listener: whatever the answer is, nobody may have connected.
func TestPublicNeverConnectsToWhatIsNotPublic(t *testing.T) {
	t.Parallel()
	seen := newWitness(t)
	client := NewPublic(PublicConfig{
		Plaintext: true, Ports: []uint16{uint16(seen.port)},
		Deny: []netip.Prefix{netip.MustParsePrefix("192.0.9.0/24"), netip.MustParsePrefix("2a0a:a440::/32")},
	})
	var hosts []string
	for _, address := range forbiddenAddresses() {
		if strings.Contains(address, ":") {
			address = "[" + address + "]"
		}
		hosts = append(hosts, address)
	}
	hosts = append(hosts, forbiddenHosts()...)
	rows := 0
	for _, host := range hosts {
		for _, scheme := range []string{"http", "https"} {
			for _, effect := range []bool{false, true} {
				rows++
				told := false
				target := fmt.Sprintf("%s://%s:%d/", scheme, host, seen.port)
				_, err := client.Do(t.Context(), PublicRequest{Method: "GET", URL: target, Effect: effect, Sent: func(context.Context) error { told = true; return nil }})
				known, ok := errors.AsType[*Error](err)
				if !ok || (known.Class != Permanent && known.Class != Transient) {
					t.Errorf("%s: got %v", target, err)
				}
				if told {
					t.Errorf("%s: the ledger was told that bytes leave", target)
				}
				if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && ok && known.Class != Permanent {
					t.Errorf("%s: class %s, which would be tried again: %v", target, known.Class, err)
				}
			}
		}
	}
	if connects := seen.connects.Load(); connects != 0 {
		t.Errorf("%d connects", connects)
	}
	if rows < 60 {
		t.Errorf("only %d rows", rows)
	}
}

// The witness must be able to see: without the guard the same call connects.
func TestWitnessSees(t *testing.T) {
	t.Parallel()
	seen := newWitness(t)
	client := NewPublic(PublicConfig{Plaintext: true, Ports: []uint16{uint16(seen.port)}, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	_, _ = client.Do(t.Context(), PublicRequest{Method: "GET", URL: fmt.Sprintf("http://127.0.0.1:%d/", seen.port)})
	waitFor(t, func() bool { return seen.connects.Load() > 0 })
}

func waitFor(t *testing.T, there func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !there() {
		if time.Now().After(deadline) {
			t.Fatal("waited for 10 seconds")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestPublicURLs(t *testing.T) {
	t.Parallel()
	strict := NewPublic(PublicConfig{})
	plain := NewPublic(PublicConfig{Plaintext: true})
	rows := []struct {
		url    string
		client *Public
		fault  string // empty: accepted
	}{
		{"https://site.example/a?b=c#d", strict, ""},
		{"HTTPS://SITE.example/", strict, ""},
		{"https://site.example:443/", strict, ""},
		{"https://site.example./", strict, ""},
		{"https://xn--bcher-kva.example/", strict, ""},
		{"https://93.184.215.14/", strict, ""},
		{"http://site.example/", plain, ""},
		{"http://site.example:80/", plain, ""},
		{"http://site.example/", strict, "scheme"},
		{"HTTP://site.example/", strict, "scheme"},
		{"gopher://site.example/", plain, "scheme"},
		{"file:///etc/passwd", plain, "scheme"},
		{"FILE:///etc/passwd", plain, "scheme"},
		{"ftp://site.example/", plain, "scheme"},
		{"dict://site.example:11211/", plain, "scheme"},
		{"ldap://site.example/", plain, "scheme"},
		{"jar:https://site.example!/", plain, "scheme"},
		{"data:text/plain,hello", plain, "scheme"},
		{"javascript:alert(1)", plain, "scheme"},
		{"ws://site.example/", plain, "scheme"},
		{"//site.example/", plain, "scheme"},
		{"site.example", plain, "scheme"},
		{"", plain, "scheme"},
		{"https:site.example", strict, "no host"},
		{"https://", strict, "no host"},
		{"https:///path", strict, "no host"},
		{"https://:443/", strict, "no host"},
		{"https://user@site.example/", strict, "user"},
		{"https://user:pass@site.example/", strict, "user"},
		{"https://site.example@127.0.0.1/", strict, "user"},
		{"https://@site.example/", strict, "user"},
		{"https://site.example:22/", strict, "port 22"},
		{"https://site.example:6379/", strict, "port"},
		{"https://site.example:8080/", strict, "port"},
		{"https://site.example:0/", strict, "port"},
		{"https://site.example:65979/", strict, "port"},
		{"https://site.example:x/", strict, "read"},
		{"https://[fe80::1%25eth0]/", strict, "zone"},
		{"https://[::1/", strict, "read"},
		{"https://*.example/", strict, "wildcard"},
		{"https://site.example/%zz", strict, "read"},
		{"https://site.example/ a", strict, "space"},
		{"https://site.example/\r\nHost: other", strict, "control"},
		{"https://site.example/\ta", strict, "control"},
		{"https://site.example\\@127.0.0.1/", strict, "backslash"},
		{"https://2130706433/", strict, "plain form"},
		{"https://0x7f000001/", strict, "plain form"},
		{"https://b\u00fccher.example/", strict, "xn--"},
		{"https://\uff11\uff12\uff17.0.0.1/", strict, "xn--"},
		{"https://127.1/", strict, "plain form"},
		{"https://0177.0.0.1/", strict, "plain form"},
		{"https://1.2.3.4.5/", strict, "plain form"},
		{"https://site.example/" + strings.Repeat("a", 5000), strict, "longer"},
	}
	for _, row := range rows {
		t.Run(row.url[:min(len(row.url), 40)], func(t *testing.T) {
			t.Parallel()
			_, err := row.client.CheckURL(row.url)
			if (err == nil) != (row.fault == "") || (err != nil && !strings.Contains(err.Error(), row.fault)) {
				t.Errorf("got %v, want %q", err, row.fault)
			}
		})
	}
}

// nameServer answers every question with the next list of addresses, the last
// one again and again: a name that changes its mind.
func nameServer(t *testing.T, answers ...[]string) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	var mu sync.Mutex
	asked := 0
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			mu.Lock()
			list := answers[min(asked, len(answers)-1)]
			reply, isA := dnsReply(buffer[:n], list)
			if isA {
				asked++
			}
			mu.Unlock()
			_, _ = socket.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

// dnsReply answers a question of type A with TTL 0; other types have no answer.
func dnsReply(query []byte, addresses []string) (reply []byte, isA bool) {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	question := query[12 : end+5]
	isA = binary.BigEndian.Uint16(query[end+1:]) == 1
	if !isA {
		addresses = nil
	}
	reply = append(reply, query[0], query[1], 0x81, 0x80, 0, 1, 0, byte(len(addresses)), 0, 0, 0, 0)
	reply = append(reply, question...)
	for _, address := range addresses {
		ip := netip.MustParseAddr(address).As4()
		reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		reply = append(reply, ip[:]...)
	}
	return reply, isA
}

func TestPublicNamesThatLie(t *testing.T) {
	t.Parallel()
	private := newWitness(t)
	rows := []struct {
		name    string
		answers [][]string
	}{
		{"names loopback", [][]string{{"127.0.0.1"}}},
		{"names metadata", [][]string{{"169.254.169.254"}}},
		{"two answers, both private", [][]string{{"10.0.0.1", "127.0.0.1"}}},
		{"flips between the lookups", [][]string{{"169.254.169.254"}, {"127.0.0.1"}, {"127.0.0.2"}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			client := NewPublic(PublicConfig{Plaintext: true, Ports: []uint16{uint16(private.port)}})
			client.resolver = nameServer(t, row.answers...)
			for range 3 {
				_, err := client.Do(t.Context(), PublicRequest{Method: "GET", URL: fmt.Sprintf("http://rebind.example:%d/", private.port)})
				if known := Classify(err, false); known == nil || known.Class != Permanent {
					t.Errorf("got %v", err)
				}
			}
			if connects := private.connects.Load(); connects != 0 {
				t.Errorf("%d connects", connects)
			}
		})
	}
}

// A name with a public and a private answer reaches the public one only.
func TestPublicTakesTheGoodAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	t.Cleanup(server.Close)
	port := serverPort(t, server)
	client := NewPublic(PublicConfig{Plaintext: true, Ports: []uint16{port}, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	client.resolver = nameServer(t, []string{"127.0.0.2", "127.0.0.1"})
	response, err := client.Do(t.Context(), PublicRequest{Method: "GET", URL: fmt.Sprintf("http://two.example:%d/", port)})
	if err != nil || string(response.Body) != "ok" {
		t.Errorf("%v", err)
	}
}

func serverPort(t *testing.T, server *httptest.Server) uint16 {
	t.Helper()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return netip.MustParseAddrPort(address.Host).Port()
}

func TestPublicRedirects(t *testing.T) {
	t.Parallel()
	private := newWitness(t)
	var got http.Header
	var mu sync.Mutex
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "tracking=1")
		http.Redirect(w, r, r.URL.Query().Get("u"), http.StatusFound)
	})
	mux.HandleFunc("/chain/", func(w http.ResponseWriter, r *http.Request) {
		left := len(strings.TrimPrefix(r.URL.Path, "/chain/"))
		if left == 0 {
			mu.Lock()
			got = r.Header.Clone()
			mu.Unlock()
			_, _ = io.WriteString(w, "end")
			return
		}
		http.Redirect(w, r, "/chain/"+strings.Repeat("x", left-1), http.StatusTemporaryRedirect)
	})
	client := NewPublic(PublicConfig{Plaintext: true, Ports: []uint16{serverPort(t, server), uint16(private.port)}, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	get := func(path string) (*Response, error) {
		return client.Do(t.Context(), PublicRequest{Method: "GET", URL: server.URL + path, Header: http.Header{"X-Api-Key": {"k"}, "Accept": {"text/plain"}}})
	}
	if response, err := get("/chain/xxx"); err != nil || string(response.Body) != "end" {
		t.Errorf("three redirects: %v", err)
	}
	mu.Lock()
	if got.Get("X-Api-Key") != "" || got.Get("Cookie") != "" || got.Get("Referer") != "" {
		t.Errorf("travelled along: %v", got)
	}
	mu.Unlock()
	rows := []string{"/chain/xxxx"}
	for _, target := range []string{
		fmt.Sprintf("http://127.0.0.2:%d/", private.port), fmt.Sprintf("http://[::1]:%d/", private.port), fmt.Sprintf("http://localhost:%d/", private.port+1),
		"http://169.254.169.254/latest/meta-data/", "gopher://127.0.0.1/", "file:///etc/passwd", "http://user:pass@127.0.0.1/", "http://2130706433/",
	} {
		rows = append(rows, "/to?u="+url.QueryEscape(target))
	}
	for _, row := range rows {
		if _, err := get(row); Classify(err, false) == nil || Classify(err, false).Class != Permanent {
			t.Errorf("%s: %v", row, err)
		}
	}
	if connects := private.connects.Load(); connects != 0 {
		t.Errorf("%d connects", connects)
	}
}

func TestPublicRedirectDowngrade(t *testing.T) {
	t.Parallel()
	next := httptest.NewRequest("GET", "http://site.example/", nil)
	first := httptest.NewRequest("GET", "https://site.example/", nil)
	if err := NewPublic(PublicConfig{Plaintext: true}).checkRedirect(next, []*http.Request{first}); err == nil {
		t.Error("a redirect from https to http was followed")
	}
}

func TestPublicUsesNoProxy(t *testing.T) {
	proxy := newWitness(t)
	t.Setenv("HTTP_PROXY", fmt.Sprintf("http://127.0.0.1:%d", proxy.port))
	t.Setenv("HTTPS_PROXY", fmt.Sprintf("http://127.0.0.1:%d", proxy.port))
	client := NewPublic(PublicConfig{Plaintext: true})
	client.resolver = nameServer(t, []string{"10.1.2.3"})
	_, _ = client.Do(t.Context(), PublicRequest{Method: "GET", URL: "http://site.example/"})
	if proxy.connects.Load() != 0 {
		t.Error("the proxy of the environment was used")
	}
}

func TestPublicHeaders(t *testing.T) {
	t.Parallel()
	client := NewPublic(PublicConfig{})
	for name, value := range map[string]string{"Authorization": "Bearer x", "cookie": "a=b", "Host": "other", "X-A": "b\r\nHost: other", "X A": "b", "": "b", "Transfer-Encoding": "chunked", "Proxy-Authorization": "x"} {
		_, err := client.Do(t.Context(), PublicRequest{Method: "GET", URL: "https://site.example/", Header: http.Header{name: {value}}})
		if known := Classify(err, false); known == nil || known.Class != Permanent || !strings.Contains(known.Message, "header") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := client.Do(t.Context(), PublicRequest{Method: "POST", URL: "https://site.example/", Body: strings.Repeat("a", 2<<20)})
	if known := Classify(err, false); known == nil || known.Class != Permanent {
		t.Errorf("a body of 2 MiB: %v", err)
	}
	_, err = client.Do(t.Context(), PublicRequest{Method: "POST", URL: "https://site.example/", Body: func() {}})
	if known := Classify(err, false); known == nil || known.Class != Permanent {
		t.Errorf("a body that is no JSON: %v", err)
	}
}
