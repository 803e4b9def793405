package apifuzz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// description is openapi.yaml as requests are made from it. It is read by
// another reader than the door's own, so that a fault of that one shows.
type description struct {
	document   *openapi3.T
	operations []*operation // by path and method
	chosen     []*operation // to be tried
}

type operation struct {
	id, method, path string
	permissions      []string // empty: public
	raw              bool     // whatever the body is, it is stored
	parameters       []*openapi3.Parameter
	mediaType        string // of the body; empty: takes none
	bodyRequired     bool
	schema           *openapi3.Schema // of the body
	example          any
	route            *routers.Route
}

func read(text []byte) (*description, error) {
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	d := &description{document: document}
	for path, item := range document.Paths.Map() {
		for method, described := range item.Operations() {
			d.operations = append(d.operations, newOperation(document, item, described, method, path))
		}
	}
	slices.SortFunc(d.operations, func(a, b *operation) int {
		return strings.Compare(a.path+" "+a.method, b.path+" "+b.method)
	})
	d.chosen = d.operations
	return d, nil
}

func newOperation(document *openapi3.T, item *openapi3.PathItem, described *openapi3.Operation, method, path string) *operation {
	o := &operation{
		id: described.OperationID, method: method, path: path, permissions: words(described.Extensions["x-permission"]),
		route: &routers.Route{Spec: document, Path: path, PathItem: item, Method: method, Operation: described},
	}
	o.raw, _ = described.Extensions["x-raw-body"].(bool)
	for _, parameter := range slices.Concat(item.Parameters, described.Parameters) {
		o.parameters = append(o.parameters, parameter.Value)
	}
	if described.RequestBody == nil {
		return o
	}
	body := described.RequestBody.Value
	o.bodyRequired = body.Required
	for mediaType, content := range body.Content {
		o.mediaType, o.example = mediaType, content.Example
		o.schema = content.Schema.Value
	}
	return o
}

// in gives the parameters of one place: path, query or header.
func (o *operation) in(place string) []*openapi3.Parameter {
	return slices.DeleteFunc(slices.Clone(o.parameters), func(p *openapi3.Parameter) bool { return p.In != place })
}

func (o *operation) public() bool { return len(o.permissions) == 0 }

// json tells whether the body is looked at field by field.
func (o *operation) json() bool { return o.mediaType == "application/json" && !o.raw }

// words gives a text, or a list of texts, as a list.
func words(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, word := range v {
			if text, ok := word.(string); ok {
				out = append(out, text)
			}
		}
		return out
	default:
		return nil
	}
}
