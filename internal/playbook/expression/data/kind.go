package data

// Kind is the family of a type.
type Kind uint8

// The kinds. A value of KindAny is checked when the expression runs; KindInt is also a KindNumber.
const (
	KindAny Kind = iota
	KindNull
	KindBool
	KindInt
	KindNumber
	KindText
	KindList
	KindObject
)

// String is the word used in messages.
func (k Kind) String() string {
	return [...]string{"any value", "null", "true or false", "a whole number", "a number",
		"text", "a list", "an object"}[min(k, KindObject)]
}

// KindOf is the kind of a plain value.
func KindOf(v any) Kind {
	switch v.(type) {
	case nil:
		return KindNull
	case bool:
		return KindBool
	case int:
		return KindInt
	case float64:
		return KindNumber
	case string:
		return KindText
	case []any:
		return KindList
	case map[string]any:
		return KindObject
	default:
		return KindAny
	}
}

// Describe names a value in a message by what it is, never by what it holds.
func Describe(v any) string {
	if IsReference(v) {
		return "a value too large to be read here (held by reference)"
	}
	return KindOf(v).String()
}
