package smtp

import (
	"crypto/tls"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
)

const (
	account  = "tocsin"
	password = "smtp-password-of-the-test"
)

// mailServer is a real SMTP server that keeps what it is sent.
type mailServer struct {
	address, ca string

	mu       sync.Mutex
	messages []delivery
	refuse   map[string]error // by "mail", a recipient, or "data"
	cut      string           // "mail" or "data": the connection is cut there
}

type delivery struct {
	from string
	to   []string
	mail *mail.Message
	body string
}

// startServer listens; ways are starttls, tls and none.
func startServer(t *testing.T, way string) *mailServer {
	t.Helper()
	pair, ca, _ := connectortest.Certificate(t)
	m := &mailServer{ca: ca, refuse: map[string]error{}}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		return &mailSession{server: m, conn: c}, nil
	}))
	server.Domain, server.AllowInsecureAuth, server.ErrorLog = "localhost", way == secureNone, silent{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.address = listener.Addr().String()
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	switch way {
	case secureStartTLS:
		server.TLSConfig = config
	case secureTLS:
		listener = tls.NewListener(listener, config)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); listener.Close(); <-done })
	return m
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func (m *mailServer) got() []delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]delivery(nil), m.messages...)
}

func (m *mailServer) answer(what string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refuse[what]
}

// mailSession is one connection. It takes mail only from who has signed in.
type mailSession struct {
	server *mailServer
	conn   *gosmtp.Conn
	known  bool
	now    delivery
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, given string) error {
		if name != account || given != password {
			return gosmtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

func (s *mailSession) Reset()        { s.now = delivery{} }
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, _ *gosmtp.MailOptions) error {
	if s.server.cut == "mail" {
		return s.conn.Conn().Close()
	}
	if !s.known {
		return gosmtp.ErrAuthRequired
	}
	s.now.from = from
	return s.server.answer("mail")
}

func (s *mailSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.now.to = append(s.now.to, to)
	return s.server.answer(to)
}

func (s *mailSession) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	if s.server.cut == "data" {
		return s.conn.Conn().Close()
	}
	if err := s.server.answer("data"); err != nil {
		return err
	}
	s.now.mail, s.now.body = message, strings.ReplaceAll(string(body), "\r\n", "\n")
	s.server.mu.Lock()
	s.server.messages = append(s.server.messages, s.now)
	s.server.mu.Unlock()
	return nil
}
