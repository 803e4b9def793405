package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors/declared"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// testTime bounds one test; nothing in it waits.
const testTime = 20 * time.Second

// Secret is the value that a secret setting has in tests.
func Secret(setting string) string { return "secret-" + setting }

// Clock is the time at which tests are run.
func Clock() time.Time { return time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC) }

// Run runs the tests of a file against its connector and gives what failed.
func (f *File) Run(ctx context.Context, kind *declared.Kind) diag.List {
	var found diag.List
	for i := range f.Tests {
		found = append(found, f.runOne(ctx, kind, &f.Tests[i])...)
	}
	return found
}

func (f *File) runOne(ctx context.Context, kind *declared.Kind, t *Test) diag.List {
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	s := &script{test: t, headers: f.Headers, token: f.Token}
	system, stop, err := s.serve(ctx, false)
	if err != nil {
		s.fault(t.At, "no server could be started: %v", err)
		return s.found
	}
	defer stop()
	tokens, stopTokens, err := s.serve(ctx, true)
	if err != nil {
		s.fault(t.At, "no server could be started: %v", err)
		return s.found
	}
	defer stopTokens()
	log := &bytes.Buffer{}
	instance, err := f.open(kind, t, servers{system, tokens}, log)
	if err != nil {
		s.fault(t.At, "the connector cannot be opened: %v", err)
		return s.found
	}
	s.call(ctx, kind, instance, log)
	return s.found
}

type servers struct{ system, tokens string }

// open makes an instance whose base URLs lead to the test's servers, with the
// paths that they have in truth.
func (f *File) open(kind *declared.Kind, t *Test, at servers, log *bytes.Buffer) (connector.Instance, error) {
	clocked := kind.WithSystem(declared.System{Now: Clock, Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	config := connector.Config{
		Instance: "test", Settings: map[string]string{}, Secrets: map[string]secret.String{},
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	maps.Copy(config.Settings, f.Settings)
	maps.Copy(config.Settings, t.Settings)
	for _, setting := range kind.Manifest().Settings {
		switch {
		case setting.Name == "client_key":
		case setting.Secret:
			config.Secrets[setting.Name] = secret.New(Secret(setting.Name))
		case setting.Name == "base_url":
			config.Settings[setting.Name] = moved(at.system, config.Settings[setting.Name], setting)
		case setting.Name == "token_base_url":
			config.Settings[setting.Name] = moved(at.tokens, config.Settings[setting.Name], setting)
		}
	}
	registry := connector.NewRegistry()
	if err := registry.Open(clocked, config); err != nil {
		return nil, err
	}
	instance, _, _ := registry.Find("test")
	return instance, nil
}

// moved puts a test server in place of the host of a base URL.
func moved(server, given string, setting manifest.Setting) string {
	if given == "" {
		given = setting.Default
	}
	base, err := url.Parse(given)
	if err != nil {
		return given // told when it is opened
	}
	return server + base.EscapedPath()
}

// call makes the call and holds its end against what the test expects.
func (s *script) call(ctx context.Context, kind *declared.Kind, instance connector.Instance, log *bytes.Buffer) {
	t := s.test
	schemas, err := connector.CompileSchemas(kind.Manifest())
	if err == nil && kind.Manifest().Find(t.Action) != nil {
		err = schemas.CheckInput(t.Action, t.Args)
	}
	var result connector.Result
	if err != nil {
		err = &connector.Error{Class: connector.Permanent, Message: "the arguments do not fit: " + err.Error()}
	} else {
		result, err = instance.Do(ctx, connector.Call{
			Action: t.Action, Args: t.Args, Key: t.Key, IncidentID: t.Incident,
			Sent: func(context.Context) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.told++
				return nil
			},
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range t.Exchanges[min(s.next, len(t.Exchanges)):] {
		s.fault(e.At, "this request was not made: %s %s", e.Method, e.Path)
	}
	s.ended(result, err)
	s.secrets(kind, fmt.Sprintf("%v %s %s", err, text(result.Output), log))
}

func (s *script) ended(result connector.Result, err error) {
	t := s.test
	failure := connector.Classify(err, true)
	switch {
	case failure == nil && t.Output == nil:
		s.fault(t.ExpectAt, "it succeeded with %s, want an error of class %s", text(result.Output), t.Class)
	case failure == nil:
		if !reflect.DeepEqual(plain(result.Output), plain(t.Output)) {
			s.fault(t.ExpectAt, "the output is %s, want %s", text(result.Output), text(t.Output))
		}
	case t.Output != nil:
		s.fault(t.ExpectAt, "it failed: %v", err)
	default:
		if string(failure.Class) != t.Class {
			s.fault(t.ExpectAt, "the error has the class %s, want %s: %s", failure.Class, t.Class, failure.Message)
		}
		if !strings.Contains(failure.Message, t.Message) {
			s.fault(t.ExpectAt, "the error says %q, want %q in it", failure.Message, t.Message)
		}
		if failure.RetryAfter != t.Wait {
			s.fault(t.ExpectAt, "it may be tried again after %s, want %s", failure.RetryAfter, t.Wait)
		}
	}
}

// secrets looks for our own credentials in what people and playbooks see.
func (s *script) secrets(kind *declared.Kind, shown string) {
	var values []string
	for _, setting := range kind.Manifest().Settings {
		if setting.Secret {
			values = append(values, Secret(setting.Name))
		}
	}
	exchanges := s.test.Exchanges
	if s.token != nil {
		exchanges = append(slices.Clone(exchanges), *s.token)
	}
	for _, e := range exchanges {
		var grant struct {
			AccessToken string `json:"access_token"`
		}
		if json.Unmarshal([]byte(e.Body), &grant) == nil && grant.AccessToken != "" {
			values = append(values, grant.AccessToken)
		}
	}
	for _, value := range values {
		if strings.Contains(shown, value) {
			s.fault(s.test.At, "the secret %q shows in what comes back", value)
		}
	}
}
