package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// PermissionAny in x-permission asks for a valid token and nothing more.
const PermissionAny = "any"

// documentURL names the description to the schema compiler; nothing is fetched.
const documentURL = "openapi:///openapi.json"

// Spec is a description that was read.
type Spec struct {
	operations map[string]*Operation // by "METHOD /path/{parameter}"
}

// Operation is one method of one path.
type Operation struct {
	ID          string
	Method      string
	Path        string   // as described: /api/v1/alerts/{alert_id}
	Public      bool     // needs no token
	Permissions []string // any one of them; PermissionAny: every valid token
	RawBody     bool     // the body is handed on as it came
	AlertDoor   bool     // detection tools come here: their tokens by Basic, their signatures
	Feed        bool     // calendar programs come here: tokens that can do nothing else by Basic
	Once        string   // OnceAnswer, OnceSecret, or "" where the use case keeps keys by itself
	parameters  []parameter
	body        *body
}

// What x-once says of the answer to a request with an idempotency key.
const (
	OnceAnswer = "answer" // it is kept and given again
	OnceSecret = "secret" // it is shown once and never kept
)

// Parse reads a description. It refuses one that leaves open who may call an
// operation, and one with a schema that does not compile.
func Parse(source []byte) (*Spec, error) {
	var plain any
	if err := yaml.Load(source, &plain); err != nil {
		return nil, fmt.Errorf("read the API description: %w", err)
	}
	asJSON, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("turn the API description into JSON: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return nil, fmt.Errorf("read the API description as JSON: %w", err)
	}
	root, ok := document.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the API description is not an object")
	}
	r := reader{root: root, compiler: jsonschema.NewCompiler()}
	r.compiler.DefaultDraft(jsonschema.Draft2020)
	r.compiler.AssertFormat()
	if err := r.compiler.AddResource(documentURL, document); err != nil {
		return nil, fmt.Errorf("add the API description to the schema compiler: %w", err)
	}
	return r.operations()
}

// Find gives the operation of a method and a described path.
func (s *Spec) Find(method, path string) (*Operation, bool) {
	operation, ok := s.operations[method+" "+path]
	return operation, ok
}

// Operations lists all operations by path and method.
func (s *Spec) Operations() []*Operation {
	all := make([]*Operation, 0, len(s.operations))
	for _, operation := range s.operations {
		all = append(all, operation)
	}
	slices.SortFunc(all, func(a, b *Operation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return all
}

// MediaTypes lists what the body may be sent as; empty when there is none.
func (o *Operation) MediaTypes() []string {
	if o.body == nil {
		return nil
	}
	return o.body.mediaTypes
}
