package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/diag/misfit"
)

// maxDepth bounds how deep arrays and objects may lie in one another.
const maxDepth = 64

// decodeJSON reads exactly one JSON value. Unlike encoding/json it refuses names
// that come twice (two readers could take different ones), text that is not
// UTF-8, NUL characters (Postgres cannot keep them) and deep nesting.
func decodeJSON(raw []byte) (any, *Fault) {
	if !utf8.Valid(raw) {
		return nil, &Fault{Field: "", Message: "is not valid UTF-8"}
	}
	d := strictDecoder{json.NewDecoder(bytes.NewReader(raw))}
	d.UseNumber()
	value, fault := d.value("", 0)
	if fault != nil {
		return nil, fault
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &Fault{Field: "", Message: "has something after the JSON value"}
	}
	return value, nil
}

type strictDecoder struct{ *json.Decoder }

func (d strictDecoder) value(place string, depth int) (any, *Fault) {
	token, fault := d.token(place)
	if fault != nil {
		return nil, fault
	}
	switch t := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, &Fault{Field: place, Message: fmt.Sprintf("is nested more than %d deep", maxDepth)}
		}
		if t == '{' {
			return d.object(place, depth)
		}
		return d.array(place, depth)
	case string:
		if strings.ContainsRune(t, 0) {
			return nil, &Fault{Field: place, Message: "contains a NUL character"}
		}
	case json.Number:
		if _, err := t.Float64(); err != nil {
			return nil, &Fault{Field: place, Message: "is a number out of range, expected at most 1.8e308"}
		}
	}
	return token, nil
}

func (d strictDecoder) object(place string, depth int) (any, *Fault) {
	members := map[string]any{}
	for d.More() {
		token, fault := d.token(place)
		if fault != nil {
			return nil, fault
		}
		name, _ := token.(string)
		inner := place + "/" + misfit.Escape(name)
		if _, twice := members[name]; twice {
			return nil, &Fault{Field: inner, Message: "is given more than once"}
		}
		if strings.ContainsRune(name, 0) {
			return nil, &Fault{Field: place, Message: "has a name with a NUL character"}
		}
		if members[name], fault = d.value(inner, depth+1); fault != nil {
			return nil, fault
		}
	}
	_, fault := d.token(place)
	return members, fault
}

func (d strictDecoder) array(place string, depth int) (any, *Fault) {
	items := []any{}
	for d.More() {
		item, fault := d.value(place+"/"+strconv.Itoa(len(items)), depth+1)
		if fault != nil {
			return nil, fault
		}
		items = append(items, item)
	}
	_, fault := d.token(place)
	return items, fault
}

func (d strictDecoder) token(place string) (json.Token, *Fault) {
	token, err := d.Token()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, &Fault{Field: place, Message: "ends too early to be JSON"}
	}
	if err != nil {
		return nil, &Fault{Field: place, Message: fmt.Sprintf("is not JSON: wrong at byte %d", d.InputOffset()+1)}
	}
	return token, nil
}
