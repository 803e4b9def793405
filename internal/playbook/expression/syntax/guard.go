package syntax

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// The limits on the source, applied before anything recursive sees it: expr's parser overflows
// the stack, which no recover catches, on half a megabyte of brackets.
const (
	MaxSourceBytes  = 4096
	maxTokens       = 1536
	maxBrackets     = 32
	maxUnaryRun     = 16
	maxDeclarations = 16
)

// guard refuses sources that are too large or too deep for the parser, and forms that the
// language leaves out. It gives all problems, in the order of their places.
func guard(src string) []Problem {
	if problem, bad := guardBytes(src); bad {
		return []Problem{problem}
	}
	if problems := guardMarks(src); len(problems) > 0 {
		return problems
	}
	tokens, err := lexer.Lex(file.NewSource(src))
	if err != nil {
		return []Problem{syntaxProblem(src, err)}
	}
	if len(tokens) > maxTokens {
		return []Problem{NewProblem(1, utf8.RuneCountInString(src),
			"the expression has "+data.Decimal(len(tokens))+" words and signs; the limit is "+data.Decimal(maxTokens), HintSplit)}
	}
	return guardTokens(tokens)
}

// HintSplit is the hint for what is too large as one expression.
const HintSplit = "name parts of it in earlier set steps"

func guardBytes(src string) (Problem, bool) {
	if len(src) > MaxSourceBytes {
		return NewProblem(1, 1, "the expression is "+data.Decimal(len(src))+" bytes long; the limit is "+data.Decimal(MaxSourceBytes), HintSplit), true
	}
	if strings.TrimSpace(src) == "" {
		return NewProblem(1, 1, "the expression is empty", ""), true
	}
	column := 1
	for i, r := range src {
		if r == utf8.RuneError && !strings.HasPrefix(src[i:], "\uFFFD") {
			return NewProblem(column, 1, "the expression is not valid UTF-8", ""), true
		}
		if isDirectional(r) {
			return NewProblem(column, 1, "an invisible character here changes the direction of reading",
				`remove it; in text write it as an escape such as "\u202E"`), true
		}
		column++
	}
	return Problem{}, false
}

// isDirectional finds the bidirectional controls that make a source look like another one.
func isDirectional(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// guardMarks finds comments and template marks outside of quoted text.
func guardMarks(src string) []Problem {
	var problems []Problem
	for i := 0; i < len(src); i++ {
		if isQuote(src[i]) {
			i = skipQuoted(src, i) - 1
			continue
		}
		length, message, hint := markAt(src[i:])
		if length > 0 {
			problems = append(problems, NewProblem(column(src, i), length, message, hint))
			i += length - 1
		}
	}
	return problems
}

// markAt describes the forbidden mark that rest starts with; length 0 when there is none.
func markAt(rest string) (length int, message, hint string) {
	switch {
	case strings.HasPrefix(rest, "${{"):
		return 3, "${{ }} does not belong inside an expression", "write the expression bare: " + data.Quote(unwrap(rest[3:]))
	case strings.HasPrefix(rest, "{{"):
		return 2, "{{ }} does not belong inside an expression", "write the expression bare: " + data.Quote(unwrap(rest[2:]))
	case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "/*"):
		return 2, "an expression holds no comments", "write a YAML comment (#) above the key"
	default:
		return 0, "", ""
	}
}

// unwrap gives what stands before the closing }}, for a fix-it.
func unwrap(rest string) string {
	inner, _, _ := strings.Cut(rest, "}}")
	return strings.TrimSpace(inner)
}

func isQuote(b byte) bool { return b == '"' || b == '\'' || b == '`' }

// skipQuoted gives the index after the quoted text that starts at src[i], or len(src) when it is
// not closed. It agrees with expr's lexer: a backslash escapes in single and double quotes, and
// not in backquotes.
func skipQuoted(src string, i int) int {
	quote := src[i]
	for i++; i < len(src); i++ {
		switch {
		case src[i] == quote:
			return i + 1
		case src[i] == '\\' && quote != '`':
			i++
		}
	}
	return len(src)
}

// column turns a byte offset into a 1-based rune column.
func column(src string, offset int) int { return utf8.RuneCountInString(src[:offset]) + 1 }

// tokenGuard counts while it walks the tokens once.
type tokenGuard struct {
	problems     []Problem
	depth        int
	unary        int
	declarations int
}

func guardTokens(tokens []lexer.Token) []Problem {
	var g tokenGuard
	for i, token := range tokens {
		g.brackets(token)
		g.unaryRun(token)
		g.number(token)
		g.forms(token, tokens[min(i+1, len(tokens)-1)])
	}
	return g.problems
}

func (g *tokenGuard) add(token lexer.Token, message, hint string) {
	g.problems = append(g.problems, NewProblem(token.From+1, token.To-token.From, message, hint))
}

func (g *tokenGuard) brackets(token lexer.Token) {
	if token.Kind != lexer.Bracket {
		return
	}
	if !strings.Contains("([{", token.Value) {
		g.depth--
		return
	}
	if g.depth++; g.depth == maxBrackets+1 {
		g.add(token, "brackets are nested deeper than "+data.Decimal(maxBrackets), HintSplit)
	}
}

// unaryRun counts signs and "not" that follow each other, whatever space is between them.
func (g *tokenGuard) unaryRun(token lexer.Token) {
	if token.Kind != lexer.Operator || !slices.Contains([]string{"not", "!", "-", "+"}, token.Value) {
		g.unary = 0
		return
	}
	if g.unary++; g.unary == maxUnaryRun+1 {
		g.add(token, "more than "+data.Decimal(maxUnaryRun)+" signs follow each other", "")
	}
}

// number finds numbers that the parser would refuse too, but at the place of the next token.
func (g *tokenGuard) number(token lexer.Token) {
	if token.Kind != lexer.Number {
		return
	}
	digits := strings.ToLower(strings.ReplaceAll(token.Value, "_", ""))
	base := 10
	if len(digits) > 1 && strings.ContainsRune("xbo", rune(digits[1])) {
		base = 0
	}
	_, err := strconv.ParseInt(digits, base, 64)
	if base == 10 && strings.ContainsAny(digits, ".e") {
		_, err = strconv.ParseFloat(digits, 64)
	}
	if err != nil {
		g.add(token, "this number is malformed or too large", "")
	}
}

// forms refuses words of expr that the language leaves out, where the parser would take them.
func (g *tokenGuard) forms(token, next lexer.Token) {
	switch {
	case token.Kind == lexer.Bytes:
		g.add(token, "bytes are not a type of the language", "write text without the b")
	case token.Kind != lexer.Operator:
		return
	case token.Value == "let":
		if g.declarations++; g.declarations == maxDeclarations+1 {
			g.add(token, "more than "+data.Decimal(maxDeclarations)+" names are declared with let", HintSplit)
		}
	case token.Value == "if" || token.Value == "else":
		g.add(token, "if and else are not part of the language", "write condition ? a : b")
	case token.Value == "::":
		g.add(token, ":: is not part of the language", "write the function's name alone")
	case token.Value == ";" && next.Kind == lexer.EOF:
		g.add(token, "nothing follows the ;", "")
	case token.Value == "?" && next.Value == ":" && next.Kind == lexer.Operator:
		g.add(token, "?: is not part of the language", "write a ?? b for a default, or condition ? a : b")
	}
}

// syntaxProblem words an error of expr's lexer or parser plainly and places it.
func syntaxProblem(src string, err error) Problem {
	var located *file.Error
	if !errors.As(err, &located) {
		return NewProblem(1, 1, "the expression cannot be read", "")
	}
	message, hint := plainSyntax(located.Message)
	length := utf8.RuneCountInString(src)
	if strings.Contains(located.Message, "token EOF") || strings.Contains(located.Message, "unexpected end") {
		return NewProblem(length+1, 1, message, hint)
	}
	return NewProblem(min(located.From, length)+1, located.To-located.From, message, hint)
}

// plainSyntax translates the messages of expr 1.17.8; one that it does not know passes through.
func plainSyntax(message string) (text, hint string) {
	switch {
	case strings.Contains(message, "token EOF"), strings.Contains(message, "unexpected end"):
		return "the expression ends too early", "something is missing at the end, such as a closing bracket or a value"
	case strings.Contains(message, "coalesce expressions"):
		return "?? cannot be mixed with another operator", "put brackets around the default: (a ?? b)"
	case strings.Contains(message, "literal not terminated"):
		return "the text is not closed", "add the missing quote"
	case strings.Contains(message, "invalid char escape"), strings.Contains(message, "unescape"):
		return "the text holds an escape that does not exist", `write \\ for a backslash`
	case strings.Contains(message, "exceeds maximum allowed nodes"):
		return "the expression has more than " + data.Decimal(maxNodes) + " parts", HintSplit
	case strings.HasPrefix(message, "unexpected token "):
		return plainToken(strings.TrimPrefix(message, "unexpected token "))
	case strings.HasPrefix(message, "wrap predicate"):
		return "a ; here needs braces around the whole test", "write any(list, {let x = .a; x > 1})"
	default:
		return message, ""
	}
}

// plainToken words expr's `Operator("=")`.
func plainToken(token string) (text, hint string) {
	kind, value, _ := strings.Cut(strings.TrimSuffix(token, ")"), "(")
	value = strings.Trim(value, `"`)
	text = data.Quote(value) + " is not expected here"
	switch {
	case value == "=":
		return text, "to compare, write =="
	case value == "#" || value == ".":
		return text, "# and .name stand for the item, inside any(), filter(), map() and their like"
	case kind == "Identifier" && slices.Contains([]string{"and", "or", "not", "in"}, strings.ToLower(value)):
		return text, "write the operator in lower case: " + strings.ToLower(value)
	default:
		return text, ""
	}
}
