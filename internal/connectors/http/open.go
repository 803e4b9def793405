package http

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// maxAnswer is the longest answer in bytes, for both kinds of instance.
const maxAnswer = 1 << 20

// Open makes an instance.
func (k kind) Open(config connector.Config) (connector.Instance, error) {
	if config.Settings["base_url"] != "" {
		return k.bound(config)
	}
	for _, name := range []string{"user", "header", "ca", "networks"} {
		if config.Settings[name] != "" {
			return nil, fmt.Errorf("setting %s: it needs base_url, the system that it is for", name)
		}
	}
	if !config.Secrets["secret"].Empty() {
		return nil, errors.New("setting secret: it needs base_url; a secret is sent to one system only")
	}
	public := k.base
	public.Plaintext = public.Plaintext || config.Settings["plaintext"] == "allowed"
	denied, err := networks("deny", config.Settings["deny"])
	if err != nil {
		return nil, err
	}
	public.Deny = append(public.Deny[:len(public.Deny):len(public.Deny)], denied...)
	for _, host := range list(config.Settings["hosts"]) {
		if strings.ContainsAny(host, "/:@ ") || strings.Contains(strings.TrimPrefix(host, "*."), "*") {
			return nil, fmt.Errorf("setting hosts: want names such as api.example.org or *.example.org, not %q", host)
		}
		public.Hosts = append(public.Hosts, host)
	}
	return instance{public: connector.NewPublic(public)}, nil
}

// bound makes an instance of one system.
func (k kind) bound(config connector.Config) (connector.Instance, error) {
	for _, name := range []string{"hosts", "deny"} {
		if config.Settings[name] != "" {
			return nil, fmt.Errorf("setting %s: it has no meaning with base_url, which is the only host called", name)
		}
	}
	made := connector.ClientConfig{
		BaseURL: config.Settings["base_url"], Plaintext: config.Settings["plaintext"] == "allowed",
		TLS: connector.TLS{CA: config.Settings["ca"]}, MaxBody: maxAnswer,
	}
	var err error
	if made.Networks, err = networks("networks", config.Settings["networks"]); err != nil {
		return nil, err
	}
	if err := credentials(&made, config); err != nil {
		return nil, err
	}
	client, err := connector.NewClient(made)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(made.BaseURL)
	if err != nil {
		return nil, errors.New("setting base_url: it cannot be read")
	}
	return instance{client: client, base: base}, nil
}

// credentials says how the secret is sent.
func credentials(made *connector.ClientConfig, config connector.Config) error {
	given, user, header := config.Secrets["secret"], config.Settings["user"], config.Settings["header"]
	form := config.Settings["auth"]
	switch {
	case form != "basic" && user != "":
		return errors.New("setting user: it goes with auth: basic")
	case form != "header" && header != "":
		return errors.New("setting header: it goes with auth: header")
	case given.Empty() && (user != "" || header != ""):
		return errors.New("setting secret: it is missing, and user or header is set")
	case given.Empty():
		return nil
	}
	made.Secret = given
	switch form {
	case "", "bearer":
		made.AuthPrefix = "Bearer "
	case "basic":
		if user == "" || strings.Contains(user, ":") {
			return errors.New("setting user: auth: basic needs it, without a colon")
		}
		made.Secret, made.AuthPrefix = secret.New(base64.StdEncoding.EncodeToString([]byte(user+":"+given.Reveal()))), "Basic "
		made.Hidden = append(made.Hidden, given)
	case "header":
		if header == "" {
			return errors.New("setting header: auth: header needs it, such as X-Api-Key")
		}
		made.AuthHeader = header
	default:
		return fmt.Errorf("setting auth: want bearer, basic or header, not %q", form)
	}
	return nil
}

func networks(name, text string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, part := range list(text) {
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("setting %s: want networks such as 192.0.2.0/24, not %q", name, part)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

// list reads values separated by commas.
func list(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
