package declared

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// client makes the client of the system with its credentials.
func (k *Kind) client(config connector.Config) (*connector.Client, error) {
	made, err := k.clientConfig(config, config.Settings["base_url"])
	if err != nil {
		return nil, err
	}
	made.KeyHeader = k.http.keyHeader
	credentials := config.Secrets[k.http.auth.secret]
	switch a := k.http.auth; a.form {
	case "bearer":
		made.Secret, made.AuthPrefix = credentials, "Bearer "
	case "header":
		made.Secret, made.AuthHeader, made.AuthPrefix = credentials, a.name, a.prefix
	case "basic":
		made.Secret, made.AuthPrefix = basic(config.Settings[a.user], credentials), "Basic "
		made.Hidden = append(made.Hidden, credentials)
	case "query":
		made.Secret, made.AuthQuery = credentials, a.name
	case "body":
		made.Secret, made.AuthField = credentials, a.name
	case "oauth2":
		made.Hidden = append(made.Hidden, config.Secrets[a.oauth.secret])
	}
	return connector.NewClient(made)
}

// clientConfig is what the clients of the system and of its token server share.
func (k *Kind) clientConfig(config connector.Config, base string) (connector.ClientConfig, error) {
	made := connector.ClientConfig{BaseURL: base, Plaintext: config.Settings["plaintext"] == "allowed", Now: k.system.Now}
	made.TLS = connector.TLS{
		CA: config.Settings["ca"], Pins: list(config.Settings["pins"]),
		Certificate: config.Settings["client_certificate"], Key: config.Secrets["client_key"],
	}
	for _, text := range list(config.Settings["networks"]) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return made, fmt.Errorf("setting networks: want networks such as 192.0.2.0/24, not %q", text)
		}
		made.Networks = append(made.Networks, prefix)
	}
	return made, nil
}

func basic(user string, password secret.String) secret.String {
	return secret.New(base64.StdEncoding.EncodeToString([]byte(user + ":" + password.Reveal())))
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
