package hook

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of the secrets of one source. A shorter one can be guessed; two are enough
// to change it, a third is somebody's mistake that can wait.
const (
	secretLeast = 16 // bytes
	secretsMost = 4
)

// whsec stands before secrets that are given in base64.
const whsec = "whsec_"

// Options of NewVerifier.
type Options struct {
	Scheme  func(source string) *Scheme // nil for a source that is not known or whose mapping has no verify
	Secrets map[string][]secret.String  // by source; all that are good at the moment
	Now     func() time.Time            // nil: time.Now
	Logger  *slog.Logger                // nil: slog.Default
}

// Verifier knows the sources that may sign. It never changes.
type Verifier struct {
	sources map[string]verified
	now     func() time.Time
	log     *slog.Logger
}

type verified struct {
	scheme *Scheme
	keys   []secret.String
}

// NewVerifier makes one. The error names the source and what is wrong with its
// secrets, never a secret.
func NewVerifier(o Options) (*Verifier, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	v := &Verifier{sources: map[string]verified{}, now: o.Now, log: o.Logger}
	for source, secrets := range o.Secrets {
		scheme := o.Scheme(source)
		if scheme == nil {
			return nil, fmt.Errorf("hooks.%s has secrets, but there is no source %s with verify in its mapping", source, source)
		}
		keys, err := scheme.keys(secrets)
		if err != nil {
			return nil, fmt.Errorf("hooks.%s: %w", source, err)
		}
		v.sources[source] = verified{scheme, keys}
	}
	return v, nil
}

func (s *Scheme) keys(secrets []secret.String) ([]secret.String, error) {
	if len(secrets) == 0 || len(secrets) > secretsMost {
		return nil, fmt.Errorf("it needs 1 to %d secrets", secretsMost)
	}
	keys := make([]secret.String, len(secrets))
	for i, given := range secrets {
		key := given.Reveal()
		if s.Secret == secretBase64 {
			raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, whsec))
			if err != nil {
				return nil, fmt.Errorf("secret %d is not base64", i+1)
			}
			key = string(raw)
		}
		if len(key) < secretLeast {
			return nil, fmt.Errorf("secret %d has %d bytes, at least %d are needed", i+1, len(key), secretLeast)
		}
		keys[i] = secret.New(key)
	}
	return keys, nil
}

// Verify reads the body of a request and gives the principal that a valid signature
// stands for: the tool of this source. A source without secrets is refused before
// its body is read. Every refusal is the same unauthenticated error; an error of
// read is given as it is.
func (v *Verifier) Verify(ctx context.Context, source string, header http.Header, read func() ([]byte, error)) (soar.Principal, error) {
	known, ok := v.sources[source]
	if !ok {
		return v.refuse(ctx, source, errors.New("neither a token nor a source that may sign"))
	}
	if len(header[known.scheme.Header]) == 0 {
		return v.refuse(ctx, source, errNoSignature)
	}
	body, err := read()
	if err != nil {
		return soar.Principal{}, err
	}
	if err := known.scheme.verify(known.keys, header, body, v.now()); err != nil {
		return v.refuse(ctx, source, err)
	}
	return soar.Principal{
		Actor: soar.Actor{Kind: soar.ActorTool, ID: source}, Roles: []soar.Role{soar.RoleTool}, Source: source,
		Scopes: []string{"alert:send"},
	}, nil
}

func (v *Verifier) refuse(ctx context.Context, source string, why error) (soar.Principal, error) {
	v.log.InfoContext(ctx, "a hook was refused", "source", soar.Shorten(source, 40), "why", why.Error())
	return soar.Principal{}, soar.Wrap(soar.CodeUnauthenticated, "hook.Verify", why, "a valid token or signature is needed")
}
