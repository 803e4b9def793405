package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// reader walks the plain document. Pointers are kept beside the values, because
// the schema compiler finds a schema by its place.
type reader struct {
	root     map[string]any
	compiler *jsonschema.Compiler
}

func (r reader) operations() (*Spec, error) {
	spec := &Spec{operations: map[string]*Operation{}}
	for path, value := range object(r.root["paths"]) {
		item := object(value)
		for method, described := range item {
			if !slices.Contains([]string{"get", "put", "post", "delete", "patch"}, method) {
				continue
			}
			operation, err := r.operation(strings.ToUpper(method), path, object(described))
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", strings.ToUpper(method), path, err)
			}
			spec.operations[operation.Method+" "+path] = operation
		}
	}
	return spec, nil
}

func (r reader) operation(method, path string, described map[string]any) (*Operation, error) {
	operation := &Operation{ID: text(described["operationId"]), Method: method, Path: path}
	operation.Public, _ = described["x-public"].(bool)
	operation.RawBody, _ = described["x-raw-body"].(bool)
	operation.AlertDoor, _ = described["x-alert-door"].(bool)
	operation.Feed, _ = described["x-feed"].(bool)
	operation.Once = text(described["x-once"])
	operation.Permissions = words(described["x-permission"])
	if operation.ID == "" {
		return nil, fmt.Errorf("no operationId")
	}
	if operation.Public == (len(operation.Permissions) > 0) {
		return nil, fmt.Errorf("exactly one of x-permission and x-public: true is needed")
	}
	place := pointer("paths", path)
	for _, where := range []string{place, place + pointer(strings.ToLower(method))} {
		parameters, err := r.parameters(where + "/parameters")
		if err != nil {
			return nil, err
		}
		operation.parameters = append(operation.parameters, parameters...)
	}
	var err error
	operation.body, err = r.body(place + pointer(strings.ToLower(method), "requestBody"))
	return operation, err
}

func (r reader) parameters(place string) ([]parameter, error) {
	list, _ := r.at(place).([]any)
	var parameters []parameter
	for i := range list {
		where := r.follow(fmt.Sprintf("%s/%d", place, i))
		described := object(r.at(where))
		schema, err := r.compiler.Compile(documentURL + "#" + where + "/schema")
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", text(described["name"]), err)
		}
		required, _ := described["required"].(bool)
		parameters = append(parameters, parameter{
			name: text(described["name"]), in: text(described["in"]), required: required,
			schema: schema, kind: text(object(r.at(r.follow(where + "/schema")))["type"]),
		})
	}
	return parameters, nil
}

func (r reader) body(place string) (*body, error) {
	described := object(r.at(place))
	if described == nil {
		return nil, nil
	}
	required, _ := described["required"].(bool)
	b := &body{required: required, schemas: map[string]*jsonschema.Schema{}}
	for mediaType := range object(described["content"]) {
		schema, err := r.compiler.Compile(documentURL + "#" + place + pointer("content", mediaType, "schema"))
		if err != nil {
			return nil, fmt.Errorf("body %s: %w", mediaType, err)
		}
		b.mediaTypes = append(b.mediaTypes, mediaType)
		b.schemas[mediaType] = schema
	}
	slices.Sort(b.mediaTypes)
	return b, nil
}

// at gives the value at an escaped pointer, nil when there is none.
func (r reader) at(place string) any {
	var value any = r.root
	for _, part := range strings.Split(strings.TrimPrefix(place, "/"), "/") {
		part = unescape(part)
		switch v := value.(type) {
		case map[string]any:
			value = v[part]
		case []any:
			var index int
			if _, err := fmt.Sscanf(part, "%d", &index); err != nil || index >= len(v) {
				return nil
			}
			value = v[index]
		default:
			return nil
		}
	}
	return value
}

// follow gives the place that a $ref at place points to, or place itself.
func (r reader) follow(place string) string {
	const bound = 10 // a longer chain is a circle
	for range bound {
		ref := text(object(r.at(place))["$ref"])
		if ref == "" {
			return place
		}
		place = strings.TrimPrefix(ref, "#")
	}
	return place
}

func pointer(parts ...string) string {
	var out strings.Builder
	for _, part := range parts {
		out.WriteString("/" + percent(strings.NewReplacer("~", "~0", "/", "~1").Replace(part)))
	}
	return out.String()
}

// percent escapes what a URL fragment may not hold; only braces and the star of
// */* occur in descriptions.
func percent(part string) string {
	return strings.NewReplacer("{", "%7B", "}", "%7D", "*", "%2A").Replace(part)
}

func unescape(part string) string {
	return strings.NewReplacer("~1", "/", "~0", "~", "%7B", "{", "%7D", "}", "%2A", "*").Replace(part)
}

func object(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

func words(value any) []string {
	if one := text(value); one != "" {
		return []string{one}
	}
	list, _ := value.([]any)
	var all []string
	for _, item := range list {
		all = append(all, text(item))
	}
	return all
}
