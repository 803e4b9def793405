package misfit

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what a refusal says and repeats of the input.
const (
	maxFaults = 20
	maxQuoted = 60 // bytes
	maxListed = 12 // choices
)

// Fault is one thing wrong with a value. Field is a JSON pointer into it, or the name
// of a parameter.
type Fault struct {
	Field   string
	Message string // goes on after the field: "is missing"
}

// Explain turns what the validator found into at most 20 faults, sorted by field. It
// gives nothing for an error of another kind.
func Explain(err error) []Fault {
	found, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return nil
	}
	var faults []Fault
	collect(found, &faults)
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(strings.Compare(a.Field, b.Field), strings.Compare(a.Message, b.Message))
	})
	faults = slices.Compact(faults)
	return faults[:min(len(faults), maxFaults)]
}

// Clip cuts text of the input down to what is repeated of it.
func Clip(text string) string { return soar.Shorten(text, maxQuoted) }

// Escape makes a name one part of a JSON pointer.
func Escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(Clip(name))
}

// collect gives what is wrong in the end, without the schemas that led there.
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
			*faults = append(*faults, Fault{place + "/" + Escape(name), "is not a known field"})
		}
	case *kind.FalseSchema: // of unevaluatedProperties
		*faults = append(*faults, Fault{place, "is not a known field"})
	case *kind.Required:
		for _, name := range k.Missing {
			*faults = append(*faults, Fault{place + "/" + Escape(name), "is missing"})
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
		return fmt.Sprintf("is %s, expected %s", quoted(k.Got), oneA(k.Want))
	case *kind.MinLength:
		return fmt.Sprintf("has %s, expected at least %d", count(k.Got, "character"), k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("has %s, expected at most %d", count(k.Got, "character"), k.Want)
	case *kind.OneOf:
		return oneOf(k)
	default:
		return amount(k)
	}
}

// amount tells of what is counted or measured.
func amount(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinItems:
		return fmt.Sprintf("has %s, expected at least %d", count(k.Got, "item"), k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("has %s, expected at most %d", count(k.Got, "item"), k.Want)
	case *kind.UniqueItems:
		return fmt.Sprintf("has the same item twice, at %d and %d", k.Duplicates[0], k.Duplicates[1])
	case *kind.MinProperties:
		return fmt.Sprintf("has %s, expected at least %d", count(k.Got, "field"), k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("has %s, expected at most %d", count(k.Got, "field"), k.Want)
	case *kind.Minimum:
		return fmt.Sprintf("is %s, expected at least %s", decimal(k.Got), decimal(k.Want))
	case *kind.Maximum:
		return fmt.Sprintf("is %s, expected at most %s", decimal(k.Got), decimal(k.Want))
	case *kind.ExclusiveMinimum:
		return fmt.Sprintf("is %s, expected more than %s", decimal(k.Got), decimal(k.Want))
	case *kind.ExclusiveMaximum:
		return fmt.Sprintf("is %s, expected less than %s", decimal(k.Got), decimal(k.Want))
	case *kind.MultipleOf:
		return fmt.Sprintf("is %s, expected a multiple of %s", decimal(k.Got), decimal(k.Want))
	default:
		return "is not as described"
	}
}

func oneOf(k *kind.OneOf) string {
	if len(k.Subschemas) > 1 {
		return "fits several of the forms that it may have, expected exactly one"
	}
	return "fits none of the forms that it may have"
}

// oneA puts the article before a format: a date, an ipv4 address.
func oneA(format string) string {
	switch format {
	case "email":
		return "an email address"
	case "ipv4", "ipv6":
		return "an " + format + " address"
	default:
		return "a " + format
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// decimal writes a number as people do: 0.5 and not 1/2.
func decimal(n *big.Rat) string {
	if n == nil {
		return "a number out of range"
	}
	if n.IsInt() {
		return Clip(n.Num().String())
	}
	value, _ := n.Float64()
	return Clip(fmt.Sprint(value))
}

func place(location []string) string {
	var out strings.Builder
	for _, part := range location {
		out.WriteString("/" + Escape(part))
	}
	return out.String()
}

func list(values []any) string {
	words := make([]string, 0, maxListed+1)
	for i, value := range values {
		if i == maxListed {
			words = append(words, fmt.Sprintf("and %d more", len(values)-i))
			break
		}
		words = append(words, Clip(fmt.Sprint(value)))
	}
	return strings.Join(words, ", ")
}

func quoted(value any) string { return fmt.Sprintf("%q", Clip(fmt.Sprint(value))) }
