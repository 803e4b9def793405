package grammar

import "time"

// Form says what stands as the value of a key.
type Form string

// Forms.
const (
	Identifier Form = "identifier" // ^[a-z][a-z0-9_]*$
	Text       Form = "text"       // plain text, without ${{ }}
	Template   Form = "template"   // text that may hold ${{ }}
	Value      Form = "value"      // anything that may hold ${{ }}
	Values     Form = "values"     // a mapping of names to Value
	Expression Form = "expression" // a bare expression
	Duration   Form = "duration"   // 30s 10m 24h 2d
	Integer    Form = "integer"
	Number     Form = "number"
	Boolean    Form = "boolean"
	Choice     Form = "choice"  // one of Words
	Choices    Form = "choices" // a list of Words
	Names      Form = "names"   // a list of identifiers
	Texts      Form = "texts"   // a list of plain text
	Action     Form = "action"  // instance.action
	Schema     Form = "schema"  // a JSON Schema of an object
	Steps      Form = "steps"   // a list of steps
	Branches   Form = "branches"
	Named      Form = "named"   // a mapping of identifiers to steps
	Mapping    Form = "mapping" // the keys of Shape
	List       Form = "list"    // a list of mappings, each with the keys of Shape
	Join       Form = "join"    // all, any or a number
	Timeout    Form = "timeout" // a duration, or the keys of Shape
)

// Key is one key of a mapping.
type Key struct {
	Name     string
	Form     Form
	Doc      string // one sentence
	Required bool
	Words    []string      // of Choice and Choices
	Shape    *Shape        // of Mapping, List and Timeout
	Least    int           // of Integer and Number, and the fewest items of a list
	Most     int           // of Integer and Number, and the most items of a list; 0: no bound
	Shortest time.Duration // of Duration
	Longest  time.Duration // of Duration
	Default  string        // what holds when the key is absent, for people
}

// Shape is a mapping with fixed keys.
type Shape struct {
	Name  string   // as messages call it: "an approval"
	Keys  []Key    // in canonical order
	OneOf []string // exactly one of these keys must be there
}

// Find gives the key of this name, or nil.
func (s *Shape) Find(name string) *Key {
	for i := range s.Keys {
		if s.Keys[i].Name == name {
			return &s.Keys[i]
		}
	}
	return nil
}

// Names lists the keys in canonical order.
func (s *Shape) Names() []string {
	names := make([]string, len(s.Keys))
	for i, key := range s.Keys {
		names[i] = key.Name
	}
	return names
}

// Version is the language version that a playbook's first key states.
const Version = "v1"

// Bounds of the language.
const (
	MaxBytes    = 256 << 10
	MaxDepth    = 32
	MaxValues   = 2000
	MaxSteps    = 200
	MaxItems    = 1000 // of a for_each
	MaxTimes    = 100  // of a repeat
	MaxParallel = 50   // iterations of a for_each side by side
	MaxText     = 8 << 10
)

// Defaults that the compiler fills in.
const (
	DefaultItems       = 256
	DefaultParallel    = 8
	DefaultQuorum      = 1
	DefaultAttempts    = 3
	DefaultInitial     = 2 * time.Second
	DefaultBackoff     = 2.0
	DefaultMaximum     = time.Minute
	DefaultAttempt     = 30 * time.Second
	DefaultTotal       = 5 * time.Minute
	DefaultRepeatEvery = 30 * time.Second
)

// LongestWait bounds every duration of the language: a year.
const LongestWait = 366 * 24 * time.Hour

// Patterns of the small forms, for the parser and for the editor schema.
const (
	IdentifierPattern = `^[a-z][a-z0-9_]*$`
	ActionPattern     = `^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`
	VersionPattern    = `^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})(-[0-9A-Za-z.-]{1,64})?(\+[0-9A-Za-z.-]{1,64})?$`
	CoversPattern     = `^[a-z][a-z0-9_]*:[A-Za-z0-9][A-Za-z0-9._/-]*$`
	DurationPattern   = `^([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?([0-9]{1,9}ms)?$`
)

// LongestName bounds identifiers, in letters.
const LongestName = 64

// ReservedNames are the words that no id, variable or loop variable may be: what the
// environment of expressions and expr-lang itself use.
func ReservedNames() []string {
	return []string{"alert", "incident", "input", "vars", "steps", "policy", "now", "args", "output", "env",
		"true", "false", "nil", "null", "not", "and", "or", "in", "let", "if", "else", "matches", "contains",
		"starts_with", "ends_with"}
}
