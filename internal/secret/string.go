package secret

import "log/slog"

const redacted = "[redacted]"

// String is a secret text. Only Reveal gives it out; call that where the secret
// is used and nowhere else.
type String struct{ value string }

// New wraps a secret value.
func New(value string) String { return String{value} }

// Reveal gives the value.
func (s String) Reveal() string { return s.value }

// Empty tells whether there is no value.
func (s String) Empty() bool { return s.value == "" }

// String is what every formatter shows.
func (s String) String() string { return redacted }

// GoString is what %#v shows.
func (s String) GoString() string { return redacted }

// LogValue is what slog shows.
func (s String) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is what JSON and YAML show.
func (s String) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText reads a secret from configuration.
func (s *String) UnmarshalText(text []byte) error {
	s.value = string(text)
	return nil
}
