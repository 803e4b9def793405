// Package grammar is the playbook language as data: which keys stand where, in which
// order, what they take, and one sentence on each. The parser reads by these tables,
// the editor schema is generated from them, the formatter orders by them, and the
// manual's table of keys is checked against them; so none of the four can drift from
// another.
//
// What a value means is not here: the parser makes the tree, the checker judges it.
package grammar
