package expression

import (
	"strings"
	"testing"
)

// TestCheckProblems lists expressions with what the compiler says, one problem a line.
func TestCheckProblems(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ src, want string }{
		// names
		{`alrt.score`, `column 1: there is no value called "alrt" (did you mean "alert"?)`},
		{`xyz`, `column 1: there is no value called "xyz" (known here: alert, incident, input, link, now, policy, steps)`},
		{`null`, `column 1: there is no value called "null" (write nil)`},
		{`alert.score == None`, `column 16: there is no value called "None" (write nil)`},
		{`True`, `column 1: there is no value called "True" (write true in lower case)`},
		{`upper`, `column 1: there is no value called "upper" (upper is a function: write upper(...))`},
		{`$env`, `column 1: names do not start with $ (write the name of a value, such as alert or input)`},
		{`any(steps.scan.items, url == "a")`, `column 23: there is no value called "url" (for a member of the item write .url)`},
		{`# > 1`, `column 1: "#" is not expected here (# and .name stand for the item, inside any(), filter(), map() and their like)`},
		{`map([1], #acc)`, `column 10: #acc is not part of the language (# is the item, #index its place from 0)`},
		{`alrt.a + alrt.b`, "column 1: there is no value called \"alrt\" (did you mean \"alert\"?)\ncolumn 10: there is no value called \"alrt\" (did you mean \"alert\"?)"},

		// members
		{`steps.lookup.output.scoer > 3`, `column 21: steps.lookup.output has no member "scoer" (did you mean "score"?)`},
		{`alert.zzz`, `column 7: alert has no member "zzz" (it has closed, description, host, labels, ratio, raw, received_at, score, urls)`},
		{`alert["descripton"]`, `column 6: alert has no member "descripton" (did you mean "description"?)`},
		{`alert.urls.length`, `column 12: alert.urls is a list and has no member "length" (write len(alert.urls))`},
		{`steps.scan.items.url`, `column 18: steps.scan.items is a list and has no member "url" (write map(steps.scan.items, .url) for all of them, or steps.scan.items[0].url for the first)`},
		{`alert.score.value`, `column 13: alert.score is a whole number and has no member "value"`},
		{`alert.description[0]`, `column 18: alert.description is text and has no items (for a part of a text write text[0:1])`},
		{`alert.host[input.host]`, `column 11: the members of alert.host are read by a constant name (write get(alert.host, name) ?? a default)`},
		{`alert.urls["a"]`, `column 11: alert.urls is a list and has no member "a" (write map(alert.urls, .a) for all of them, or alert.urls[0].a for the first)`},
		{`alert.urls[alert.ratio]`, `column 18: this must be a whole number, but it is a number (use round(), floor() or int())`},
		{`any(steps.scan.items, .output.malicous > 1)`, `column 31: .output has no member "malicous" (did you mean "malicious"?)`},
		{`alert.score[1:2]`, `column 12: [from:to] needs text or a list, but this is a whole number`},

		// what may be absent
		{`steps.ask.status == "approved"`, `column 11: steps.ask may not have run here (read it as steps.ask?.status, or give a default with ??)`},
		{`steps.ask.output.n > 1`, `column 11: steps.ask may not have run here (read it as steps.ask?.output, or give a default with ??)`},
		{`steps.ask?.output.n > 1`, `column 19: steps.ask?.output.n may be absent here (give a default: (steps.ask?.output.n ?? 0))`},
		{`len(steps.ask?.output.items)`, `column 23: steps.ask?.output.items may be absent here (give a default: (steps.ask?.output.items ?? []))`},
		{`any(steps.ask?.output.items, # > 1)`, `column 23: steps.ask?.output.items may be absent here (give a default: (steps.ask?.output.items ?? []))`},
		{`steps.ask?.comment + "!"`, `column 12: steps.ask?.comment may be absent here (give a default: (steps.ask?.comment ?? ""))`},
		{`1 in steps.ask?.output.items`, `column 24: steps.ask?.output.items may be absent here (give a default: (steps.ask?.output.items ?? []))`},
		{`steps.ask?.comment contains "x"`, `column 12: steps.ask?.comment may be absent here (give a default: (steps.ask?.comment ?? ""))`},
		{`find(steps.scan.items, .url == "a").url`, `column 37: this value may be absent here (read it with ?.url, or give a default with ??)`},
		{`max(alert.score) > 3`, `column 1: this value may be absent here (give a default: (... ?? 0))`},

		// kinds
		{`alert.description and true`, `column 7: this must be true or false, but it is text`},
		{`not alert.urls`, `column 11: this must be true or false, but it is a list of text (to ask whether there are items, write len(...) > 0)`},
		{`alert.score ? 1 : 2`, `column 7: this must be true or false, but it is a whole number`},
		{`alert.score == "7"`, `column 13: a whole number never equals the text "7" (use string())`},
		{`not alert.closed == "x"`, `column 18: true or false never equals the text "x" (not binds tighter than ==: write not (a == b))`},
		{`alert.score < "7"`, `column 13: a whole number and the text "7" cannot be put in order (use string())`},
		{`alert.urls > 3`, `column 7: > needs numbers or texts, but this is a list of text`},
		{`"a" + 1`, `column 7: + joins text with text, but this is a whole number (write string(...) around it)`},
		{`alert.urls + alert.urls`, `column 7: + needs numbers, but this is a list of text (write concat(a, b))`},
		{`alert.description - 1`, `column 7: - needs numbers, but this is text (use int() or float())`},
		{`-alert.description`, `column 8: this must be a number, but it is text (use int() or float())`},
		{`"x" in alert.description`, `column 5: in needs a list or an object on its right, but this is text (write alert.description contains this value)`},
		{`1 in alert.urls`, `column 3: a whole number is never in a list of text`},
		{`1 in alert.host`, `column 3: the members of an object have text as names, but this is a whole number`},
		{`1 in 2`, `column 3: in needs a list or an object on its right, but this is a whole number`},
		{`alert.urls contains "x"`, `column 12: contains looks into text, but this is a list (write this value in alert.urls)`},
		{`alert.score startsWith "x"`, `column 7: this must be text, but it is a whole number (use string())`},
		{`alert.description contains 5`, `column 28: this must be text, but it is a whole number (use string())`},

		// enums
		{`incident.severity == "hihg"`, `column 22: incident.severity is never "hihg" (did you mean "high"?)`},
		{`"blocker" == incident.severity`, `column 1: incident.severity is never "blocker" (it is one of low, medium, high, critical)`},
		{`incident.severity in ["high", "citical"]`, `column 31: incident.severity is never "citical" (did you mean "critical"?)`},
		{`steps.ask?.status in ["approved", "skiped"]`, `column 35: steps.ask?.status is never "skiped" (did you mean "skipped"?)`},

		// functions
		{`uper("a")`, `column 1: there is no function called "uper" (did you mean "upper"?)`},
		{`now()`, `column 1: now() is not part of the language (now is a value: write now, without ())`},
		{`link()`, `column 1: link is a value, not a function (write link without ())`},
		{`reduce([1], #)`, `column 1: reduce() is not part of the language (use sum(), min(), max(), join() or groupBy(), or a repeat step)`},
		{`upper()`, `column 1: upper() needs 1 argument, but has 0 (upper(value text) text)`},
		{`upper("a", "b")`, `column 1: upper() takes 1 argument at most, but has 2 (upper(value text) text)`},
		{`upper(5)`, `column 7: upper() needs text for value, but this is a whole number (use string())`},
		{`join("a")`, `column 6: join() needs a list for items, but this is the text "a"`},
		{`alert.description.upper()`, `column 19: values have no methods (functions are called as name(value))`},
		{`policy.preauthorized("x")`, `column 8: values have no methods (functions are called as name(value))`},
		{`policy.preauthorised(1)`, `column 22: this must be text, but it is a whole number (use string())`},
		{`policy.preauthorised()`, `column 8: policy.preauthorised() needs 1 argument, but has 0`},

		// predicates
		{`any(alert, true)`, `column 5: this must be a list, but it is an object (write values(...) for the members)`},
		{`any([1], #)`, `column 10: this must be true or false, but it is a whole number`},
		{`count(alert.urls)`, `column 1: count() needs a test (for the number of items write len(...))`},
		{`sum(alert.urls)`, `column 11: this must be a list of numbers, but it is a list of text`},
		{`map([1], map([2], map([3], #)))`, `column 19: tests are nested deeper than 2 (name parts of it in earlier set steps)`},
		{`sortBy(alert.urls, #, "up")`, `column 23: "up" is not one of asc, desc`},

		// patterns and ranges
		{`link matches link`, `column 14: the pattern of matches must be constant text (for a computed part use contains, startsWith, endsWith or glob())`},
		{`link matches "("`, "column 14: the pattern is not a regular expression: missing closing ): \"(\""},
		{`1..alert.score`, `column 2: the ends of a range must be constant whole numbers (write 1..10, and filter it)`},
		{`1..257`, `column 2: a range has at most 256 numbers`},

		// names by let, objects
		{`let alert = 1; alert`, `column 5: "alert" already has a meaning (choose another name)`},
		{`let len = 1; len`, `column 5: "len" already has a meaning (choose another name)`},
		{`let a = 1; let a = 2; a`, `column 16: "a" already has a meaning (choose another name)`},
		{`let a = 1; a; 2`, `column 12: an expression is one value; ; stands only after let name = value`},
		{`{a: 1, a: 2}`, `column 8: the member "a" is given twice`},
		{`{(link): 1}`, `column 3: the name of a member must be constant (build it with fromPairs([[name, value]]))`},
		{`b"x"`, `column 1: bytes are not a type of the language (write text without the b)`},
	} {
		_, problems := Compile(row.src, incidentTypes(), nil)
		if got := problemText(problems); got != row.want {
			t.Errorf("%s\n got %s\nwant %s", row.src, got, row.want)
		}
	}
}

func TestSyntaxProblems(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ src, want string }{
		{``, `column 1: the expression is empty`},
		{"  \n", `column 1: the expression is empty`},
		{`(1 + 2`, `column 7: the expression ends too early (something is missing at the end, such as a closing bracket or a value)`},
		{`alert.score >`, `column 14: the expression ends too early (something is missing at the end, such as a closing bracket or a value)`},
		{`alert.score = 1`, `column 13: "=" is not expected here (to compare, write ==)`},
		{`true AND false`, `column 6: "AND" is not expected here (write the operator in lower case: and)`},
		{`"abc`, `column 5: the text is not closed (add the missing quote)`},
		{`"a\qb"`, `column 4: the text holds an escape that does not exist (write \\ for a backslash)`},
		{`steps.ask?.output.n ?? 0 > 1`, `column 26: ?? cannot be mixed with another operator (put brackets around the default: (a ?? b))`},
		{`1 < 2 < 3`, `column 5: comparisons cannot be chained here (write a < b and b < c)`},
		{`link ?: "x"`, `column 6: ?: is not part of the language (write a ?? b for a default, or condition ? a : b)`},
		{`if true {1} else {2}`, "column 1: if and else are not part of the language (write condition ? a : b)\ncolumn 13: if and else are not part of the language (write condition ? a : b)"},
		{`1 // one`, `column 3: an expression holds no comments (write a YAML comment (#) above the key)`},
		{`${{ alert.score > 3 }}`, `column 1: ${{ }} does not belong inside an expression (write the expression bare: "alert.score > 3")`},
		{`{{ alert.score }}`, `column 1: {{ }} does not belong inside an expression (write the expression bare: "alert.score")`},
		{`"é" + ${{ link }}`, `column 7: ${{ }} does not belong inside an expression (write the expression bare: "link")`},
		{`::len(link)`, `column 1: :: is not part of the language (write the function's name alone)`},
		{"\"a\" + \xff", `column 7: the expression is not valid UTF-8`},
		{"\"\u202e\"", "column 2: an invisible character here changes the direction of reading (remove it; in text write it as an escape such as \"\\u202E\")"},
		{`1 + 99999999999999999999 + 0xFFFFFFFFFFFFFFFFF + 1e999`, "column 5: this number is malformed or too large\ncolumn 28: this number is malformed or too large\ncolumn 50: this number is malformed or too large"},
		{`link; link`, `column 1: an expression is one value; ; stands only after let name = value`},
		{`any([1], let x = #; x == 1)`, ``},
		{strings.Repeat("x", 4097), `column 1: the expression is 4097 bytes long; the limit is 4096 (name parts of it in earlier set steps)`},
	} {
		_, problems := Compile(row.src, incidentTypes(), nil)
		if got := problemText(problems); got != row.want {
			t.Errorf("%s\n got %s\nwant %s", row.src, got, row.want)
		}
	}
}

func TestWantedType(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		src  string
		want *Type
		says string
	}{
		{`alert.closed`, Bool(), ``},
		{`alert.score`, Bool(), `column 1: this must be true or false, but it is a whole number`},
		{`alert.score`, Number(), ``},
		{`alert.ratio`, Int(), `column 1: this must be a whole number, but it is a number (use round(), floor() or int())`},
		{`alert.urls`, ListOf(Text()), ``},
		{`alert.urls`, ListOf(Int()), `column 1: this must be a list of whole numbers, but it is a list of text`},
		{`[]`, ListOf(Int()), ``},
		{`alert.raw.anything`, Text(), ``},
		{`nil`, Text(), `column 1: this must be text, but it may be absent (null)`},
		{`nil`, Optional(Text()), ``},
		{`steps.ask?.comment`, Text(), `column 1: this must be text, but it may be absent (null) (give a default: steps.ask?.comment ?? "")`},
		{`steps.ask?.comment`, Optional(Text()), ``},
		{`"hgih"`, EnumOf("low", "high"), `column 1: "hgih" is not one of low, high (did you mean "high"?)`},
		{`alert.closed ? "low" : "high"`, EnumOf("low", "high"), ``},
		{`alert.closed ? "low" : "hi"`, EnumOf("low", "high"), `column 1: "hi" is not one of low, high (did you mean "high"?)`},
		{`incident.category`, EnumOf("low", "high"), ``},
	} {
		_, problems := Compile(row.src, incidentTypes(), row.want)
		if got := problemText(problems); got != row.says {
			t.Errorf("%s as %s\n got %s\nwant %s", row.src, row.want, got, row.says)
		}
	}
}

func TestProblemLength(t *testing.T) {
	t.Parallel()
	_, problems := Compile(`"é" == alert.descripton`, incidentTypes(), nil)
	if len(problems) != 1 || problems[0].Column != 14 || problems[0].Length != 10 {
		t.Errorf("want column 14 and length 10, got %+v", problems)
	}
	if len(problems) == 1 && (problems[0].Message == "" || problems[0].Hint != `did you mean "description"?`) {
		t.Errorf("got %+v", problems[0])
	}
}

// TestMessagesAreBounded feeds long names to every place that quotes them.
func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	for _, src := range []string{long, "alert." + long, long + "()", "alert." + long + "()", `alert["` + long + `"]`,
		`incident.severity == "` + long + `"`, "map([1], #" + long + ")", `link matches "(` + long + `"`,
		"let len" + long + " = 1; y", `{` + long + `: 1, ` + long + `: 2}`, "alert" + strings.Repeat(".raw", 200) + ".x.y(1)", "1 " + long} {
		_, problems := Compile(src, incidentTypes(), nil)
		if len(problems) == 0 {
			t.Errorf("%.30s: no problem", src)
		}
		for _, p := range problems {
			if len(p.Message) > 300 || len(p.Hint) > 300 {
				t.Errorf("%.30s: %d and %d bytes", src, len(p.Message), len(p.Hint))
			}
		}
	}
}
