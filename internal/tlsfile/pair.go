package tlsfile

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Pair is a certificate and its private key in two PEM files. Every handshake looks
// whether the files have changed, so that a renewed certificate is used without a
// restart. What cannot be read is not used: the last good pair stays.
type Pair struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	stamp  stamp
	loaded *tls.Certificate
}

// stamp tells one state of the two files from another.
type stamp struct {
	certTime, keyTime time.Time
	certSize, keySize int64
}

// LoadPair reads the pair once, so that what cannot be used is told at start: files
// that cannot be read, a key that does not belong to the certificate, a certificate
// that has expired at now.
func LoadPair(certFile, keyFile string, now time.Time, log *slog.Logger) (*Pair, error) {
	p := &Pair{certFile: certFile, keyFile: keyFile, log: log}
	if err := p.reload(); err != nil {
		return nil, err
	}
	if leaf := p.loaded.Leaf; now.After(leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate in %s expired at %s", certFile, leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return p, nil
}

// ForServer is GetCertificate of a tls.Config.
func (p *Pair) ForServer(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.current(), nil }

// ForClient is GetClientCertificate of a tls.Config.
func (p *Pair) ForClient(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return p.current(), nil
}

// NotAfter is when the certificate that is in use expires.
func (p *Pair) NotAfter() time.Time { return p.current().Leaf.NotAfter }

func (p *Pair) current() *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen, err := p.look()
	if err == nil && seen == p.stamp {
		return p.loaded
	}
	if err == nil {
		err = p.reload()
	}
	if err != nil {
		p.log.Warn("a renewed certificate cannot be used; the last good one stays", "error", err)
		p.stamp = seen // say it once for each state of the files
	}
	return p.loaded
}

func (p *Pair) look() (stamp, error) {
	cert, err := os.Stat(p.certFile)
	if err != nil {
		return stamp{}, unreadable(p.certFile, err)
	}
	key, err := os.Stat(p.keyFile)
	if err != nil {
		return stamp{}, unreadable(p.keyFile, err)
	}
	return stamp{cert.ModTime(), key.ModTime(), cert.Size(), key.Size()}, nil
}

func (p *Pair) reload() error {
	seen, err := p.look()
	if err != nil {
		return err
	}
	certificate, err := os.ReadFile(p.certFile)
	if err != nil {
		return unreadable(p.certFile, err)
	}
	key, err := os.ReadFile(p.keyFile)
	if err != nil {
		return unreadable(p.keyFile, err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		// The cause may quote the key.
		return fmt.Errorf("%s and %s are not a certificate and its private key in PEM form", p.certFile, p.keyFile)
	}
	p.stamp, p.loaded = seen, &pair
	return nil
}

// Roots reads trusted certificates from a PEM file.
func Roots(file string) (*x509.CertPool, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(body) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return roots, nil
}

// unreadable names the file once; the operating system's error names it, too.
func unreadable(file string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return fmt.Errorf("%s cannot be read: %w", file, err)
}
