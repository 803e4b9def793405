package declared

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// detour changes a request for a further page: other parameters, or another
// address on the same host.
type detour struct {
	query    map[string]string
	segments []string
	whole    url.Values // with segments: in place of the request's own parameters
}

// once makes one request and reads its answer.
func (r *run) once(ctx context.Context, one *request, other detour) (map[string]any, *connector.Error) {
	built, err := r.build(one, other)
	if err != nil {
		return nil, &connector.Error{Class: connector.Permanent, Message: "the request cannot be made: " + err.Error()}
	}
	response, failed := r.exchange(ctx, one, built)
	if response == nil {
		return nil, connector.Classify(failed, effectful(one) || r.passed)
	}
	return r.read(one, response, failed)
}

func (r *run) build(one *request, other detour) (connector.Request, error) {
	made := connector.Request{Method: one.method, Slash: one.slash}
	values := evaluation{vars: r.vars, strict: effectful(one)}
	var err error
	if made.Segments, err = values.segments(one.path); err != nil {
		return made, err
	}
	query, err := values.texts(one.query)
	if err != nil {
		return made, err
	}
	made.Query = query
	if err := r.addHeaders(&made, one, values); err != nil {
		return made, err
	}
	if one.form != nil {
		form, err := values.texts(one.form)
		if err != nil {
			return made, err
		}
		made.Form = form
	}
	if one.json != nil {
		if made.Body, err = values.tree(one.json); err != nil {
			return made, err
		}
	}
	if other.segments != nil {
		made.Segments, made.Query = other.segments, other.whole
	}
	for name, value := range other.query {
		made.Query.Set(name, value)
	}
	if one.effect {
		made.Key, made.Sent, made.Effect = r.call.Key, r.call.Sent, effectful(one)
	}
	return made, nil
}

func (r *run) addHeaders(made *connector.Request, one *request, values evaluation) error {
	made.Header = http.Header{}
	for _, fields := range [][]field{r.kind.http.headers, one.headers} {
		texts, err := values.texts(fields)
		if err != nil {
			return err
		}
		for name, list := range texts {
			if len(list) != 1 {
				return fmt.Errorf("the header %s has %d values", name, len(list))
			}
			made.Header.Set(name, list[0])
		}
	}
	return nil
}

// exchange sends the request. Where the system wants access tokens, one that it
// refuses is renewed once.
func (r *run) exchange(ctx context.Context, one *request, built connector.Request) (*connector.Response, error) {
	if one.effect && !built.Effect {
		if err := r.call.Permit(ctx); err != nil {
			return nil, err
		}
	}
	if r.tokens == nil {
		return r.client.Do(ctx, built)
	}
	var refused secret.String
	for range 2 {
		token, err := r.tokens.get(ctx, refused)
		if err != nil {
			return nil, beforeBytes(err)
		}
		built.Bearer = token
		response, err := r.client.Do(ctx, built)
		if response == nil || response.Status != http.StatusUnauthorized || !refused.Empty() {
			return response, err
		}
		refused = token
	}
	return nil, errors.New("no access token")
}

// beforeBytes keeps the class of a failure that came before the request.
func beforeBytes(err error) error {
	if _, ok := errors.AsType[*connector.Error](err); ok {
		return err
	}
	return &connector.Error{Class: connector.Transient, Message: "no access token", Err: err}
}

// polled repeats a request until its answer is final.
func (r *run) polled(ctx context.Context, one *request) (map[string]any, *connector.Error) {
	waits := int(one.poll.limit / one.poll.every)
	for i := 0; ; i++ {
		answer, failure := r.once(ctx, one, detour{})
		if failure != nil {
			return nil, failure
		}
		vars := maps.Clone(r.vars)
		vars["response"] = answer
		final, err := one.poll.until.Bool(vars)
		if err != nil {
			return nil, badAnswer(false, fmt.Errorf("poll.until: %w", err))
		}
		if final || (one.poll.late && i >= waits) {
			return answer, nil
		}
		if i >= waits {
			return nil, &connector.Error{Class: connector.Transient, Message: fmt.Sprintf("not finished after %s", one.poll.limit)}
		}
		if err := r.kind.system.Pause(ctx, one.poll.every); err != nil {
			return nil, &connector.Error{Class: connector.Transient, Message: "the time for this attempt is over", Err: err}
		}
	}
}
