package tlsfile

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Names are what the settings of one connection are called, for messages. Peer is
// the other end: "Temporal at temporal.example:7233".
type Names struct {
	Peer       string
	Switch     string // the setting that asks for TLS
	CA         string // the setting that names trusted roots
	Cert       string // the setting that names our certificate
	ServerName string // the setting that names whom we expect
}

// Explain tells what is wrong with a handshake and which setting mends it, or "" when
// the error has nothing to do with TLS.
func Explain(err error, names Names) string {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return expired(invalid, names)
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Sprintf("the certificate of %s%s was issued by an authority that is not trusted; %s must name the file with that authority's certificate",
			names.Peer, issuer(unknown.Cert), names.CA)
	}
	if other, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("the certificate of %s is for %s, not for %q; %s says which name is expected",
			names.Peer, holders(other.Certificate), other.Host, names.ServerName)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Sprintf("the certificate of %s cannot be trusted; look at %s", names.Peer, names.CA)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fmt.Sprintf("%s does not speak TLS, and %s asks for it", names.Peer, names.Switch)
	}
	if alert := remoteAlert(err); alert != "" {
		return refused(alert, names)
	}
	return ""
}

func expired(invalid x509.CertificateInvalidError, names Names) string {
	if invalid.Cert == nil {
		return "the certificate of " + names.Peer + " is not valid now"
	}
	return fmt.Sprintf("the certificate of %s is valid from %s to %s only: renew it there, or set this machine's clock", names.Peer,
		invalid.Cert.NotBefore.UTC().Format(time.RFC3339), invalid.Cert.NotAfter.UTC().Format(time.RFC3339))
}

// remoteAlert is what the other end said when it broke the handshake off. Its type
// is not exported.
func remoteAlert(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return strings.TrimPrefix(op.Err.Error(), "tls: ")
	}
	return ""
}

func refused(alert string, names Names) string {
	switch {
	case strings.Contains(alert, "certificate required"), strings.Contains(alert, "handshake failure"):
		return fmt.Sprintf("%s wants a client certificate (it said %q); %s must name one and its key", names.Peer, alert, names.Cert)
	case strings.Contains(alert, "certificate"):
		return fmt.Sprintf("%s does not accept our client certificate (it said %q); look at %s", names.Peer, alert, names.Cert)
	default:
		return fmt.Sprintf("%s broke the TLS handshake off: it said %q", names.Peer, alert)
	}
}

func issuer(certificate *x509.Certificate) string {
	if certificate == nil {
		return ""
	}
	return fmt.Sprintf(" (issuer %q)", certificate.Issuer.String())
}

func holders(certificate *x509.Certificate) string {
	if certificate == nil {
		return "somebody else"
	}
	names := certificate.DNSNames
	for _, address := range certificate.IPAddresses {
		names = append(names, address.String())
	}
	if len(names) == 0 {
		return fmt.Sprintf("no name (its subject is %q)", certificate.Subject.String())
	}
	return strings.Join(names, ", ")
}
