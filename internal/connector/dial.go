package connector

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"unicode"
)

// DeniedError says that an address may not be connected to. It is decided on the
// address that the socket connects to, so no name can change its mind between
// check and use.
type DeniedError struct {
	Address string
	Why     string
}

// Error names the address and the reason.
func (e *DeniedError) Error() string {
	return fmt.Sprintf("connecting to %s is not permitted: %s", e.Address, e.Why)
}

// dial connects to the base URL's host, and to nothing else.
func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	conn, err := Dial(ctx, hostPort(c.base.Scheme, c.base.Hostname(), c.base.Port()), c.config.Networks)
	if err != nil || c.base.Scheme != "https" {
		return conn, err
	}
	return handshake(ctx, conn, c.tls)
}

// Dial connects to host:port for a connector that speaks a protocol of its own.
// When networks are given, the connected address must lie in one of them; cloud
// metadata is never connected to otherwise. The error of an address that is not
// permitted is *DeniedError.
func Dial(ctx context.Context, address string, networks []netip.Prefix) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialTimeout, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return permits(address, networks)
	}}
	return dialer.DialContext(ctx, "tcp", address)
}

func handshake(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// permits keeps a client inside its configured networks. Without any, only the
// addresses are refused behind which a machine's own credentials lie: no
// security product has its API there.
func permits(address string, networks []netip.Prefix) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return &DeniedError{address, "it cannot be read"}
	}
	ip := parsed.Addr().Unmap().WithZone("")
	if len(networks) == 0 {
		for _, prefix := range metadataNetworks() {
			if prefix.Contains(ip) {
				return &DeniedError{address, "cloud metadata lies there"}
			}
		}
		return nil
	}
	for _, prefix := range networks {
		if prefix.Contains(ip) {
			return nil
		}
	}
	return &DeniedError{address, "it lies outside this connector's networks"}
}

func metadataNetworks() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("169.254.0.0/16"),
		netip.MustParsePrefix("168.63.129.16/32"),
		netip.MustParsePrefix("100.100.100.200/32"),
		netip.MustParsePrefix("192.0.0.192/32"),
		netip.MustParsePrefix("fe80::/10"),
		netip.MustParsePrefix("fd00:ec2::/32"),
	}
}

func hostPort(scheme, host, port string) string {
	if port == "" {
		port = "443"
		if scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(host, port)
}

// Loopback tells whether host names this machine, where plaintext harms nobody.
func Loopback(host string) bool { return loopback(host) }

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || (err == nil && ip.Unmap().IsLoopback())
}

// copyHeaders adds a caller's headers, but none that the client sets itself and
// none that could end a line: what the transport refuses it refuses too late,
// after the ledger was told that bytes leave.
func copyHeaders(into, from http.Header, reserved ...string) error {
	taken := append([]string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Te", "Trailer", "Proxy-Authorization", "Proxy-Connection", "Cookie", "Accept-Encoding", "Expect"}, reserved...)
	for name, values := range from {
		for _, own := range taken {
			if strings.EqualFold(name, own) {
				return fmt.Errorf("header %s is set by the client", own)
			}
		}
		if name == "" || strings.ContainsFunc(name, notOfToken) {
			return fmt.Errorf("%q is no name of a header", name)
		}
		for _, value := range values {
			if strings.ContainsFunc(value, control) {
				return fmt.Errorf("the value of header %s holds a control character", name)
			}
			into.Add(name, value)
		}
	}
	return nil
}

func control(r rune) bool { return unicode.IsControl(r) }

func notOfToken(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
