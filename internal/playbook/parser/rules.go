package parser

// Names of the rules that only this package reports under; strictyaml and
// strictschema have the others.
const (
	RuleLanguage   = "language_version"       // no tocsin: v1
	RuleStepKind   = "step_kind"              // a step that says nothing or two things
	RuleIdentifier = "identifier"             // an id that is not snake_case
	RuleReserved   = "reserved_name"          // an id that expressions use themselves
	RuleVersion    = "version"                // not a semantic version
	RuleCovers     = "covers"                 // not scheme:reference
	RuleComment    = "comment_in_expression"  // a comment swallowed the expression
	RuleTemplate   = "template_in_expression" // ${{ }} where an expression stands bare
	RuleNoExpr     = "no_expression_here"     // ${{ }} where plain text stands
	RuleSwitch     = "switch_branches"        // else not last, twice, or alone
	RuleExpression = "expression"             // syntax, names and types of expressions; the checker's too
)
