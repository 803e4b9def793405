package data

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// The bounds of the data that expressions read.
const (
	MaxTextBytes    = 8 << 10 // a longer text is held by reference
	MaxListItems    = 256     // a longer list is held by reference
	MaxMembers      = 1024    // a wider object is held by reference
	MaxDepth        = 16      // lists and objects deeper than this are held by reference
	MaxNesting      = 256     // beyond this a value is refused outright
	MaxExactFloat   = 1 << 63 // a whole float64 from -2^63 up to, without, 2^63 fits an int
	byReferenceName = "by_reference"
)

var (
	// ErrTooNested is the error of a value that is nested deeper than MaxNesting.
	ErrTooNested = fmt.Errorf("a value is nested deeper than %d", MaxNesting)
	// ErrNotPlain is the error of a Go value that has no form as JSON.
	ErrNotPlain = errors.New("this value is not plain data")

	errNotFinite  = errors.New("a number is not finite (NaN or infinite)")
	errMemberName = errors.New("an object has a member whose name is not text")
)

// Normalise turns a JSON-like value into plain data within the bounds, always as a copy:
// nil, bool, int, float64, string, []any and map[string]any.
//
//   - Whole numbers become int, others float64; a json.Number beyond int64 becomes text. NaN and
//     infinity are errors. Decode JSON with UseNumber where whole numbers beyond 2^53 may come.
//   - Text that is not UTF-8 has its broken bytes replaced by U+FFFD.
//   - A text over 8 KiB, a list over 256 items, an object over 1,024 members and anything deeper
//     than 16 become {"by_reference": true, "len": n, "sha256": hex}: n counts bytes, items or
//     members, and the hash is of the text, or of the canonical JSON of the list or object.
//   - Other Go types (structs, bytes, functions) are errors.
func Normalise(v any) (any, error) { return normalise(v, 0) }

func normalise(v any, depth int) (any, error) {
	if scalar, ok, err := normaliseScalar(v); ok || err != nil {
		if text, isText := scalar.(string); isText && len(text) > MaxTextBytes {
			return reference(len(text), text), nil
		}
		return scalar, err
	}
	switch v := v.(type) {
	case []any:
		return normaliseList(v, depth)
	case map[string]any:
		return normaliseObject(v, depth)
	}
	generic, err := genericValue(v)
	if err != nil {
		return nil, err
	}
	return normalise(generic, depth)
}

func normaliseList(list []any, depth int) (any, error) {
	if len(list) > MaxListItems || depth >= MaxDepth {
		return containerReference(len(list), list)
	}
	out := make([]any, len(list))
	for i, item := range list {
		Plain, err := normalise(item, depth+1)
		if err != nil {
			return nil, err
		}
		out[i] = Plain
	}
	return out, nil
}

func normaliseObject(object map[string]any, depth int) (any, error) {
	tooDeep := depth >= MaxDepth && !IsReference(object) // a stand-in stays what it is
	if len(object) > MaxMembers || tooDeep {
		return containerReference(len(object), object)
	}
	out := make(map[string]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if len(name) > MaxTextBytes {
			return containerReference(len(object), object)
		}
		Plain, err := normalise(object[name], depth+1)
		if err != nil {
			return nil, err
		}
		out[strings.ToValidUTF8(name, "\uFFFD")] = Plain
	}
	return out, nil
}

// reference stands for data that is too large to be read by an expression.
func reference(length int, content string) map[string]any {
	sum := sha256.Sum256([]byte(content))
	return map[string]any{byReferenceName: true, "len": length, "sha256": hex.EncodeToString(sum[:])}
}

func containerReference(length int, v any) (any, error) {
	hash := sha256.New()
	if err := writeJSON(hash, v, 0); err != nil {
		return nil, err
	}
	return map[string]any{byReferenceName: true, "len": length, "sha256": hex.EncodeToString(hash.Sum(nil))}, nil
}

// IsReference tells a stand-in made by Normalise from an object of the data.
func IsReference(v any) bool {
	object, ok := v.(map[string]any)
	return ok && len(object) == 3 && object[byReferenceName] == true
}

// normaliseScalar handles everything but lists and objects; ok is false for those.
func normaliseScalar(v any) (Plain any, ok bool, err error) {
	switch v := v.(type) {
	case nil:
		return nil, true, nil
	case bool:
		return v, true, nil
	case string:
		return strings.ToValidUTF8(v, "\uFFFD"), true, nil
	case int:
		return v, true, nil
	case float64:
		Plain, err = FromFloat(v)
		return Plain, true, err
	case json.Number:
		Plain, err = normaliseNumber(string(v))
		return Plain, true, err
	default:
		return normaliseReflected(reflect.ValueOf(v))
	}
}

// normaliseReflected handles the rarer Go types of scalars, named ones too.
func normaliseReflected(v reflect.Value) (Plain any, ok bool, err error) {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool(), true, nil
	case reflect.String:
		return strings.ToValidUTF8(v.String(), "\uFFFD"), true, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return int(v.Int()), true, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if u := v.Uint(); u > math.MaxInt64 {
			return strconv.FormatUint(u, 10), true, nil
		}
		return int(v.Uint()), true, nil
	case reflect.Float32, reflect.Float64:
		Plain, err = FromFloat(v.Float())
		return Plain, true, err
	case reflect.Map, reflect.Slice:
		return nil, v.IsNil(), nil
	default:
		return nil, false, nil
	}
}

// FromFloat gives an int for a whole number, so that a value means the same before and after
// it travelled as JSON.
func FromFloat(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errNotFinite
	}
	if f == math.Trunc(f) && f >= -MaxExactFloat && f < MaxExactFloat {
		return int(f), nil
	}
	return f, nil
}

func normaliseNumber(digits string) (any, error) {
	if !json.Valid([]byte(digits)) {
		return nil, fmt.Errorf("%s is not a number", Quote(digits))
	}
	if !strings.ContainsAny(digits, ".eE") {
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
			return int(n), nil
		}
		return digits, nil
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return nil, errNotFinite
	}
	return FromFloat(f)
}

// genericValue turns typed lists and objects into []any and map[string]any, one level deep.
func genericValue(v any) (any, error) {
	reflected := reflect.ValueOf(v)
	switch reflected.Kind() {
	case reflect.Slice, reflect.Array:
		if reflected.Type().Elem().Kind() == reflect.Uint8 {
			return nil, fmt.Errorf("%w: it is bytes", ErrNotPlain)
		}
		out := make([]any, reflected.Len())
		for i := range out {
			out[i] = reflected.Index(i).Interface()
		}
		return out, nil
	case reflect.Map:
		return genericObject(reflected)
	default:
		return nil, fmt.Errorf("%w: it is a Go %s", ErrNotPlain, reflected.Kind())
	}
}

func genericObject(v reflect.Value) (any, error) {
	out := make(map[string]any, v.Len())
	for walk := v.MapRange(); walk.Next(); {
		key := walk.Key()
		if key.Kind() == reflect.Interface {
			key = key.Elem()
		}
		if key.Kind() != reflect.String {
			return nil, errMemberName
		}
		out[key.String()] = walk.Value().Interface()
	}
	return out, nil
}

// Plain gives v as it is when it is one of the seven plain types, and else normalises it.
// It is cheap for what Normalise made, and keeps foreign Go types away from the operations.
func Plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int, string:
		return v, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errNotFinite
		}
		return v, nil
	case []any:
		return nilWhen(v == nil, v), nil
	case map[string]any:
		return nilWhen(v == nil, v), nil
	default:
		return Normalise(v)
	}
}

func nilWhen(absent bool, v any) any {
	if absent {
		return nil
	}
	return v
}
