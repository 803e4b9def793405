package library

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// numberFunctions give whole numbers where the result has no fraction.
func numberFunctions() []entry {
	return []entry{
		{"int(value number|text) int", "The whole number: a fraction is cut off, text is read as decimal digits.", `int("42")`, `42`, toInt},
		{"float(value number|text) number", "The number: text is read as a decimal number.", `float("2.5")`, `2.5`, toFloat},
		{"abs(value number) number", "The number without its sign.", `abs(-3)`, `3`, absolute},
		{"ceil(value number) number", "The next whole number that is not smaller.", `ceil(1.2)`, `2`, rounding(math.Ceil)},
		{"floor(value number) number", "The next whole number that is not greater.", `floor(1.8)`, `1`, rounding(math.Floor)},
		{"round(value number) number", "The nearest whole number; halves go away from zero.", `round(2.5)`, `3`, rounding(math.Round)},
		{"min(values... number|list) number?", "The smallest of the numbers, also of those in lists; null when there is none.",
			`min(3, [2, 5])`, `2`, extreme(-1)},
		{"max(values... number|list) number?", "The greatest of the numbers, also of those in lists; null when there is none.",
			`max([3, 9, 4])`, `9`, extreme(1)},
		{"mean(values... number|list) number?", "The arithmetic mean; null when there is no number.", `mean([1, 2, 6])`, `3`, mean},
		{"median(values... number|list) number?", "The middle number, or the mean of the two in the middle; null when there is none.",
			`median([9, 1, 4])`, `4`, median},
	}
}

func toInt(_ *Meter, args []any) (any, error) {
	switch v := args[0].(type) {
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		if err != nil {
			return nil, errors.New("int() needs decimal digits within 64 bits")
		}
		return int(n), nil
	case float64:
		if v < -data.MaxExactFloat || v >= data.MaxExactFloat {
			return nil, errOverflow
		}
		return int(v), nil
	default:
		return v, nil
	}
}

func toFloat(_ *Meter, args []any) (any, error) {
	text, ok := args[0].(string)
	if !ok {
		return args[0], nil
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errors.New("float() needs a decimal number")
	}
	return f, nil
}

func absolute(_ *Meter, args []any) (any, error) {
	if n, ok := args[0].(int); ok {
		if n >= 0 {
			return n, nil
		}
		return subtract(0, n)
	}
	return math.Abs(args[0].(float64)), nil
}

func rounding(round func(float64) float64) body {
	return func(_ *Meter, args []any) (any, error) {
		if f, ok := args[0].(float64); ok {
			return data.FromFloat(round(f))
		}
		return args[0], nil
	}
}

// numbersOf collects the numbers among the arguments and in lists among them.
func numbersOf(args []any) ([]any, error) {
	count := len(args)
	for _, arg := range args {
		if list, ok := arg.([]any); ok {
			count += len(list)
		}
	}
	numbers := make([]any, 0, count)
	for _, arg := range args {
		if list, ok := arg.([]any); ok {
			numbers = append(numbers, list...)
			continue
		}
		numbers = append(numbers, arg)
	}
	for _, n := range numbers {
		if _, ok := data.Float(n); !ok {
			return nil, fmt.Errorf("a number is needed here, but got %s", data.Describe(n))
		}
	}
	return numbers, nil
}

func extreme(want int) body {
	return func(_ *Meter, args []any) (any, error) {
		numbers, err := numbersOf(args)
		if err != nil || len(numbers) == 0 {
			return nil, err
		}
		best := numbers[0]
		for _, n := range numbers[1:] {
			if order, _ := data.CompareNumbers(n, best); order == want {
				best = n
			}
		}
		return best, nil
	}
}

// sumOf adds in the order of the list: the sum of broken numbers depends on it.
func sumOf(numbers []any) (any, error) {
	var total any = 0
	for _, n := range numbers {
		next, err := add(total, n)
		if err != nil {
			return nil, err
		}
		total = next
	}
	return total, nil
}

func mean(_ *Meter, args []any) (any, error) {
	numbers, err := numbersOf(args)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	total, err := sumOf(numbers)
	if err != nil {
		return nil, err
	}
	return divide(total, len(numbers))
}

func median(m *Meter, args []any) (any, error) {
	numbers, err := numbersOf(args)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	if err := m.Spend(8 * len(numbers)); err != nil {
		return nil, err
	}
	slices.SortFunc(numbers, func(a, b any) int {
		order, _ := data.CompareNumbers(a, b)
		return order
	})
	middle := len(numbers) / 2
	if len(numbers)%2 == 1 {
		return numbers[middle], nil
	}
	total, err := add(numbers[middle-1], numbers[middle])
	if err != nil {
		return nil, err
	}
	return divide(total, 2)
}
