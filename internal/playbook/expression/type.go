package expression

import (
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// Kind is the family of a type.
type Kind = data.Kind

// The kinds. A value of KindAny is checked when the expression runs; KindInt is also a KindNumber.
const (
	KindAny    = data.KindAny
	KindNull   = data.KindNull
	KindBool   = data.KindBool
	KindInt    = data.KindInt
	KindNumber = data.KindNumber
	KindText   = data.KindText
	KindList   = data.KindList
	KindObject = data.KindObject
)

// Type is the static type of a value, independent of expr. Types are shared and never changed
// once built. A nil *Type means any value.
type Type struct {
	Kind   Kind
	Elem   *Type            // of a list: its items; of an open object: its unnamed members; nil means any
	Fields map[string]*Type // of an object
	Open   bool             // of an object: members that Fields does not name may be read
	Maybe  bool             // the value may be absent (null): read it with ?. or ??
	Enum   []string         // of text: the only values, in the order of the schema; nil means every text
	Doc    string           // for editors and messages; has no effect on checking
}

// Any is the type of a value about which nothing is known before it runs.
func Any() *Type { return &Type{Kind: KindAny} }

// Null is the type of nil.
func Null() *Type { return &Type{Kind: KindNull} }

// Bool is the type of true and false.
func Bool() *Type { return &Type{Kind: KindBool} }

// Int is the type of whole numbers, -2^63 to 2^63-1.
func Int() *Type { return &Type{Kind: KindInt} }

// Number is the type of whole and broken numbers.
func Number() *Type { return &Type{Kind: KindNumber} }

// Text is the type of text.
func Text() *Type { return &Type{Kind: KindText} }

// EnumOf is the type of text that is one of values.
func EnumOf(values ...string) *Type { return &Type{Kind: KindText, Enum: values} }

// ListOf is the type of a list whose items are all of type elem.
func ListOf(elem *Type) *Type { return &Type{Kind: KindList, Elem: elem} }

// ObjectOf is the type of an object with exactly these members.
func ObjectOf(fields map[string]*Type) *Type { return &Type{Kind: KindObject, Fields: fields} }

// OpenObject is the type of an object that may have any members, each of type elem (nil: any).
func OpenObject(elem *Type) *Type { return &Type{Kind: KindObject, Open: true, Elem: elem} }

// Optional gives a copy of t whose value may be absent.
func Optional(t *Type) *Type { return withMaybe(t, true) }

// String names the type in plain words, such as "a list of text".
func (t *Type) String() string {
	switch {
	case t == nil:
		return KindAny.String()
	case t.Kind == KindList && t.Elem != nil && t.Elem.Kind != KindAny:
		return "a list of " + strings.TrimPrefix(strings.TrimPrefix(t.Elem.Kind.String(), "a "), "an ") + plural(t.Elem.Kind)
	case t.Kind == KindText && len(t.Enum) == 1:
		return "the text " + data.Quote(t.Enum[0])
	default:
		return t.Kind.String()
	}
}

func plural(k Kind) string {
	if k == KindText || k == KindBool || k == KindNull {
		return ""
	}
	return "s"
}

// known turns nil into Any, so that the checker never meets nil.
func known(t *Type) *Type {
	if t == nil {
		return Any()
	}
	return t
}

func (t *Type) is(kinds ...Kind) bool { return slices.Contains(kinds, t.Kind) }

func (t *Type) isNumber() bool { return t.Kind == KindInt || t.Kind == KindNumber }

// element is the type of an item of a list or of an unnamed member of an open object.
func (t *Type) element() *Type { return known(t.Elem) }

// members are the names of an object's known members, sorted.
func (t *Type) members() []string { return slices.Sorted(maps.Keys(t.Fields)) }

func withMaybe(t *Type, maybe bool) *Type {
	t = known(t)
	if t.Maybe == maybe {
		return t
	}
	changed := *t
	changed.Maybe = maybe
	return &changed
}

// unify gives a type that holds every value of a and of b.
func unify(a, b *Type) *Type {
	a, b = known(a), known(b)
	maybe := a.Maybe || b.Maybe
	switch {
	case a == b:
		return a
	case a.Kind == KindNull:
		return withMaybe(b, b.Kind != KindNull)
	case b.Kind == KindNull:
		return withMaybe(a, true)
	case a.isNumber() && b.isNumber() && a.Kind != b.Kind:
		return withMaybe(Number(), maybe)
	case a.Kind != b.Kind || a.Kind == KindAny:
		return withMaybe(Any(), maybe)
	case a.Kind == KindText:
		return &Type{Kind: KindText, Maybe: maybe, Enum: unifyEnums(a.Enum, b.Enum)}
	case a.Kind == KindList:
		return &Type{Kind: KindList, Maybe: maybe, Elem: unify(a.Elem, b.Elem)}
	case a.Kind == KindObject:
		return withMaybe(unifyObjects(a, b), maybe)
	default:
		return withMaybe(a, maybe)
	}
}

func unifyEnums(a, b []string) []string {
	if a == nil || b == nil || len(a)+len(b) > 64 {
		return nil
	}
	union := slices.Clone(a)
	for _, value := range b {
		if !slices.Contains(union, value) {
			union = append(union, value)
		}
	}
	return union
}

// unifyObjects keeps what both have and lets the rest be read without a type.
func unifyObjects(a, b *Type) *Type {
	fields := map[string]*Type{}
	for name, field := range a.Fields {
		if other, both := b.Fields[name]; both {
			fields[name] = shallowUnify(field, other)
		}
	}
	return &Type{Kind: KindObject, Fields: fields, Open: true}
}

// shallowUnify does not walk into objects: their types may be deep, and are rarely needed here.
func shallowUnify(a, b *Type) *Type {
	if a == b || (!known(a).is(KindObject, KindList) && !known(b).is(KindObject, KindList)) {
		return unify(a, b)
	}
	return withMaybe(Any(), known(a).Maybe || known(b).Maybe)
}

// misfit says why a value of type t cannot stand where want is asked for; "" when it can.
func misfit(t, want *Type) string {
	t, want = known(t), known(want)
	switch {
	case want.Kind == KindAny:
		return ""
	case (t.Maybe || t.Kind == KindNull) && !want.Maybe && want.Kind != KindNull:
		return "this must be " + want.String() + ", but it may be absent (null)"
	case t.Kind == KindAny || t.Kind == KindNull:
		return ""
	case t.Kind == KindInt && want.Kind == KindNumber:
		return ""
	case t.Kind != want.Kind:
		return "this must be " + want.String() + ", but it is " + t.String()
	case t.Kind == KindList && misfit(t.Elem, want.Elem) != "":
		return "this must be " + want.String() + ", but it is " + t.String()
	case t.Kind == KindText && want.Enum != nil:
		return enumMisfit(t.Enum, want.Enum)
	default:
		return ""
	}
}

func enumMisfit(have, want []string) string {
	for _, value := range have {
		if !slices.Contains(want, value) {
			return data.Quote(value) + " is not one of " + listNames(want)
		}
	}
	return ""
}

// listNames joins names for a message, a dozen at most.
func listNames(names []string) string {
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
