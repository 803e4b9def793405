package guard

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what one action may aim at.
const (
	MaxTargets     = 256 // in one action
	maxTargetBytes = 512
)

// Targets reads the argument that names the target: a text, or a list of texts.
// Nothing, a wildcard, a network and control characters are errors: several
// products take an empty list or a pattern for "all of them".
func Targets(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		if err := checkTarget(v); err != nil {
			return nil, err
		}
		return []string{v}, nil
	case []any:
		return targetList(v)
	case nil:
		return nil, fmt.Errorf("no target is named; want one text or a list of texts")
	default:
		return nil, fmt.Errorf("the target is a %T; want one text or a list of texts", value)
	}
}

func targetList(values []any) ([]string, error) {
	if len(values) == 0 {
		return nil, fmt.Errorf("the list of targets is empty, which some systems take for all; name at least one")
	}
	if len(values) > MaxTargets {
		return nil, fmt.Errorf("%d targets in one action; at most %d", len(values), MaxTargets)
	}
	names := make([]string, 0, len(values))
	for i, value := range values {
		name, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("target %d is a %T; want a text", i, value)
		}
		if err := checkTarget(name); err != nil {
			return nil, fmt.Errorf("target %d: %w", i, err)
		}
		names = append(names, name)
	}
	return names, nil
}

func checkTarget(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("the target is empty, which some systems take for all")
	case name != strings.TrimSpace(name):
		return fmt.Errorf("the target %q begins or ends with a space", shown(name))
	case len(name) > maxTargetBytes:
		return fmt.Errorf("the target has %d bytes; at most %d", len(name), maxTargetBytes)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable):
		return fmt.Errorf("the target %q holds characters that do not print", shown(name))
	case meansAll(name):
		return fmt.Errorf("the target %q means more than one thing; name one", shown(name))
	}
	return checkNetwork(name)
}

// checkNetwork lets a single address pass, also written as /32 or /128.
func checkNetwork(name string) error {
	prefix, err := netip.ParsePrefix(name)
	if err == nil && !prefix.IsSingleIP() {
		return fmt.Errorf("the target %s is a network of many addresses; name one address", name)
	}
	if address, err := netip.ParseAddr(name); err == nil && address.IsUnspecified() {
		return fmt.Errorf("the target %s stands for every address; name one", name)
	}
	return nil
}

func meansAll(name string) bool {
	if strings.Contains(name, "*") {
		return true
	}
	switch strings.ToLower(name) {
	case "all", "any", "everyone", "everybody", "everything", "?", "%", ".", "/", "-", "null", "nil", "none", "undefined", "<nil>", "[]", "{}", `""`:
		return true
	default:
		return false
	}
}

// unprintable also catches what turns the reading direction or has no width:
// such a name reads differently from what it is.
func unprintable(r rune) bool { return !unicode.IsPrint(r) || unicode.Is(unicode.Cf, r) }

func shown(name string) string {
	const limit = 60
	if len(name) > limit {
		name = name[:limit] + "..."
	}
	return strings.ToValidUTF8(name, "?")
}
