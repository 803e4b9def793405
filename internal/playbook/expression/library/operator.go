package library

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

var (
	errOverflow     = errors.New("the result is larger than a whole number can be (64 bits)")
	errDivideByZero = errors.New("a number is divided by zero")
)

// arithmeticError words a failure for a sign that was given the wrong values.
func arithmeticError(sign string, a, b any) error {
	return fmt.Errorf("%s cannot be used on %s and %s", sign, data.Describe(a), data.Describe(b))
}

// add sums numbers. Whole numbers that overflow are an error: expr itself would wrap silently.
func add(a, b any) (any, error) {
	x, xInt := a.(int)
	y, yInt := b.(int)
	if xInt && yInt {
		if sum := x + y; (sum > x) == (y > 0) {
			return sum, nil
		}
		return nil, errOverflow
	}
	return onFloats("+", a, b, func(f, g float64) float64 { return f + g })
}

func subtract(a, b any) (any, error) {
	x, xInt := a.(int)
	y, yInt := b.(int)
	if xInt && yInt {
		if difference := x - y; (difference < x) == (y > 0) {
			return difference, nil
		}
		return nil, errOverflow
	}
	return onFloats("-", a, b, func(f, g float64) float64 { return f - g })
}

func multiply(a, b any) (any, error) {
	x, xInt := a.(int)
	y, yInt := b.(int)
	if xInt && yInt {
		limit := uint64(math.MaxInt64)
		if (x < 0) != (y < 0) {
			limit++ // the least whole number has a greater magnitude than the greatest
		}
		if high, low := bits.Mul64(magnitude(x), magnitude(y)); high != 0 || low > limit {
			return nil, errOverflow
		}
		return x * y, nil
	}
	return onFloats("*", a, b, func(f, g float64) float64 { return f * g })
}

// magnitude is the absolute value; that of the least int fits in 64 bits without a sign.
func magnitude(n int) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// divide gives a whole number where the division leaves nothing, else a float64.
func divide(a, b any) (any, error) {
	x, xInt := a.(int)
	y, yInt := b.(int)
	if divisor, ok := data.Float(b); ok && divisor == 0 {
		return nil, errDivideByZero
	}
	if xInt && yInt && y != -1 && x%y == 0 {
		return x / y, nil
	}
	quotient, err := onFloats("/", a, b, func(f, g float64) float64 { return f / g })
	if err != nil {
		return nil, err
	}
	return data.FromFloat(quotient.(float64))
}

func modulo(a, b any) (any, error) {
	x, xInt := data.Whole(a)
	y, yInt := data.Whole(b)
	switch {
	case !xInt || !yInt:
		return nil, arithmeticError("%", a, b)
	case y == 0:
		return nil, errDivideByZero
	case y == -1: // the one division of the processor that can trap
		return 0, nil
	}
	return x % y, nil
}

// power multiplies whole numbers only: a power of broken numbers differs between processors in
// its last bit, and a replayed workflow must see the same result everywhere.
func power(a, b any) (any, error) {
	base, baseInt := data.Whole(a)
	exponent, exponentInt := data.Whole(b)
	if !baseInt || !exponentInt || exponent < 0 || exponent > 64 {
		return nil, errors.New("** needs a whole number and a whole exponent from 0 to 64")
	}
	var result any = 1
	for range exponent {
		var err error
		if result, err = multiply(result, base); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func onFloats(sign string, a, b any, compute func(f, g float64) float64) (any, error) {
	f, okF := data.Float(a)
	g, okG := data.Float(b)
	if !okF || !okG {
		return nil, arithmeticError(sign, a, b)
	}
	result := compute(f, g)
	if math.IsNaN(result) || math.IsInf(result, 0) {
		return nil, errors.New("the result is larger than a number can be")
	}
	return result, nil
}
