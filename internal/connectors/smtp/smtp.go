package smtp

import (
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

//go:embed manifest.yaml
var source []byte

type kind struct{ connector.Described }

// Kind gives the connector. Its error is a fault of this build.
func Kind() (connector.Connector, error) {
	described, err := connector.Describe("smtp/manifest.yaml", source)
	if err != nil {
		return nil, err
	}
	return kind{described}, nil
}

// Ways to secure the connection.
const (
	secureStartTLS = "starttls"
	secureTLS      = "tls"
	secureNone     = "none"
)

// Open makes an instance for one mail server.
func (k kind) Open(config connector.Config) (connector.Instance, error) {
	settings := config.Settings
	host, port, err := net.SplitHostPort(settings["server"])
	if err != nil || host == "" {
		return nil, fmt.Errorf("server is %q; want host:port", settings["server"])
	}
	s := &server{host: host, helo: settings["helo"], from: settings["from"], username: settings["username"], password: config.Secrets["password"]}
	if s.port, err = strconv.Atoi(port); err != nil || s.port < 1 || s.port > 65535 {
		return nil, fmt.Errorf("server has the port %q; want a number up to 65535", port)
	}
	if _, err := address(s.from); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if (s.username == "") != s.password.Empty() {
		return nil, errors.New("username and password belong together: set both or neither")
	}
	switch s.secure = settings["tls"]; s.secure {
	case "":
		s.secure = secureStartTLS
	case secureStartTLS, secureTLS:
	case secureNone:
		if settings["plaintext"] != "allowed" && !connector.Loopback(host) {
			return nil, errors.New("tls is none: mail would go unencrypted; set plaintext: allowed if that is meant")
		}
	default:
		return nil, fmt.Errorf("tls is %q; want starttls, tls or none", s.secure)
	}
	for domain := range strings.SplitSeq(settings["recipient_domains"], ",") {
		if domain = strings.ToLower(strings.TrimSpace(domain)); domain != "" {
			s.domains = append(s.domains, domain)
		}
	}
	s.tls, err = connector.TLS{CA: settings["ca"]}.Config(host)
	return s, err
}

// server is one configured mail server.
type server struct {
	host     string
	port     int
	secure   string
	helo     string
	from     string
	username string
	password secret.String
	domains  []string // that mail may go to; empty: any
	tls      *tls.Config
}

// Do sends a message.
func (s *server) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	if call.Action != "send" {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("smtp has no action %q", call.Action)}
	}
	message, to, err := s.message(call)
	if err != nil {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: err.Error()}
	}
	client, err := s.client(ctx)
	if err != nil {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: "the mail client cannot be made", Err: err}
	}
	if err := client.DialWithContext(ctx); err != nil {
		return connector.Result{}, reach(err)
	}
	defer func() { _ = client.Close() }()
	if err := call.Permit(ctx); err != nil {
		return connector.Result{}, err
	}
	if err := sendError(client.Send(message)); err != nil {
		return connector.Result{}, err
	}
	return connector.Result{Output: map[string]any{"accepted": to, "message_id": message.GetMessageID()}}, nil
}

// message builds the mail. Its text is data: it is encoded, and nothing in it can
// become a header.
func (s *server) message(call connector.Call) (*gomail.Msg, int, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := message.From(s.from); err != nil {
		return nil, 0, errors.New("the sender's address cannot be used")
	}
	list, _ := call.Args["to"].([]any)
	for _, item := range list {
		text, _ := item.(string)
		recipient, err := s.recipient(text)
		if err != nil {
			return nil, 0, err
		}
		if err := message.AddTo(recipient); err != nil {
			return nil, 0, fmt.Errorf("%q is no mail address", text)
		}
	}
	subject, _ := call.Args["subject"].(string)
	body, _ := call.Args["body"].(string)
	subject = strings.ReplaceAll(subject, "=?", "= ?") // what looks like an encoded header would be decoded by the reader's program
	message.Subject(strings.Join(strings.Fields(subject), " "))
	message.SetBodyString(gomail.TypeTextPlain, body)
	if html, _ := call.Args["html"].(string); html != "" {
		message.AddAlternativeString(gomail.TypeTextHTML, html)
	}
	message.SetDate()
	_, domain, _ := strings.Cut(s.from, "@")
	message.SetMessageIDWithValue(messageID(call.Key) + "@" + domain)
	if thread, _ := call.Args["thread"].(string); thread != "" {
		message.SetGenHeader("References", "<tocsin.thread."+messageWord(thread)+"@"+domain+">")
	}
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answering machine answers
	return message, len(list), nil
}

// messageWord keeps of a thread's name what may stand in a message's id.
func messageWord(thread string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, thread)
}

// messageID is the same for the same effect.
func messageID(key string) string {
	if key == "" {
		return "tocsin." + strconv.FormatInt(time.Now().UnixNano(), 36)
	}
	return "tocsin." + key
}

func (s *server) recipient(text string) (string, error) {
	recipient, err := address(text)
	if err != nil {
		return "", err
	}
	_, domain, _ := strings.Cut(recipient, "@")
	if len(s.domains) == 0 {
		return recipient, nil
	}
	for _, allowed := range s.domains {
		if strings.EqualFold(domain, allowed) {
			return recipient, nil
		}
	}
	return "", fmt.Errorf("mail may not go to %q: the domain is not among recipient_domains", text)
}

// address reads one bare address: no name, no list, no group.
func address(text string) (string, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || strings.Count(text, "@") != 1 || strings.ContainsAny(text, " \t\r\n\"<>") {
		return "", fmt.Errorf("%q is no mail address such as name@soc.example", text)
	}
	return text, nil
}
