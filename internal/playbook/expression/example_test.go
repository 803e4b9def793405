package expression_test

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

func ExampleCompile() {
	env := expression.Environment{
		"steps": expression.ObjectOf(map[string]*expression.Type{
			"lookup": expression.ObjectOf(map[string]*expression.Type{"score": expression.Number()}),
		}),
	}
	program, _ := expression.Compile(`steps.lookup.score > 0.8`, env, expression.Bool())
	dangerous, err := program.Bool(map[string]any{"steps": map[string]any{"lookup": map[string]any{"score": 0.9}}})
	fmt.Println(dangerous, err)

	_, problems := expression.Compile(`steps.lookup.scoer > 0.8`, env, expression.Bool())
	fmt.Println(problems[0])
	// Output:
	// true <nil>
	// column 14: steps.lookup has no member "scoer" (did you mean "score"?)
}

func ExampleCompileTemplate() {
	env := expression.Environment{"host": expression.Text(), "count": expression.Int()}
	template, _ := expression.CompileTemplate("${{ count }} alerts on ${{ upper(host) }}", env, nil)
	text, err := template.Eval(map[string]any{"host": "srv-01", "count": 3})
	fmt.Println(text, err)
	// Output: 3 alerts on SRV-01 <nil>
}

func ExampleNormalise() {
	value, err := expression.Normalise(map[string]any{"score": 7.0, "list": []string{"a"}})
	fmt.Println(value, err)
	// Output: map[list:[a] score:7] <nil>
}
