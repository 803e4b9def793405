package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what a refusal repeats of the input.
const (
	maxFaults = 20
	maxQuoted = 60 // bytes
)

// explain turns what the schema checker found into sentences, without the
// schema's own text and with little of the input.
func explain(err error) []Fault {
	found, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return nil
	}
	var faults []Fault
	collect(found, &faults)
	slices.SortStableFunc(faults, func(a, b Fault) int { return strings.Compare(a.Field, b.Field) })
	faults = slices.Compact(faults)
	return faults[:min(len(faults), maxFaults)]
}

func collect(found *jsonschema.ValidationError, faults *[]Fault) {
	if len(found.Causes) > 0 {
		for _, cause := range found.Causes {
			collect(cause, faults)
		}
		return
	}
	place := place(found.InstanceLocation)
	switch k := found.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			*faults = append(*faults, Fault{place + "/" + escapePointer(name), "is not a known field"})
		}
	case *kind.Required:
		for _, name := range k.Missing {
			*faults = append(*faults, Fault{place + "/" + escapePointer(name), "is missing"})
		}
	default:
		*faults = append(*faults, Fault{place, sentence(k)})
	}
}

func sentence(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("is of type %s, expected %s", k.Got, strings.Join(k.Want, " or "))
	case *kind.Enum:
		return fmt.Sprintf("is %s, expected one of %s", quoted(k.Got), list(k.Want))
	case *kind.Const:
		return fmt.Sprintf("is %s, expected %s", quoted(k.Got), quoted(k.Want))
	case *kind.Pattern:
		return fmt.Sprintf("is %s, expected the form %s", quoted(k.Got), k.Want)
	case *kind.Format:
		return fmt.Sprintf("is %s, expected a %s", quoted(k.Got), k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("has %d characters, expected at least %d", k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("has %d characters, expected at most %d", k.Got, k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("has %d items, expected at least %d", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("has %d items, expected at most %d", k.Got, k.Want)
	case *kind.UniqueItems:
		return "has the same item twice"
	case *kind.MinProperties:
		return fmt.Sprintf("has %d fields, expected at least %d", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("has %d fields, expected at most %d", k.Got, k.Want)
	case *kind.Minimum:
		return fmt.Sprintf("is %s, expected at least %s", k.Got.RatString(), k.Want.RatString())
	case *kind.Maximum:
		return fmt.Sprintf("is %s, expected at most %s", k.Got.RatString(), k.Want.RatString())
	default:
		return "is not as described"
	}
}

func place(location []string) string {
	var out strings.Builder
	for _, part := range location {
		out.WriteString("/" + escapePointer(part))
	}
	return out.String()
}

func list(values []any) string {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = fmt.Sprint(value)
	}
	return strings.Join(words, ", ")
}

func knownNames(names []string) string {
	if len(names) == 0 {
		return "this takes none"
	}
	slices.Sort(names)
	return "expected one of " + strings.Join(names, ", ")
}

func quoted(value any) string { return fmt.Sprintf("%q", clip(fmt.Sprint(value))) }

func clip(text string) string { return soar.Shorten(text, maxQuoted) }
