package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func (s Suite) good(c Case) *system {
	if s.Offline {
		return nil
	}
	return answering(http.StatusOK, c.Answer)
}

func (s Suite) checkAnswers(t *testing.T) {
	schemas, err := connector.CompileSchemas(s.Kind.Manifest())
	if err != nil {
		t.Fatal(err)
	}
	s.each(t, func(t *testing.T, action *manifest.Action, c Case) {
		if _, ok := s.Cases[action.Name]; !ok {
			t.Fatal("the suite has no case for this action")
		}
		b := s.open(t, s.good(c), c)
		call := s.call(b, action, c)
		if err := schemas.CheckInput(action.Name, call.Args); err != nil {
			t.Fatalf("the case does not fit the input schema: %v", err)
		}
		result, err := b.instance.Do(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		if err := schemas.CheckOutput(action.Name, result.Output); err != nil {
			t.Errorf("the output does not fit its schema: %v", err)
		}
		if !action.Evidence && len(result.Evidence) > 0 {
			t.Error("evidence, which the manifest does not declare")
		}
		if action.Evidence {
			checkEvidence(t, result)
		}
		if b.system != nil && action.Risk.Writes() {
			checkKey(t, b.system)
		}
	})
}

func checkEvidence(t *testing.T, result connector.Result) {
	t.Helper()
	if len(result.Evidence) == 0 {
		t.Error("no evidence, which the manifest declares")
	}
	last := 0
	for _, item := range result.Evidence {
		if item.Name == "" || item.MediaType == "" || item.Source == "" || item.Volatility < 1 {
			t.Errorf("item %+v says too little of itself", item)
		}
		if item.Volatility < last {
			t.Errorf("%s was collected after what lasts longer", item.Name)
		}
		last = item.Volatility
		if _, err := io.ReadAll(item.Body); err != nil {
			t.Errorf("%s: %v", item.Name, err)
		}
		_ = item.Body.Close()
	}
}

func checkKey(t *testing.T, fake *system) {
	t.Helper()
	for _, request := range fake.arrivals() {
		if request.method != http.MethodGet && request.key != callKey {
			t.Errorf("%s came with idempotency key %q", request.method, request.key)
		}
	}
}

func (s Suite) checkUndeclared(t *testing.T) {
	t.Parallel()
	b := s.open(t, s.good(Case{Answer: "{}"}), Case{})
	for _, name := range []string{"", "no_such_action", "Send", "../send"} {
		_, err := b.instance.Do(t.Context(), connector.Call{Action: name, Args: map[string]any{}, Key: callKey, Sent: func(context.Context) error { return nil }})
		wantClass(t, err, connector.Permanent)
	}
	if b.system != nil && len(b.system.arrivals()) > 0 {
		t.Error("an action that is not declared reached the system")
	}
}

func (s Suite) checkSent(t *testing.T) {
	s.each(t, func(t *testing.T, action *manifest.Action, c Case) {
		if action.Risk == soar.RiskRead {
			t.Skip("reads are not in the ledger")
		}
		t.Run("before the first byte", func(t *testing.T) { s.sentFirst(t, action, c) })
		t.Run("its error stops the call", func(t *testing.T) { s.sentRefused(t, action, c) })
		t.Run("nothing leaves when time is over", func(t *testing.T) { s.sentTooLate(t, action, c) })
	})
}

func (s Suite) sentFirst(t *testing.T, action *manifest.Action, c Case) {
	b := s.open(t, s.good(c), c)
	told := 0
	call := s.call(b, action, c)
	note := call.Sent
	call.Sent = func(ctx context.Context) error { told++; return note(ctx) }
	if _, err := b.instance.Do(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if told != 1 {
		t.Errorf("the ledger was told %d times", told)
	}
	if b.system == nil {
		return
	}
	for i, request := range b.system.arrivals() {
		if request.sent == 0 && (request.method != http.MethodGet || action.Risk == soar.RiskCollect) {
			t.Errorf("request %d (%s) came before the ledger was told", i, request.method)
		}
	}
}

func (s Suite) sentRefused(t *testing.T, action *manifest.Action, c Case) {
	b := s.open(t, s.good(c), c)
	before := s.effects(b)
	refusal := errors.New("another attempt took over")
	call := s.call(b, action, c)
	call.Sent = func(context.Context) error { return refusal }
	_, err := b.instance.Do(t.Context(), call)
	if !errors.Is(err, refusal) {
		t.Errorf("got error %v, which does not wrap the ledger's", err)
	}
	wantClass(t, err, connector.Transient)
	if got := s.effects(b); got != before {
		t.Errorf("%d calls left although the ledger refused", got-before)
	}
}

func (s Suite) sentTooLate(t *testing.T, action *manifest.Action, c Case) {
	b := s.open(t, s.good(c), c)
	before := s.effects(b)
	ctx, cancel := context.WithCancel(t.Context())
	call := s.call(b, action, c)
	call.Sent = func(context.Context) error { cancel(); return nil }
	if _, err := b.instance.Do(ctx, call); err == nil {
		t.Error("succeeded after its time was over")
	}
	if got := s.effects(b); got != before && !s.Offline {
		t.Errorf("%d calls left after the time was over", got-before)
	}
}

func (s Suite) effects(b *bench) int {
	if s.Offline {
		return s.Effects()
	}
	return len(b.system.arrivals())
}

func (s Suite) checkStatuses(t *testing.T) {
	statuses := []int{200, 201, 202, 204, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 407, 408, 409, 410, 412, 413, 415, 418, 421, 422, 423, 425, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 599}
	s.each(t, func(t *testing.T, action *manifest.Action, c Case) {
		for _, status := range statuses {
			t.Run(strconv.Itoa(status), func(t *testing.T) { s.oneStatus(t, action, c, status) })
		}
		t.Run("503 with Retry-After", func(t *testing.T) { s.retryAfter(t, action, c, 503) })
		t.Run("429 with Retry-After", func(t *testing.T) { s.retryAfter(t, action, c, 429) })
	})
}

func (s Suite) oneStatus(t *testing.T, action *manifest.Action, c Case, status int) {
	if c.Redirect && status >= 300 && status < 400 {
		t.Skip("redirects are followed")
	}
	elsewhere := answering(http.StatusOK, c.Answer)
	elsewhere.start(t)
	fake := &system{answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", elsewhere.url+"/elsewhere")
		w.WriteHeader(status)
		if status != 204 {
			_, _ = io.WriteString(w, c.Answer)
		}
	}}
	b := s.open(t, fake, c)
	_, err := b.instance.Do(t.Context(), s.call(b, action, c))
	if len(elsewhere.arrivals()) > 0 {
		t.Error("a redirect was followed")
	}
	if status >= 200 && status < 300 {
		if status != 204 && err != nil {
			t.Errorf("success is an error: %v", err)
		}
		return
	}
	class := connector.ClassifyStatus(status, http.Header{}, effectful(action.Risk, c), time.Now()).Class
	if means, declared := c.Means[status]; declared {
		class = means
	}
	if class != "" {
		wantClass(t, err, class)
	}
}

func (s Suite) retryAfter(t *testing.T, action *manifest.Action, c Case, status int) {
	b := s.open(t, &system{answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(status)
	}}, c)
	_, err := b.instance.Do(t.Context(), s.call(b, action, c))
	wantClass(t, err, connector.Limited)
	if known, ok := errors.AsType[*connector.Error](err); ok && known.RetryAfter != 30*time.Second {
		t.Errorf("retry after %v, want 30s", known.RetryAfter)
	}
}

func wantClass(t *testing.T, err error, want connector.Class) {
	t.Helper()
	known, ok := errors.AsType[*connector.Error](err)
	if !ok {
		t.Errorf("got error %v, want a *connector.Error of class %s", err, want)
		return
	}
	if known.Class != want {
		t.Errorf("class %s (%s), want %s", known.Class, known.Message, want)
	}
	if len(known.Message) > 600 || known.Message == "" {
		t.Errorf("the message has %d bytes", len(known.Message))
	}
}

func (s Suite) checkCanary(t *testing.T) {
	echo := func(status int) *system {
		return &system{answer: func(w http.ResponseWriter, r *http.Request) {
			var headers strings.Builder
			_ = r.Header.Write(&headers)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Echo", r.Header.Get("Authorization"))
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"you_sent": headers.String()})
		}}
	}
	s.each(t, func(t *testing.T, action *manifest.Action, c Case) {
		for _, status := range []int{200, 400, 401, 429, 500} {
			b := s.open(t, echo(status), c)
			result, err := b.instance.Do(t.Context(), s.call(b, action, c))
			shown := fmt.Sprintf("%v %+v %#v %s", err, err, result.Output, b.log)
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				shown += fmt.Sprintf(" %v", cause)
			}
			body, _ := json.Marshal(result.Output)
			shown += string(body)
			for _, item := range result.Evidence {
				content, _ := io.ReadAll(item.Body)
				shown += item.Name + item.Source + string(content)
			}
			if strings.Contains(shown, Canary) {
				t.Errorf("status %d: the secret shows in: %s", status, shown)
			}
		}
	})
}
