package declared

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

const (
	tokenMargin  = time.Minute     // a token is renewed this long before its end
	tokenDefault = 5 * time.Minute // its life when the server does not say
	tokenLongest = 24 * time.Hour
)

// tokens gets access tokens and keeps the current one. A turn at it is a value in
// the channel, so that waiting for it ends with its context.
type tokens struct {
	client *connector.Client
	path   []string
	form   url.Values
	secret secret.String // in the form under client_secret; empty when it goes into a header
	now    func() time.Time
	turn   chan struct{}

	current secret.String
	until   time.Time
}

func (k *Kind) tokens(config connector.Config, settings map[string]any) (*tokens, error) {
	o := k.http.auth.oauth
	base := config.Settings["token_base_url"]
	if o.baseURL == "" {
		base = config.Settings["base_url"]
	}
	made, err := k.clientConfig(config, base)
	if err != nil {
		return nil, err
	}
	path, err := evaluation{vars: map[string]any{"settings": settings}}.segments(o.path)
	if err != nil {
		return nil, fmt.Errorf("the path of the token server: %w", err)
	}
	t := &tokens{path: path, now: k.system.Now, turn: make(chan struct{}, 1), form: url.Values{"grant_type": {"client_credentials"}}}
	client, hidden := config.Settings[o.client], config.Secrets[o.secret]
	made.Hidden = []secret.String{hidden}
	if o.inHeader {
		made.Secret, made.AuthPrefix = basic(client, hidden), "Basic "
	} else {
		t.secret = hidden
		t.form.Set("client_id", client)
	}
	if o.scope != "" {
		t.form.Set("scope", o.scope)
	}
	if o.audience != "" {
		t.form.Set("audience", o.audience)
	}
	t.client, err = connector.NewClient(made)
	if err != nil {
		return nil, fmt.Errorf("token server: %w", err)
	}
	return t, nil
}

// get gives a token that is still good; refused names one that the system no
// longer takes.
func (t *tokens) get(ctx context.Context, refused secret.String) (secret.String, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return secret.String{}, &connector.Error{Class: connector.Transient, Message: "no access token in time", Err: context.Cause(ctx)}
	}
	good := !t.current.Empty() && t.now().Before(t.until)
	if good && t.current.Reveal() != refused.Reveal() {
		return t.current, nil
	}
	return t.fetch(ctx)
}

func (t *tokens) fetch(ctx context.Context) (secret.String, error) {
	form := url.Values{}
	for name, values := range t.form {
		form[name] = values
	}
	if !t.secret.Empty() {
		form.Set("client_secret", t.secret.Reveal())
	}
	t.current = secret.String{}
	response, err := t.client.Do(ctx, connector.Request{Method: http.MethodPost, Segments: t.path, Form: form})
	if err != nil {
		return secret.String{}, tokenError(response, err)
	}
	var grant struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if err := response.JSON(&grant, false); err != nil || grant.AccessToken == "" {
		return secret.String{}, &connector.Error{Class: connector.Permanent, Message: "the token server answered without an access token"}
	}
	life := min(time.Duration(grant.ExpiresIn)*time.Second, tokenLongest)
	if life <= 0 {
		life = tokenDefault
	}
	t.current, t.until = secret.New(grant.AccessToken), t.now().Add(life-min(tokenMargin, life/2))
	return t.current, nil
}

// tokenError makes a refusal of credentials, which the standard answers with 400,
// one that a person must act on.
func tokenError(response *connector.Response, err error) error {
	known, ok := errors.AsType[*connector.Error](err)
	if !ok {
		return err
	}
	told := *known
	told.Message = "access token: " + known.Message
	if response != nil && response.Status == http.StatusBadRequest {
		told.Class = connector.Auth
	}
	return &told
}
