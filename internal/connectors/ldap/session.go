package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/tocsin-soar/tocsin/internal/connector"
)

// session is one bound connection.
type session struct {
	ctx  context.Context
	conn *ldap.Conn
	dir  *directory
	stop func() bool // of the watch over ctx
}

// session connects, secures the connection and binds. Nothing has an effect yet.
func (d *directory) session(ctx context.Context) (*session, error) {
	raw, err := d.dial(ctx)
	if err != nil {
		return nil, reach(err)
	}
	conn := ldap.NewConn(raw, d.secured)
	conn.Start()
	if deadline, bounded := ctx.Deadline(); bounded {
		conn.SetTimeout(max(time.Until(deadline), time.Millisecond))
	}
	s := &session{ctx: ctx, conn: conn, dir: d, stop: context.AfterFunc(ctx, func() { _ = conn.Close() })}
	if err := d.secure(conn); err != nil {
		s.end()
		return nil, reach(err)
	}
	if err := conn.Bind(d.bindDN, d.password.Reveal()); err != nil {
		s.end()
		return nil, classify(err, false)
	}
	return s, nil
}

func (s *session) end() {
	s.stop()
	_ = s.conn.Close()
}

func (d *directory) dial(ctx context.Context) (net.Conn, error) {
	raw, err := connector.Dial(ctx, d.address, nil)
	if err != nil || !d.secured {
		return raw, err
	}
	conn := tls.Client(raw, d.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// secure starts TLS on an ldap:// connection. A server that cannot is spoken to
// only where plaintext is permitted: the password follows.
func (d *directory) secure(conn *ldap.Conn) error {
	if d.secured {
		return nil
	}
	err := conn.StartTLS(d.tls)
	if err == nil || (d.plaintext && ldap.IsErrorAnyOf(err, ldap.LDAPResultProtocolError, ldap.LDAPResultUnavailable, ldap.LDAPResultNotSupported, ldap.LDAPResultUnwillingToPerform)) {
		return nil
	}
	return err
}

// reach reads a failure to get a secured connection.
func reach(err error) *connector.Error {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &connector.Error{Class: connector.Permanent, Message: "the directory's certificate is not trusted", Err: err}
	}
	if denied, ok := errors.AsType[*connector.DeniedError](err); ok {
		return &connector.Error{Class: connector.Permanent, Message: denied.Error()}
	}
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultProtocolError, ldap.LDAPResultNotSupported, ldap.LDAPResultUnwillingToPerform) {
		return &connector.Error{Class: connector.Permanent, Message: "the directory offers no StartTLS; use ldaps://, or permit plaintext in this connector's settings"}
	}
	return &connector.Error{Class: connector.Transient, Message: "no connection to the directory", Err: err}
}

// classify reads what the directory answered. Effect says that a change was sent:
// then no answer leaves the outcome unknown.
func classify(err error, effect bool) *connector.Error {
	if known, ok := errors.AsType[*connector.Error](err); ok {
		return known
	}
	answer, ok := errors.AsType[*ldap.Error](err)
	if !ok || answer.ResultCode >= ldap.ErrorNetwork || answer.ResultCode == ldap.LDAPResultServerDown || answer.ResultCode == ldap.LDAPResultTimeout {
		if effect {
			return &connector.Error{Class: connector.Unknown, Message: "the connection ended before the directory answered", Err: err}
		}
		return &connector.Error{Class: connector.Transient, Message: "the connection to the directory ended", Err: err}
	}
	said := "the directory answered: " + ldap.LDAPResultCodeMap[answer.ResultCode]
	switch answer.ResultCode {
	case ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultInsufficientAccessRights,
		ldap.LDAPResultStrongAuthRequired, ldap.LDAPResultConfidentialityRequired, ldap.LDAPResultAuthMethodNotSupported:
		return &connector.Error{Class: connector.Auth, Message: said}
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultAdminLimitExceeded:
		return &connector.Error{Class: connector.Transient, Message: said}
	default:
		return &connector.Error{Class: connector.Permanent, Message: said}
	}
}

func permanent(message string) *connector.Error {
	return &connector.Error{Class: connector.Permanent, Message: message}
}
