package parser

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
)

var (
	identifierForm = regexp.MustCompile(grammar.IdentifierPattern)
	actionForm     = regexp.MustCompile(grammar.ActionPattern)
	versionForm    = regexp.MustCompile(grammar.VersionPattern)
	coversForm     = regexp.MustCompile(grammar.CoversPattern)
	attackForm     = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)
	clauseForm     = regexp.MustCompile(`^\d{1,2}(\.\d{1,2}){1,3}(\.[a-z])?$`)
)

// text reads plain text of the form that a key asks for.
func (p *parser) text(n *strictyaml.Node, name string, key *grammar.Key) ast.Text {
	if n.Bad {
		return ast.Text{}
	}
	if n.Kind != strictyaml.String {
		p.Fault(n, strictyaml.RuleWrongType, fmt.Sprintf("%s must be text, this is %s", name, n.Kind), quoteHint(n))
		return ast.Text{}
	}
	text := ast.Text{Value: n.Text, Node: n}
	switch {
	case strings.Contains(n.Text, "${{"):
		p.Fault(n, RuleNoExpr, name+" takes no expression", "write the text itself")
	case strings.Contains(n.Text, "{{"):
		p.Fault(n, strictyaml.RuleBraces, name+" takes no braces {{", "write the text itself")
	case strings.TrimSpace(n.Text) == "":
		p.Fault(n, strictyaml.RuleWrongType, name+" is empty", "write a value, or remove the key")
	case len(n.Text) > grammar.MaxText:
		p.Fault(n, strictyaml.RuleLimit, fmt.Sprintf("%s is longer than %d bytes", name, grammar.MaxText), "")
	case key.Form == grammar.Identifier:
		p.identifier(n, name)
	case key.Form == grammar.Choice && !slices.Contains(key.Words, n.Text):
		p.choice(n, name, key.Words)
	case key.Form == grammar.Action && !actionForm.MatchString(n.Text):
		p.Fault(n, RuleIdentifier, fmt.Sprintf("%q is no action", n.Text), "write instance.action, such as edr.isolate_host")
	}
	if n.Bad {
		return ast.Text{}
	}
	return text
}

func (p *parser) choice(n *strictyaml.Node, name string, words []string) {
	rule, hint := strictyaml.RuleChoice, diag.DidYouMean(n.Text, words)
	if name == "tocsin" {
		rule, hint = RuleLanguage, "this program knows no other version of the language"
	}
	if name == "on_expire" && strings.HasPrefix(n.Text, "a") {
		hint = "silence never allows anything"
	}
	p.Fault(n, rule, fmt.Sprintf("%s must be %s, not %q", name, diag.OneOf(words), n.Text), hint)
}

func (p *parser) identifier(n *strictyaml.Node, name string) {
	switch {
	case !identifierForm.MatchString(n.Text):
		hint := "use lower case letters, digits and _, starting with a letter"
		if better := snake(n.Text); identifierForm.MatchString(better) {
			hint = fmt.Sprintf("write %s", better)
		}
		message := fmt.Sprintf("%s must be snake_case, not %q", name, n.Text)
		if strings.Contains(n.Text, "-") {
			message += ": expressions read - as minus"
		}
		p.Fault(n, RuleIdentifier, message, hint)
	case len(n.Text) > grammar.LongestName:
		p.Fault(n, RuleIdentifier, fmt.Sprintf("%s is longer than %d letters", name, grammar.LongestName), "")
	case readByExpressions(name) && slices.Contains(grammar.ReservedNames(), n.Text):
		p.Fault(n, RuleReserved, fmt.Sprintf("%q has a meaning of its own in expressions", n.Text), "choose another name")
	}
}

// readByExpressions tells whether an identifier is a name in expressions; those of
// playbooks, branches, events and policies are not.
func readByExpressions(name string) bool { return name == "id" || name == "as" || name == variable }

// variable is how messages call a name that set gives.
const variable = "a variable"

// snake brings a name into snake_case as well as it can.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r >= 'A' && r <= 'Z' && i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z':
			b.WriteByte('_')
			b.WriteRune(r + 'a' - 'A')
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		case r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	return strings.Trim(b.String(), "_")
}

// quoteHint tells how to write a number or true as text.
func quoteHint(n *strictyaml.Node) string {
	if n.IsScalar() && n.Kind != strictyaml.Null {
		return fmt.Sprintf("write %q in quotes", n.Text)
	}
	return ""
}

func (p *parser) number(n *strictyaml.Node, name string, key *grammar.Key) ast.Number {
	if key.Form == grammar.Integer {
		value := p.Int(n, name, key.Least, key.Most)
		if n.Bad {
			return ast.Number{}
		}
		return ast.Number{Value: float64(value), Node: n}
	}
	value, isNumber := 0.0, true
	switch v := n.Data().(type) {
	case int:
		value = float64(v)
	case float64:
		value = v
	default:
		isNumber = false
	}
	switch {
	case !isNumber:
		p.Fault(n, strictyaml.RuleWrongType, fmt.Sprintf("%s must be a number, this is %s", name, n.Kind), "")
		return ast.Number{}
	case value < float64(key.Least) || value > float64(key.Most):
		p.Fault(n, strictyaml.RuleRange, fmt.Sprintf("%s must be from %d to %d", name, key.Least, key.Most), "")
		return ast.Number{}
	}
	return ast.Number{Value: value, Node: n}
}

func (p *parser) version(text ast.Text) {
	if text.Given() && !versionForm.MatchString(text.Value) {
		p.Fault(text.Node, RuleVersion, fmt.Sprintf("%q is no semantic version", text.Value), "write three numbers, such as 1.0.0")
	}
}

// covers checks scheme:reference, and the reference of the schemes whose form is known.
func (p *parser) covers(text ast.Text) {
	scheme, reference, _ := strings.Cut(text.Value, ":")
	switch {
	case !coversForm.MatchString(text.Value):
		p.Fault(text.Node, RuleCovers, fmt.Sprintf("%q is no reference", text.Value), "write scheme:reference, such as iso27002:5.26.a or attack:T1566.002")
	case scheme == "attack" && !attackForm.MatchString(reference):
		p.Fault(text.Node, RuleCovers, fmt.Sprintf("%q is no ATT&CK technique", reference), "write T and four digits, such as attack:T1566 or attack:T1566.002")
	case scheme == "iso27002" && !clauseForm.MatchString(reference):
		p.Fault(text.Node, RuleCovers, fmt.Sprintf("%q is no control of ISO/IEC 27002", reference), "write the control and the point, such as iso27002:5.26.a")
	}
}

// foreignWord knows what people write who come from other tools.
func foreignWord(shape, key string) string {
	top := map[string]string{
		"on": "the key is trigger", "triggers": "the key is trigger", "name": "the key is playbook", "id": "the key is playbook",
		"inputs": "the key is input", "parameters": "the key is input", "tasks": "the key is steps", "actions": "the key is steps",
		"workflow": "the key is steps", "jobs": "the key is steps", "description": "the key is title",
	}
	step := map[string]string{
		"if": "the key is when", "condition": "the key is when", "unless": "the key is skip_when", "name": "the keys are id and title",
		"uses": "the key is action", "run": "the key is action", "ref": "the key is action", "args": "the key is with",
		"params": "the key is with", "inputs": "the key is with", "loop": "the key is for_each", "foreach": "the key is for_each",
		"with_items": "the key is for_each", "continue_on_error": "write on_failure: continue", "retries": "write retry: {max_attempts: …}",
		"finally": "write always: true", "needs": "steps run in order; use parallel for branches side by side",
		"depends_on": "steps run in order; use parallel for branches side by side", "else": "else is the last item of a switch",
	}
	switch shape {
	case "a playbook":
		return top[key]
	case "a step":
		return step[key]
	default:
		return ""
	}
}
