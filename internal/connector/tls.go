package connector

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/secret"
)

// TLS says whom a connector client trusts and who it is itself. All fields are
// optional.
type TLS struct {
	CA          string        // PEM; when set, the only roots that are trusted
	Pins        []string      // SHA-256 hex of a server's public key (SPKI); one of the chain must match
	Certificate string        // PEM; our client certificate
	Key         secret.String // PEM; its private key
}

// Config gives the same trust to a connector that speaks a protocol of its own:
// server is the name that the certificate must bear.
func (t TLS) Config(server string) (*tls.Config, error) {
	config, err := t.config()
	if err != nil {
		return nil, err
	}
	config.NextProtos, config.ServerName = nil, server
	return config, nil
}

func (t TLS) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if t.CA != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(t.CA)) {
			return nil, errors.New("the CA holds no certificate in PEM form")
		}
	}
	if (t.Certificate == "") != t.Key.Empty() {
		return nil, errors.New("a client certificate needs its key, and a key its certificate")
	}
	if t.Certificate != "" {
		pair, err := tls.X509KeyPair([]byte(t.Certificate), []byte(t.Key.Reveal()))
		if err != nil {
			// The cause may quote the key.
			return nil, errors.New("the client certificate and its key do not fit, or are not in PEM form")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, t.pin(config)
}

// pin makes the handshake fail unless one certificate of the verified chain has a
// pinned key. It comes on top of the usual verification, never in its place.
func (t TLS) pin(config *tls.Config) error {
	if len(t.Pins) == 0 {
		return nil
	}
	var pins []string
	for _, pin := range t.Pins {
		pin = strings.ToLower(strings.TrimSpace(pin))
		if raw, err := hex.DecodeString(pin); err != nil || len(raw) != sha256.Size {
			return fmt.Errorf("pin %q is not the SHA-256 of a public key in hex", pin)
		}
		pins = append(pins, pin)
	}
	config.VerifyConnection = func(state tls.ConnectionState) error {
		for _, chain := range state.VerifiedChains {
			for _, certificate := range chain {
				sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
				if slices.Contains(pins, hex.EncodeToString(sum[:])) {
					return nil
				}
			}
		}
		return pinError{}
	}
	return nil
}

type pinError struct{}

func (pinError) Error() string { return "no certificate of the server has a pinned key" }
