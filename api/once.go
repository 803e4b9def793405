package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/api/spec"
	"github.com/tocsin-soar/tocsin/internal/once"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type answerKeeper interface {
	// OnceFind tells what was done under a key; nil when nothing was.
	OnceFind(ctx context.Context, id string) (*once.Done, error)
	// OnceAnswer keeps what was answered. The first answer stays.
	OnceAnswer(ctx context.Context, key once.Key, answer once.Answer) error
}

// onceOnly carries a request with an Idempotency-Key out once. The key is taken by the
// store in the transaction of the change, so a request that failed has not used it up.
type onceOnly struct {
	answers answerKeeper
	how     string // spec.Once..., "" where the use case keeps keys by itself
	log     *slog.Logger
}

func (o onceOnly) run(c echo.Context, current *call, next echo.HandlerFunc) error {
	sent := c.Request().Header.Get("Idempotency-Key")
	if o.how == "" || sent == "" {
		return next(c)
	}
	ctx, key := c.Request().Context(), keyOf(c.Request(), current, sent)
	done, err := o.answers.OnceFind(ctx, key.ID)
	if err != nil {
		return err
	}
	if done != nil {
		return o.again(c, key, done)
	}
	c.SetRequest(c.Request().WithContext(once.With(ctx, key)))
	writer, held := c.Response().Writer, &heldAnswer{header: c.Response().Header()}
	c.Response().Writer = held
	err = next(c)
	c.Response().Writer = writer
	if err != nil {
		return o.failed(c, key, err)
	}
	o.keep(ctx, key, held)
	writer.WriteHeader(held.status)
	_, err = writer.Write(held.body.Bytes())
	return err
}

// keyOf makes the key of the caller's own, with a digest of all that decides what the
// request does.
func keyOf(request *http.Request, current *call, sent string) once.Key {
	id := sumOf("tocsin/once/v1", current.principal.Actor.String(), sent)
	digest := sumOf(current.operation, request.URL.Path, request.URL.Query().Encode(), request.Header.Get("If-Match"), current.mediaType, string(current.raw))
	return once.Key{ID: hex.EncodeToString(id), Digest: digest}
}

func sumOf(parts ...string) []byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// again answers a request whose key is taken.
func (o onceOnly) again(c echo.Context, key once.Key, done *once.Done) error {
	const op = "api.again"
	switch {
	case subtle.ConstantTimeCompare(key.Digest, done.Digest) == 0:
		return soar.Errorf(soar.CodeConflict, op, "this Idempotency-Key was used for another request; take a new one")
	case o.how == spec.OnceSecret && done.Made != "":
		return soar.Errorf(soar.CodeConflict, op, "this was carried out before and made %s, whose secret is shown only once; if the answer was lost, revoke it and use a new key", done.Made)
	case done.Answer == nil && done.Recent:
		return &soar.Error{Code: soar.CodeUnavailable, Op: op, RetryAfter: time.Second, Message: "this request is being carried out; ask again for its answer"}
	case done.Answer == nil:
		return soar.Errorf(soar.CodeConflict, op, "this was carried out before, but its answer was not kept; look at how things stand")
	}
	if done.Answer.ETag != "" {
		c.Response().Header().Set("ETag", done.Answer.ETag)
	}
	if len(done.Answer.Body) == 0 {
		return c.NoContent(done.Answer.Status)
	}
	return c.Blob(done.Answer.Status, done.Answer.MediaType, done.Answer.Body)
}

// failed gives the error, or, when the request was carried out nonetheless or by
// another that came at the same time, what is known of that.
func (o onceOnly) failed(c echo.Context, key once.Key, failure error) error {
	done, err := o.answers.OnceFind(c.Request().Context(), key.ID)
	if err != nil || done == nil {
		return failure
	}
	return o.again(c, key, done)
}

// keep stores what is about to be answered. The change is made already: when the answer
// cannot be kept, who sends the key again is told that it was done.
func (o onceOnly) keep(ctx context.Context, key once.Key, held *heldAnswer) {
	if o.how == spec.OnceSecret {
		return
	}
	answer := once.Answer{Status: held.status, MediaType: held.header.Get("Content-Type"), ETag: held.header.Get("ETag"), Body: held.body.Bytes()}
	if err := o.answers.OnceAnswer(ctx, key, answer); err != nil {
		o.log.WarnContext(ctx, "the answer to an idempotency key was not kept", "operation", callFrom(ctx).operation, "error", err)
	}
}

// heldAnswer keeps an answer back until it is stored.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header gives the headers of the real answer.
func (h *heldAnswer) Header() http.Header { return h.header }

// WriteHeader notes the status.
func (h *heldAnswer) WriteHeader(status int) { h.status = status }

// Write notes a part of the body.
func (h *heldAnswer) Write(part []byte) (int, error) { return h.body.Write(part) }

// checkOnce refuses a description whose x-once is not understood.
func checkOnce(operation *spec.Operation) error {
	if operation.Once == "" || operation.Once == spec.OnceAnswer || operation.Once == spec.OnceSecret {
		return nil
	}
	return fmt.Errorf("openapi.yaml: operation %s has x-once: %s; expected %s or %s", operation.ID, operation.Once, spec.OnceAnswer, spec.OnceSecret)
}
