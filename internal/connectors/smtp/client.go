package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/tocsin-soar/tocsin/internal/connector"
)

// client makes a client for one message. Its connection is closed when ctx ends.
func (s *server) client(ctx context.Context) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTLSConfig(s.tls), gomail.WithHELO(s.helo), gomail.WithTimeout(timeLeft(ctx)),
		gomail.WithDialContextFunc(func(ctx2 context.Context, _, address string) (net.Conn, error) { return s.dial(ctx, ctx2, address) }),
		gomail.WithTLSPolicy(map[string]gomail.TLSPolicy{secureStartTLS: gomail.TLSMandatory, secureTLS: gomail.NoTLS, secureNone: gomail.NoTLS}[s.secure]),
		gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if s.username != "" {
		way := gomail.SMTPAuthAutoDiscover
		if s.secure != secureStartTLS {
			way = gomail.SMTPAuthPlainNoEnc // encrypted from the first byte, or loopback, or permitted by a setting
		}
		options = append(options, gomail.WithSMTPAuth(way), gomail.WithUsername(s.username), gomail.WithPassword(s.password.Reveal()))
	}
	return gomail.NewClient(s.host, options...)
}

func timeLeft(ctx context.Context) time.Duration {
	if deadline, bounded := ctx.Deadline(); bounded {
		return max(time.Until(deadline), time.Millisecond)
	}
	return time.Minute
}

// dial connects under dialing, and watches over the connection until call ends.
func (s *server) dial(call, dialing context.Context, address string) (net.Conn, error) {
	raw, err := connector.Dial(dialing, address, nil)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(call, func() { _ = raw.Close() })
	watched := watchedConn{raw, stop}
	if s.secure != secureTLS {
		return watched, nil
	}
	conn := tls.Client(watched, s.tls)
	if err := conn.HandshakeContext(dialing); err != nil {
		_ = watched.Close()
		return nil, err
	}
	return conn, nil
}

// watchedConn ends the watch over a connection with the connection.
type watchedConn struct {
	net.Conn
	stop func() bool
}

// Close closes the connection.
func (c watchedConn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// reach reads a failure before anything of a message was sent.
func reach(err error) *connector.Error {
	if denied, ok := errors.AsType[*connector.DeniedError](err); ok {
		return &connector.Error{Class: connector.Permanent, Message: denied.Error()}
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &connector.Error{Class: connector.Permanent, Message: "the mail server's certificate is not trusted", Err: err}
	}
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		switch {
		case answer.Code == 530 || answer.Code == 534 || answer.Code == 535 || answer.Code == 538:
			return &connector.Error{Class: connector.Auth, Message: "the mail server refuses the sign-in", Err: err}
		case answer.Code >= 500:
			return &connector.Error{Class: connector.Permanent, Message: "the mail server refuses us", Err: err}
		}
	}
	if unfit(err) {
		return &connector.Error{Class: connector.Permanent, Message: "the mail server does not offer what the settings ask for", Err: err}
	}
	return &connector.Error{Class: connector.Transient, Message: "no connection to the mail server", Err: err}
}

// unfit tells a server that lacks what is asked of it: STARTTLS, a way to sign in.
func unfit(err error) bool {
	for _, lacks := range []error{gomail.ErrPlainAuthNotSupported, gomail.ErrLoginAuthNotSupported, gomail.ErrNoSupportedAuthDiscovered} {
		if errors.Is(err, lacks) {
			return true
		}
	}
	return strings.HasSuffix(err.Error(), "target host does not support STARTTLS") // the library has no value for it
}

// sendError reads a failure after the ledger was told. Up to DATA a refusal means
// that nothing was sent; an answer to the whole message says what became of it;
// without an answer nobody knows.
func sendError(err error) error {
	if err == nil {
		return nil
	}
	failure, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return &connector.Error{Class: connector.Unknown, Message: "the message may have been sent", Err: err}
	}
	switch failure.Reason {
	case gomail.ErrSMTPReset: // after the server had taken the message
		return nil
	case gomail.ErrGetSender, gomail.ErrGetRcpts, gomail.ErrNoUnencoded:
		return &connector.Error{Class: connector.Permanent, Message: "the message cannot be sent", Err: err}
	case gomail.ErrConnCheck, gomail.ErrSMTPMailFrom, gomail.ErrSMTPRcptTo, gomail.ErrSMTPData:
		return refused(failure, connector.Transient)
	default: // ErrWriteContent, ErrSMTPDataClose and what may come
		return refused(failure, connector.Unknown)
	}
}

// refused reads the server's code; without one the class is what the moment means.
func refused(failure *gomail.SendError, silent connector.Class) *connector.Error {
	switch code := failure.ErrorCode(); {
	case code >= 500:
		return &connector.Error{Class: connector.Permanent, Message: "the mail server refuses the message", Err: failure}
	case code >= 400:
		return &connector.Error{Class: connector.Transient, Message: "the mail server cannot take the message now", Err: failure}
	case silent == connector.Unknown:
		return &connector.Error{Class: connector.Unknown, Message: "the connection ended while the message was handed over", Err: failure}
	default:
		return &connector.Error{Class: silent, Message: "the connection ended before the message was handed over", Err: failure}
	}
}
