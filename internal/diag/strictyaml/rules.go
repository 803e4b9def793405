package strictyaml

// Names of the rules that this package reports under.
const (
	RuleSyntax     = "yaml_syntax"      // the text is not YAML
	RuleLimit      = "limit"            // too long, too deep, too many values
	RuleEncoding   = "encoding"         // not UTF-8, or characters that cannot be seen
	RuleDocument   = "one_document"     // a second document, no document, a directive
	RuleAnchor     = "no_anchor"        // anchors and aliases
	RuleTag        = "no_tag"           // tags
	RuleMerge      = "no_merge_key"     // <<
	RuleDuplicate  = "duplicate_key"    // a key twice in one mapping
	RuleAmbiguous  = "ambiguous_number" // 012, 0x1f, 1_000, .inf
	RuleBraces     = "bare_braces"      // {{ }} without $
	RuleUnknownKey = "unknown_key"      // a key that has no meaning here
	RuleMissingKey = "missing_key"      // a key that must be there
	RuleWrongType  = "wrong_type"       // a list where text is asked for, and the like
	RuleChoice     = "choice"           // a word that is not one of the allowed words
	RuleRange      = "range"            // a number or a duration outside of its bounds
	RuleDuration   = "duration"         // not a duration
)
