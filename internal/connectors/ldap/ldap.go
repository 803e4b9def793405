package ldap

import (
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/go-ldap/ldap/v3"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

//go:embed manifest.yaml
var source []byte

type kind struct{ connector.Described }

// Kind gives the connector. Its error is a fault of this build.
func Kind() (connector.Connector, error) {
	described, err := connector.Describe("ldap/manifest.yaml", source)
	if err != nil {
		return nil, err
	}
	return kind{described}, nil
}

// Open makes an instance for one directory.
func (k kind) Open(config connector.Config) (connector.Instance, error) {
	settings := config.Settings
	address, secured, host, err := parseURL(settings["url"])
	if err != nil {
		return nil, err
	}
	trust, err := connector.TLS{CA: settings["ca"]}.Config(host)
	if err != nil {
		return nil, err
	}
	spoken, err := dialectOf(settings["directory"], settings["policy_dn"])
	if err != nil {
		return nil, err
	}
	d := &directory{
		address: address, secured: secured, plaintext: settings["plaintext"] == "allowed" || connector.Loopback(host), tls: trust,
		bindDN: settings["bind_dn"], password: config.Secrets["password"],
		base: settings["base_dn"], groupBase: settings["group_base_dn"], dialect: spoken,
	}
	if d.groupBase == "" {
		d.groupBase = d.base
	}
	for name, dn := range map[string]string{"bind_dn": d.bindDN, "base_dn": d.base, "group_base_dn": d.groupBase, "policy_dn": settings["policy_dn"]} {
		if _, err := ldap.ParseDN(dn); err != nil {
			return nil, fmt.Errorf("%s is not a distinguished name such as dc=example,dc=org", name)
		}
	}
	return d, nil
}

// parseURL gives host:port and whether the connection begins with TLS.
func parseURL(text string) (address string, secured bool, host string, err error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" || parsed.User != nil || (parsed.Path != "" && parsed.Path != "/") {
		return "", false, "", errors.New("url must look like ldaps://host or ldap://host:port, without a path or credentials")
	}
	host = parsed.Hostname()
	port := parsed.Port()
	switch parsed.Scheme {
	case "ldaps":
		secured = true
		if port == "" {
			port = "636"
		}
	case "ldap":
		if port == "" {
			port = "389"
		}
	default:
		return "", false, "", fmt.Errorf("url has scheme %q; want ldaps or ldap", parsed.Scheme)
	}
	return net.JoinHostPort(host, port), secured, host, nil
}

// directory is one configured server.
type directory struct {
	address   string
	secured   bool // TLS from the first byte
	plaintext bool // may go without when the server has no StartTLS
	tls       *tls.Config
	bindDN    string
	password  secret.String
	base      string
	groupBase string
	dialect   dialect
}

// Do carries out one action on a connection of its own.
func (d *directory) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	act, known := map[string]func(*session, connector.Call) (map[string]any, error){
		"user_info":         userInfo,
		"disable_user":      func(s *session, c connector.Call) (map[string]any, error) { return s.setEnabled(c, false) },
		"enable_user":       func(s *session, c connector.Call) (map[string]any, error) { return s.setEnabled(c, true) },
		"group_members":     groupMembers,
		"add_to_group":      func(s *session, c connector.Call) (map[string]any, error) { return s.setMember(c, true) },
		"remove_from_group": func(s *session, c connector.Call) (map[string]any, error) { return s.setMember(c, false) },
	}[call.Action]
	if !known {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("ldap has no action %q", call.Action)}
	}
	s, err := d.session(ctx)
	if err != nil {
		return connector.Result{}, err
	}
	defer s.end()
	output, err := act(s, call)
	if err != nil {
		return connector.Result{}, err
	}
	return connector.Result{Output: output}, nil
}

func text(call connector.Call, name string) string {
	value, _ := call.Args[name].(string)
	return value
}
