package smtp

import (
	"context"
	"errors"
	"mime"
	"net"
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// open opens an instance for the server; settings replace those that fit it.
func open(t *testing.T, m *mailServer, settings map[string]string) (connector.Instance, error) {
	t.Helper()
	config := connector.Config{
		Instance: "mail", Secrets: map[string]secret.String{"password": secret.New(password)},
		Settings: map[string]string{"server": m.address, "from": "tocsin@soc.test", "username": account, "ca": m.ca},
	}
	for name, value := range settings {
		if name == "password" {
			config.Secrets[name] = secret.New(value)
			continue
		}
		config.Settings[name] = value
	}
	kind, err := Kind()
	if err != nil {
		t.Fatal(err)
	}
	registry := connector.NewRegistry()
	if err := registry.Open(kind, config); err != nil {
		return nil, err
	}
	instance, _, _ := registry.Find("mail")
	return instance, nil
}

func send(t *testing.T, instance connector.Instance, sent *int, to ...any) (connector.Result, error) {
	t.Helper()
	return instance.Do(t.Context(), connector.Call{
		Action: "send", Key: "5a1c0e", Sent: func(context.Context) error { *sent++; return nil },
		Args: map[string]any{"to": to, "subject": "Naïve\r\nBcc: x@evil.test", "body": "Guten Tag\n.\nÄnderung: <b>keine</b>\n"},
	})
}

func TestSend(t *testing.T) {
	t.Parallel()
	for _, way := range []string{secureStartTLS, secureTLS, secureNone} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			m := startServer(t, way)
			instance, err := open(t, m, map[string]string{"tls": way})
			if err != nil {
				t.Fatal(err)
			}
			sent := 0
			result, err := send(t, instance, &sent, "lead@soc.test", "duty@soc.test")
			if err != nil || sent != 1 {
				t.Fatalf("sent %d: %v", sent, err)
			}
			if diff := cmp.Diff(map[string]any{"accepted": 2, "message_id": "<tocsin.5a1c0e@soc.test>"}, result.Output); diff != "" {
				t.Error(diff)
			}
			got := m.got()
			if len(got) != 1 || got[0].from != "tocsin@soc.test" || !cmp.Equal(got[0].to, []string{"lead@soc.test", "duty@soc.test"}) {
				t.Fatalf("delivered %+v", got)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(got[0].mail.Header.Get("Subject"))
			if err != nil || subject != "Naïve Bcc: x@evil.test" || got[0].mail.Header.Get("Bcc") != "" {
				t.Errorf("headers %v, subject %q", got[0].mail.Header, subject)
			}
			if !strings.Contains(got[0].body, "<b>keine</b>") || !strings.Contains(got[0].mail.Header.Get("Content-Type"), "text/plain") {
				t.Errorf("body %q as %s", got[0].body, got[0].mail.Header.Get("Content-Type"))
			}
		})
	}
}

func TestWhatGoesWrong(t *testing.T) {
	t.Parallel()
	full := &gosmtp.SMTPError{Code: 452, Message: "mailbox full"}
	gone := &gosmtp.SMTPError{Code: 550, Message: "no such user"}
	rows := []struct {
		name     string
		settings map[string]string
		prepare  func(*mailServer)
		to       string
		class    connector.Class
		says     string
		told     int
	}{
		{"a wrong password", map[string]string{"password": "wrong"}, nil, "", connector.Auth, "refuses the sign-in", 0},
		{"an unknown authority", map[string]string{"ca": ""}, nil, "", connector.Permanent, "not trusted", 0},
		{"no address", nil, nil, "lead", connector.Permanent, "no mail address", 0},
		{"two addresses in one", nil, nil, "a@soc.test, b@soc.test", connector.Permanent, "no mail address", 0},
		{"a name beside the address", nil, nil, "Lead <lead@soc.test>", connector.Permanent, "no mail address", 0},
		{"a line break", nil, nil, "lead@soc.test\r\nRCPT TO:<x@evil.test>", connector.Permanent, "no mail address", 0},
		{"a domain that is not ours", map[string]string{"recipient_domains": "soc.test, ops.test"}, nil, "lead@evil.test", connector.Permanent, "recipient_domains", 0},
		{"the sender is refused", nil, func(m *mailServer) { m.refuse["mail"] = gone }, "", connector.Permanent, "refuses the message", 1},
		{"a recipient is refused", nil, func(m *mailServer) { m.refuse["lead@soc.test"] = gone }, "", connector.Permanent, "refuses the message", 1},
		{"a recipient is full", nil, func(m *mailServer) { m.refuse["lead@soc.test"] = full }, "", connector.Transient, "cannot take", 1},
		{"the message is refused", nil, func(m *mailServer) { m.refuse["data"] = gone }, "", connector.Permanent, "refuses the message", 1},
		{"the message is put off", nil, func(m *mailServer) { m.refuse["data"] = full }, "", connector.Transient, "cannot take", 1},
		{"cut before the message", nil, func(m *mailServer) { m.cut = "mail" }, "", connector.Transient, "before the message", 1},
		{"cut within the message", nil, func(m *mailServer) { m.cut = "data" }, "", connector.Unknown, "handed over", 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := startServer(t, secureStartTLS)
			if row.prepare != nil {
				row.prepare(m)
			}
			if row.to == "" {
				row.to = "lead@soc.test"
			}
			instance, err := open(t, m, row.settings)
			if err != nil {
				t.Fatal(err)
			}
			told := 0
			_, err = send(t, instance, &told, "duty@soc.test", row.to)
			failure, ok := errors.AsType[*connector.Error](err)
			if !ok || failure.Class != row.class || !strings.Contains(err.Error(), row.says) || told != row.told {
				t.Errorf("got %v and told the ledger %d times, want %s with %q", err, told, row.class, row.says)
			}
			if len(m.got()) != 0 {
				t.Errorf("delivered all the same: %+v", m.got())
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the password shows: %v", err)
			}
		})
	}
}

func TestServersThatDoNotFit(t *testing.T) {
	t.Parallel()
	plain := startServer(t, secureNone)
	instance, err := open(t, plain, nil) // starttls
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	_, err = send(t, instance, &told, "lead@soc.test")
	if failure := connector.Classify(err, false); failure == nil || failure.Class != connector.Permanent || told != 0 {
		t.Errorf("a server without STARTTLS: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := &mailServer{address: listener.Addr().String()}
	listener.Close()
	if instance, err = open(t, gone, nil); err != nil {
		t.Fatal(err)
	}
	_, err = send(t, instance, &told, "lead@soc.test")
	if failure := connector.Classify(err, false); failure == nil || failure.Class != connector.Transient || told != 0 {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		settings map[string]string
		says     string
	}{
		"no port":             {map[string]string{"server": "mail.example"}, "want host:port"},
		"a port that is none": {map[string]string{"server": "mail.example:smtp"}, "want a number"},
		"a sender of no form": {map[string]string{"from": "SOC <a@b>"}, "no mail address"},
		"half a sign-in":      {map[string]string{"username": ""}, "belong together"},
		"an unknown way":      {map[string]string{"tls": "ssl"}, "want starttls, tls or none"},
		"no encryption":       {map[string]string{"server": "mail.example:25", "tls": "none"}, "plaintext: allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := open(t, &mailServer{address: "127.0.0.1:25"}, row.settings); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
}

// TestHTML sends both forms: text first, HTML beside it, and a thread that cannot
// become a header of its own.
func TestHTML(t *testing.T) {
	t.Parallel()
	m := startServer(t, secureTLS)
	instance, err := open(t, m, map[string]string{"tls": secureTLS})
	if err != nil {
		t.Fatal(err)
	}
	_, err = instance.Do(t.Context(), connector.Call{
		Action: "send", Key: "5a1c0f", Sent: func(context.Context) error { return nil },
		Args: map[string]any{"to": []any{"lead@soc.test"}, "subject": "Both", "body": "in words", "html": "<p>in <b>HTML</b></p>", "thread": "INC-1\r\nBcc: x@evil.test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := m.got()[0]
	kind := got.mail.Header.Get("Content-Type")
	text, rich := strings.Index(got.body, "in words"), strings.Index(got.body, "<p>in <b>HTML</b></p>")
	if !strings.HasPrefix(kind, "multipart/alternative") || text < 0 || rich < text {
		t.Errorf("%s: text at %d, HTML at %d of\n%s", kind, text, rich, got.body)
	}
	if thread := got.mail.Header.Get("References"); thread != "<tocsin.thread.INC-1__Bcc__x_evil.test@soc.test>" || got.mail.Header.Get("Bcc") != "" {
		t.Errorf("References: %q", thread)
	}
}
