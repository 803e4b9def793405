package soar

import "testing"

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ text, want string }{
		"plain":          {"Isolate web-01 and block 203.0.113.66?", "Isolate web-01 and block 203.0.113.66?"},
		"a time":         {"SLA contain - critical - due 2026-01-02 03:04 UTC", "SLA contain - critical - due 2026-01-02 03:04 UTC"},
		"a title":        {"sshd: brute force", "sshd: brute force"},
		"link":           {"[a](b)", `\[a\]\(b\)`},
		"bare address":   {"see https://lure.example", `see https\://lure.example`},
		"mail address":   {"mailto:a@lure.example", `mailto\:a@lure.example`},
		"HTML":           {`<a href="x">`, `\<a href="x"\>`},
		"emphasis":       {"*a* _b_ ~c~ `d` $e$", "\\*a\\* \\_b\\_ \\~c\\~ \\`d\\` \\$e\\$"},
		"its own escape": {`\*`, `\\\*`},
		"heading":        {"# a", `\# a`},
		"list":           {"- a", `\- a`},
		"numbered list":  {"12. a", `12\. a`},
		"cell":           {"a | b", `a \| b`},
		"place holder":   {"{workflowId}", `\{workflowId\}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Markdown(row.text); got != row.want {
				t.Errorf("Markdown(%q) = %q, want %q", row.text, got, row.want)
			}
		})
	}
}
