package library

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// Names that no source can spell: of the operations that stand in for expr's own, and of the
// meter in the environment of the machine.
const (
	MeterName   = "\x00meter"
	OpBool      = "\x00bool"
	OpTest      = "\x00test"
	OpTurn      = "\x00turn"
	OpList      = "\x00list"
	OpMember    = "\x00member"
	OpOpen      = "\x00open"
	OpSlice     = "\x00slice"
	OpNegate    = "\x00negate"
	OpSame      = "\x00same"
	OpGroup     = "\x00group"
	OpSort      = "\x00sort"
	OpSum       = "\x00sum"
	OpApproved  = "\x00preauthorised"
	OpLast      = "\x00last"
	OpLastIndex = "\x00lastIndex"
)

// Operations is the table that expr's compiler binds calls to: the library and the operators, each
// with the meter as its last argument. It is built once and only read.
var Operations = buildOperations()

func buildOperations() conf.FunctionsTable {
	table := conf.FunctionsTable{}
	for name, f := range functions {
		table[name] = metered(name, f.call)
	}
	for name, operation := range helpers() {
		table[name] = metered(name, operation)
	}
	for operator, operation := range operators() {
		table[Operator(operator)] = metered(Operator(operator), operation)
	}
	return table
}

// helpers stand in for what expr's machine does without a sign in the source.
func helpers() map[string]body {
	return map[string]body{
		OpBool:      condition,
		OpTest:      test,
		OpTurn:      turn,
		OpList:      iterable,
		OpMember:    readMember,
		OpOpen:      openMember,
		OpSlice:     cut,
		OpNegate:    negate,
		OpSame:      numberOnly,
		OpGroup:     groupPairs,
		OpSort:      sortPairs,
		OpSum:       sumList,
		OpApproved:  preauthorised,
		OpLast:      lastTrue(func(_ int, item any) any { return item }),
		OpLastIndex: lastTrue(func(place int, _ any) any { return place }),
	}
}

// operators are the signs and words between two values.
func operators() map[string]body {
	return map[string]body{
		"==":         isEqual,
		"in":         isIn,
		"matches":    matches,
		"..":         span,
		"+":          plus,
		"-":          onTwo(subtract),
		"*":          onTwo(multiply),
		"/":          onTwo(divide),
		"%":          onTwo(modulo),
		"**":         onTwo(power),
		"^":          onTwo(power),
		"<":          inOrder(func(order int) bool { return order < 0 }),
		"<=":         inOrder(func(order int) bool { return order <= 0 }),
		">":          inOrder(func(order int) bool { return order > 0 }),
		">=":         inOrder(func(order int) bool { return order >= 0 }),
		"contains":   onTexts("contains", strings.Contains),
		"startsWith": onTexts("startsWith", strings.HasPrefix),
		"endsWith":   onTexts("endsWith", strings.HasSuffix),
	}
}

// Operator is the name of the operation for a sign between two values.
func Operator(operator string) string { return "\x00" + operator }

// metered splits the meter from the arguments.
func metered(name string, operation body) *builtin.Function {
	return &builtin.Function{Name: name, Func: func(args ...any) (any, error) {
		last := len(args) - 1
		return operation(args[last].(*Meter), args[:last])
	}}
}

// condition passes true and false through.
func condition(_ *Meter, args []any) (any, error) {
	if _, ok := args[0].(bool); !ok {
		return nil, fmt.Errorf("true or false is needed here, but got %s", data.Describe(args[0]))
	}
	return args[0], nil
}

// turn pays for one turn of a predicate, whose work is known when it is compiled, and passes its
// value through. This is what ends every loop.
func turn(m *Meter, args []any) (any, error) { return args[0], m.Spend(args[1].(int)) }

// test is turn for a predicate that must be true or false.
func test(m *Meter, args []any) (any, error) {
	if err := m.Spend(args[1].(int)); err != nil {
		return nil, err
	}
	return condition(m, args)
}

// iterable passes a list of plain items through to a loop of the machine.
func iterable(m *Meter, args []any) (any, error) {
	list, ok := args[0].([]any)
	if !ok {
		return nil, fmt.Errorf("a list is needed here, but got %s", data.Describe(args[0]))
	}
	if err := m.list(len(list)); err != nil {
		return nil, err
	}
	for _, item := range list {
		if data.KindOf(item) == data.KindAny {
			return plainItems(list)
		}
	}
	return list, nil
}

// plainItems copies a list that was not normalised; the caller's data is never written to.
func plainItems(list []any) (any, error) {
	out := make([]any, len(list))
	for i, item := range list {
		var err error
		if out[i], err = data.Plain(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readMember gives base[key]. A member that an object does not have is null; an index outside of
// a list is an error, as is a member of null.
func readMember(_ *Meter, args []any) (any, error) {
	switch base := args[0].(type) {
	case map[string]any:
		name, ok := args[1].(string)
		if !ok {
			return nil, fmt.Errorf("the name of a member is text, but this is %s", data.Describe(args[1]))
		}
		value, present := base[name]
		if !present && data.IsReference(base) {
			return nil, errors.New("the value is too large to be read here; only its len and sha256 can be")
		}
		return data.Plain(value)
	case []any:
		i, ok := data.Whole(args[1])
		if !ok {
			return nil, fmt.Errorf("the index of a list is a whole number, but this is %s", data.Describe(args[1]))
		}
		if i >= len(base) || i < -len(base) {
			return nil, fmt.Errorf("there is no item %d in a list of %d", i, len(base))
		}
		return itemAt(base, i)
	case nil:
		return nil, fmt.Errorf("there is no value to read %s from; use ?. or ??", memberName(args[1]))
	default:
		return nil, fmt.Errorf("%s has no member %s", data.Describe(base), memberName(args[1]))
	}
}

func memberName(key any) string {
	if name, ok := key.(string); ok {
		return data.Quote(name)
	}
	return "of this name"
}

// openMember is readMember for ?. and the left of ??: null for a member of null, so that the
// machine ends the chain, and else the value as the only item of a list, so that a null value
// does not end it here. An index outside of a list gives null.
func openMember(m *Meter, args []any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	if list, ok := args[0].([]any); ok {
		if i, ok := data.Whole(args[1]); ok {
			item, err := itemAt(list, i)
			return []any{item}, err
		}
	}
	value, err := readMember(m, args)
	return []any{value}, err
}

// cut gives a part of a text, counted in characters, or of a list. Bounds outside are moved in.
func cut(m *Meter, args []any) (any, error) {
	if err := m.shallow(args); err != nil {
		return nil, err
	}
	switch base := args[0].(type) {
	case []any:
		from, to, err := bounds(args, len(base))
		return base[from:to:to], err
	case string:
		if err := m.scan(4 * len(base)); err != nil {
			return nil, err
		}
		runes := []rune(base)
		from, to, err := bounds(args, len(runes))
		if err != nil {
			return nil, err
		}
		return built(m, string(runes[from:to]))
	default:
		return nil, fmt.Errorf("[from:to] needs text or a list, but got %s", data.Describe(base))
	}
}

// bounds reads args[1] and args[2]; null stands for the start and the end, and a negative one
// counts from the end.
func bounds(args []any, length int) (from, to int, err error) {
	places := [2]int{0, length}
	for i, arg := range args[1:] {
		if arg == nil {
			continue
		}
		place, ok := data.Whole(arg)
		if !ok {
			return 0, 0, fmt.Errorf("[from:to] needs whole numbers, but got %s", data.Describe(arg))
		}
		if place < 0 {
			place = max(place, -length) + length
		}
		places[i] = min(place, length)
	}
	return min(places[0], places[1]), places[1], nil
}

func negate(_ *Meter, args []any) (any, error) {
	if f, ok := args[0].(float64); ok {
		return -f, nil
	}
	if _, ok := args[0].(int); !ok {
		return nil, fmt.Errorf("- needs a number, but got %s", data.Describe(args[0]))
	}
	return subtract(0, args[0])
}

func numberOnly(_ *Meter, args []any) (any, error) {
	if _, ok := data.Float(args[0]); !ok {
		return nil, fmt.Errorf("+ needs a number, but got %s", data.Describe(args[0]))
	}
	return args[0], nil
}

func isEqual(m *Meter, args []any) (any, error) { return m.equal(args[0], args[1], 0) }

func isIn(m *Meter, args []any) (any, error) {
	switch in := args[1].(type) {
	case []any:
		return m.contains(in, args[0])
	case map[string]any:
		name, ok := args[0].(string)
		_, present := in[name]
		return ok && present, nil
	default:
		return nil, fmt.Errorf("in needs a list or an object on its right, but got %s", data.Describe(args[1]))
	}
}

func matches(m *Meter, args []any) (any, error) {
	text, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("matches needs text, but got %s", data.Describe(args[0]))
	}
	return args[1].(*Pattern).match(m, text)
}

// span makes the list for a..b, whose size was checked.
func span(m *Meter, args []any) (any, error) {
	from, to := args[0].(int), args[1].(int)
	size := max(to-from+1, 0)
	if err := m.list(size); err != nil {
		return nil, err
	}
	if err := m.Spend(size); err != nil { // numbers over 255 take memory of their own
		return nil, err
	}
	list := make([]any, size)
	for i := range list {
		list[i] = from + i
	}
	return list, nil
}

// plus adds numbers and joins texts.
func plus(m *Meter, args []any) (any, error) {
	a, okA := args[0].(string)
	b, okB := args[1].(string)
	if !okA || !okB {
		return add(args[0], args[1])
	}
	if err := m.build(len(a) + len(b)); err != nil {
		return nil, err
	}
	return a + b, nil
}

func onTwo(compute func(a, b any) (any, error)) body {
	return func(_ *Meter, args []any) (any, error) { return compute(args[0], args[1]) }
}

func inOrder(holds func(order int) bool) body {
	return func(m *Meter, args []any) (any, error) {
		order, err := m.order(args[0], args[1])
		return holds(order), err
	}
}

func onTexts(operator string, holds func(text, part string) bool) body {
	return func(m *Meter, args []any) (any, error) {
		text, okText := args[0].(string)
		part, okPart := args[1].(string)
		if !okText || !okPart {
			return nil, fmt.Errorf("%s needs texts, but got %s and %s", operator, data.Describe(args[0]), data.Describe(args[1]))
		}
		return holds(text, part), m.scan(len(text))
	}
}

// groupPairs serves groupBy: args[0] is a list of [key, item] that the machine made.
func groupPairs(m *Meter, args []any) (any, error) { return m.grouped(args[0].([]any)) }

// sortPairs serves sortBy in the same way.
func sortPairs(m *Meter, args []any) (any, error) {
	pairs := args[0].([]any)
	direction, ok := args[1].(string)
	if !ok {
		return nil, fmt.Errorf("the order must be text, but is %s", data.Describe(args[1]))
	}
	keys, items := make([]any, len(pairs)), make([]any, len(pairs))
	for i, pair := range pairs {
		keys[i], items[i] = pair.([]any)[0], pair.([]any)[1]
	}
	if err := m.Spend(2 * len(pairs)); err != nil {
		return nil, err
	}
	return m.sorted(items, keys, direction)
}

// lastTrue serves findLast and findLastIndex: args[0] is a list of [true or false, item].
func lastTrue(of func(place int, item any) any) body {
	return func(_ *Meter, args []any) (any, error) {
		pairs := args[0].([]any)
		for i := len(pairs) - 1; i >= 0; i-- {
			if pair := pairs[i].([]any); pair[0] == true {
				return of(i, pair[1]), nil
			}
		}
		return nil, nil
	}
}

func sumList(_ *Meter, args []any) (any, error) {
	numbers, err := numbersOf(args)
	if err != nil {
		return nil, err
	}
	return sumOf(numbers)
}

// preauthorised reports whether policy.preauthorised lists the name. A policy that says nothing
// authorises nothing.
func preauthorised(m *Meter, args []any) (any, error) {
	if _, ok := args[1].(string); !ok {
		return nil, fmt.Errorf("policy.preauthorised() needs text, but got %s", data.Describe(args[1]))
	}
	names, ok := args[0].([]any)
	if !ok && args[0] != nil {
		return nil, fmt.Errorf("policy.preauthorised must be a list of text, but is %s", data.Describe(args[0]))
	}
	return m.contains(names, args[1])
}
