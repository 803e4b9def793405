// Package expression is the expression language of playbooks: expr-lang made typed,
// deterministic and bounded.
//
// expr-lang parses the text and its virtual machine runs the program; between the two this
// package checks types and limits, and replaces every operation whose cost depends on data by
// a metered one:
//
//	source -> syntax (guard, expr's parser) -> check (types, Maybe, enums) -> rewrite
//	       -> expr's compiler -> expr's machine, calling library (functions, operators, meter)
//
// An evaluation spends units of work and bytes of text from one meter, so it ends within about
// 100 ms and 16 MiB whatever it is given, and a meter that runs out is an error at a column.
// The same program and the same values give the same result in every process.
//
// What does not live here: plain data and its bounds (data), the functions (library), positions
// in files (internal/playbook/parser), which steps exist and may be absent
// (internal/playbook/checker builds the Environment), and what is done with results.
package expression
