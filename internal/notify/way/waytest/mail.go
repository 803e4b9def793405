package waytest

import (
	"crypto/tls"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
)

// Mail is one message that a mail server took.
type Mail struct {
	From   string
	To     []string
	Header mail.Header
	Raw    []byte // all of it
}

// MailServer is a real SMTP server on loopback with STARTTLS. It keeps what it is
// sent.
type MailServer struct {
	Address string // host:port
	CA      string // PEM

	mu     sync.Mutex
	mails  []Mail
	refuse map[string]error
	cuts   map[string]int
	hold   chan struct{}
	done   func()
}

// NewMailServer starts one.
func NewMailServer(t testing.TB) *MailServer {
	t.Helper()
	pair, ca, _ := connectortest.Certificate(t)
	m := &MailServer{CA: ca, refuse: map[string]error{}, cuts: map[string]int{}}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) { return &session{server: m, conn: c}, nil }))
	server.Domain, server.ErrorLog = "localhost", silent{}
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.Address = listener.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	m.done = sync.OnceFunc(func() { _ = server.Close(); listener.Close(); <-done })
	t.Cleanup(m.done)
	return m
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// Close takes the server away.
func (m *MailServer) Close() { m.done() }

// Refuse answers what with a code: "mail", "data", or a recipient's address. Code
// zero takes it again.
func (m *MailServer) Refuse(what string, code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse[what] = nil
	if code != 0 {
		m.refuse[what] = &gosmtp.SMTPError{Code: code, Message: "not now, or never"}
	}
}

// Cut ends the connection so many times at "mail", or at "data" when the message was
// taken and before the answer.
func (m *MailServer) Cut(where string, times int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cuts[where] = times
}

// Hold makes the server wait with its answer to a message until release is called.
func (m *MailServer) Hold() (release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	hold := make(chan struct{})
	m.hold = hold
	return sync.OnceFunc(func() { close(hold) })
}

// Mails gives what was taken, oldest first.
func (m *MailServer) Mails() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Mail(nil), m.mails...)
}

func (m *MailServer) answer(what string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refuse[what]
}

func (m *MailServer) cut(where string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cuts[where]--
	return m.cuts[where] >= 0
}

// session is one connection.
type session struct {
	server *MailServer
	conn   *gosmtp.Conn
	now    Mail
}

// Reset forgets what was begun.
func (s *session) Reset() { s.now = Mail{} }

// Logout ends.
func (s *session) Logout() error { return nil }

// Mail takes the sender.
func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	if s.server.cut("mail") {
		return s.conn.Conn().Close()
	}
	s.now.From = from
	return s.server.answer("mail")
}

// Rcpt takes a recipient.
func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.now.To = append(s.now.To, to)
	return s.server.answer(to)
}

// Data takes the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	parsed, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return &gosmtp.SMTPError{Code: 554, Message: "this is no message"}
	}
	if err := s.server.answer("data"); err != nil {
		return err
	}
	s.server.mu.Lock()
	hold := s.server.hold
	s.server.mu.Unlock()
	if hold != nil {
		<-hold
	}
	s.now.Header, s.now.Raw = parsed.Header, raw
	s.server.mu.Lock()
	s.server.mails = append(s.server.mails, s.now)
	s.server.mu.Unlock()
	if s.server.cut("data") {
		return s.conn.Conn().Close()
	}
	return nil
}
