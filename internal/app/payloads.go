package app

import (
	"context"
	"log/slog"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/observe/metrics"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

// payloadReader decrypts payloads for people who look at Temporal.
type payloadReader struct {
	codec     *codec.Codec
	incidents *incidents.Service
	metrics   *metrics.Metrics
	log       *slog.Logger
}

// Decode decrypts the payloads of a request to the codec endpoint and gives its
// answer. What belongs to an incident is given only to who needs to know of it.
func (r payloadReader) Decode(ctx context.Context, p soar.Principal, namespace string, body []byte) ([]byte, error) {
	const op = "app.Decode"
	if err := access.Require(p, access.PayloadDecode, op); err != nil {
		return nil, err
	}
	if namespace != r.codec.Namespace() {
		return nil, soar.Errorf(soar.CodeInvalid, op, "only payloads of the namespace %q are decrypted here; the header X-Namespace says %q",
			r.codec.Namespace(), soar.Shorten(namespace, 100))
	}
	answer, err := r.codec.Answer(body)
	if err != nil {
		return nil, err
	}
	if err := r.incidents.NeedsToKnow(ctx, p, answer.Workflows); err != nil {
		return nil, err
	}
	r.metrics.PayloadsDecrypted(answer.Decrypted)
	r.log.InfoContext(ctx, "payloads were decrypted", "actor", p.Actor.String(), "token", p.Token, "workflows", answer.Workflows, "payloads", answer.Decrypted)
	return answer.Body, nil
}
