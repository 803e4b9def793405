package tlsfile

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"
)

// afterwards is how long Probe listens after the handshake: in TLS 1.3 a server
// refuses our certificate only then.
const afterwards = 300 * time.Millisecond

// Probe makes one handshake with address (host:port) and gives its error with its
// type, which protocols above TLS often lose. A connection that is not even made
// gives that error.
func Probe(ctx context.Context, address string, config *tls.Config) error {
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(afterwards)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) || remoteAlert(err) == "" {
		return nil
	}
	return err
}

// SpeaksTLS tells whether a TLS server listens at address, whoever it is. Nothing is
// sent to it but the first message of a handshake.
func SpeaksTLS(ctx context.Context, address string) bool {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer raw.Close()
	answered := errors.New("answered")
	err = tls.Client(raw, &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // nothing is sent; the handshake is broken off at the first answer
		MinVersion:         tls.VersionTLS12,
		VerifyConnection:   func(tls.ConnectionState) error { return answered },
	}).HandshakeContext(ctx)
	return errors.Is(err, answered) || remoteAlert(err) != ""
}
