// Package library is what runs inside an expression: the functions that a playbook may call, the
// operators, and the meter that all of them pay.
//
//	Functions, Find   the documented functions, with the signature that the checker uses too
//	Operations        the table for expr's compiler: functions and operators, each metered
//	Meter             the budget of one evaluation: units of work and bytes of text
//	CompilePattern    constant regular expressions, bounded in size
//
// Every operation is deterministic: no clock, no host, no order of a Go map. Types are checked
// before (package expression); what arrives here is checked again, since names may be untyped.
package library
