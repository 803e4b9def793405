package library

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

const (
	maxPatternBytes = 256
	maxInstructions = 500   // of one compiled pattern: Go then keeps to its faster matchers
	stepsPerUnit    = 4     // instructions tried on a byte, for one unit of work
	maxRepeatedSize = 1_000 // of a pattern with its repetitions written out, before it is compiled
)

// Pattern is a constant regular expression (RE2: linear in the text, times its size).
type Pattern struct {
	expression *regexp.Regexp
	size       int // instructions
}

// CompilePattern refuses what would be slow to compile or to run. Repetitions multiply:
// x{30}{30} is 900 instructions, each of which may stand for every byte of a text.
func CompilePattern(source string) (*Pattern, error) {
	if len(source) > maxPatternBytes {
		return nil, fmt.Errorf("the pattern is %d bytes long; the limit is %d", len(source), maxPatternBytes)
	}
	parsed, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, patternError(err)
	}
	if repeatedSize(parsed) > maxRepeatedSize {
		return nil, errors.New("the pattern is too large when its repetitions are written out")
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, patternError(err)
	}
	if len(program.Inst) > maxInstructions {
		return nil, fmt.Errorf("the pattern needs %d steps; the limit is %d", len(program.Inst), maxInstructions)
	}
	expression, err := regexp.Compile(source)
	if err != nil {
		return nil, patternError(err)
	}
	return &Pattern{expression: expression, size: len(program.Inst)}, nil
}

func patternError(err error) error {
	var fault *syntax.Error
	if errors.As(err, &fault) {
		return fmt.Errorf("the pattern is not a regular expression: %s: %s", fault.Code, data.Quote(fault.Expr))
	}
	return errors.New("the pattern is not a regular expression")
}

// repeatedSize estimates the number of instructions. The nesting of a pattern is bounded by its
// 256 bytes and the estimate stops growing at the limit, so it cannot overflow.
func repeatedSize(node *syntax.Regexp) int {
	size := 1 + len(node.Rune)/64 // a class of many ranges is slower to build
	switch node.Op {
	case syntax.OpLiteral:
		size = len(node.Rune)
	case syntax.OpRepeat:
		return min(repeatedSize(node.Sub[0])*max(node.Min, node.Max, 1), maxRepeatedSize+1)
	}
	for _, sub := range node.Sub {
		size += repeatedSize(sub)
	}
	return min(size, maxRepeatedSize+1)
}

// match pays for the slowest of Go's matchers, which tries every instruction on every byte.
func (p *Pattern) match(m *Meter, text string) (bool, error) {
	if err := m.Spend(WorkPerCall + len(text)*p.size/stepsPerUnit); err != nil {
		return false, err
	}
	return p.expression.MatchString(text), nil
}
