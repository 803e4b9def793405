package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"

	gosmtp "github.com/emersion/go-smtp"
)

// mailbox is a real SMTP server on loopback that keeps what it is sent.
type mailbox struct {
	address string
	server  *gosmtp.Server

	mu    sync.Mutex
	mails []letter
}

// letter is one mail as it came.
type letter struct {
	to      []string
	subject string
	raw     string
}

func openMailbox(ctx context.Context) (*mailbox, error) {
	m := &mailbox{}
	m.server = gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &session{box: m}, nil }))
	m.server.Domain = "localhost"
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the mail server cannot listen: %w", err)
	}
	m.address = listener.Addr().String()
	go func() { _ = m.server.Serve(listener) }() // ends with close
	return m, nil
}

func (m *mailbox) close() error { return m.server.Close() }

// to gives the mails that a person got, oldest first.
func (m *mailbox) to(person string) []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []letter
	for _, one := range m.mails {
		for _, recipient := range one.to {
			if strings.EqualFold(recipient, person) {
				out = append(out, one)
			}
		}
	}
	return out
}

func (m *mailbox) all() []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]letter(nil), m.mails...)
}

// session is one conversation with a sender.
type session struct {
	box *mailbox
	to  []string
}

// Mail begins a mail.
func (s *session) Mail(string, *gosmtp.MailOptions) error { return nil }

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data takes the mail.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	parsed, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return fmt.Errorf("this is no mail: %w", err)
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mails = append(s.box.mails, letter{to: s.to, subject: parsed.Header.Get("Subject"), raw: string(raw)})
	return nil
}

// Reset forgets what was begun.
func (s *session) Reset() { s.to = nil }

// Logout ends the conversation.
func (s *session) Logout() error { return nil }
