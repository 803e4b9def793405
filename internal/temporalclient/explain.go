package temporalclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/tlsfile"
)

// Diagnose is HealthCheck for an operator: it finds out why, and names the setting
// that mends it.
func (c *Client) Diagnose(ctx context.Context) error {
	return c.explain(ctx, "temporalclient.Diagnose", c.HealthCheck(ctx))
}

// probeWithin bounds the handshake that finds out why Temporal cannot be reached.
const probeWithin = 2 * time.Second

// explain says why Temporal cannot be reached when TLS is the reason: gRPC tells it
// only as a text inside of "unavailable". It makes one handshake of its own. Such an
// error is denied, not unavailable: trying again does not help.
func (c *Client) explain(ctx context.Context, op string, err error) error {
	if soar.CodeOf(err) != soar.CodeUnavailable {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeWithin)
	defer cancel()
	if c.tls == nil {
		if tlsfile.SpeaksTLS(ctx, c.address) {
			return soar.Wrap(soar.CodeDenied, op, err, "Temporal at %s speaks TLS, and temporal_tls is false", c.address)
		}
		return err
	}
	problem := tlsfile.Probe(ctx, c.address, c.probeConfig())
	if _, ok := errors.AsType[*net.DNSError](problem); ok {
		return err
	}
	if why := tlsfile.Explain(problem, c.names()); why != "" {
		return soar.Wrap(soar.CodeDenied, op, problem, "%s", why)
	}
	return err
}

// probeConfig is how gRPC makes its handshake.
func (c *Client) probeConfig() *tls.Config {
	config := c.tls.Clone()
	config.NextProtos = []string{"h2"}
	return config
}

func (c *Client) names() tlsfile.Names {
	return tlsfile.Names{
		Peer: "Temporal at " + c.address, Switch: "temporal_tls", CA: "temporal_tls_ca", Cert: "temporal_tls_cert", ServerName: "temporal_tls_server_name",
	}
}
