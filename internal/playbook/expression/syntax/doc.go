// Package syntax reads the text of expressions and templates: it guards expr's parser from what
// would end the process, parses, and words every fault plainly with its column.
//
//	guard (bytes, marks, tokens) -> expr's parser -> shape (nodes, none shared) -> tree
//
// Names and types are not known here; package expression checks the tree.
package syntax
