package form

import (
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag/misfit"
)

// Bounds of what an answer may hold, whatever the form says.
const (
	maxDepth  = 32
	maxWhole  = 1<<53 - 1 // beyond it, parsers of JSON disagree on the digits
	maxDigits = 400       // of a number as it is written
)

// carried tells what cannot be carried through unharmed: what would be another thing
// after it was kept, or would be understood differently elsewhere. It stops at the
// first fault of each list and object.
func carried(value any, place string, depth int) Faults {
	if depth > maxDepth {
		return Faults{{Field: place, Message: "is nested more than " + strconv.Itoa(maxDepth) + " deep"}}
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if strings.ContainsRune(name, 0) {
				return Faults{{Field: place, Message: "has a name with a NUL character"}}
			}
			if faults := carried(value[name], place+"/"+misfit.Escape(name), depth+1); len(faults) > 0 {
				return faults
			}
		}
	case []any:
		for i, item := range value {
			if faults := carried(item, place+"/"+strconv.Itoa(i), depth+1); len(faults) > 0 {
				return faults
			}
		}
	case string:
		if strings.ContainsRune(value, 0) {
			return Faults{{Field: place, Message: "contains a NUL character"}}
		}
	case json.Number:
		return number(place, string(value))
	case float64:
		return number(place, strconv.FormatFloat(value, 'g', -1, 64))
	}
	return nil
}

// number refuses whole numbers beyond 2^53-1, and what is no finite number.
func number(place, digits string) Faults {
	value, err := strconv.ParseFloat(digits, 64)
	mantissa, _, _ := strings.Cut(strings.ToLower(digits), "e")
	vanished := value == 0 && strings.ContainsAny(mantissa, "123456789")
	switch {
	case len(digits) > maxDigits || err != nil || vanished || math.IsInf(value, 0) || math.IsNaN(value):
		return Faults{{Field: place, Message: "is a number out of range"}}
	case math.Abs(value) < maxWhole:
		return nil
	}
	exact, ok := new(big.Rat).SetString(digits)
	if ok && exact.IsInt() && exact.Num().CmpAbs(big.NewInt(maxWhole)) > 0 {
		return Faults{{Field: place, Message: "is a whole number beyond 9007199254740991, whose digits would not be kept: ask for it as text"}}
	}
	return nil
}
