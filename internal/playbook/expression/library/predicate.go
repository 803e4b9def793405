package library

import "slices"

// predicates are the functions with a predicate. expr's grammar knows them by name, and its machine
// runs their loops; the rewriting of the expression package puts a payment into every turn.
var predicates = []Doc{
	{
		"all", "all(items list, test) bool",
		"Whether the test holds for every item; true for none.",
		`all([2, 4], # > 1)`, `true`,
	},
	{
		"any", "any(items list, test) bool",
		"Whether the test holds for an item.",
		`any([{ok: false}, {ok: true}], .ok)`, `true`,
	},
	{
		"count", "count(items list, test) int",
		"The number of items for which the test holds.",
		`count([1, 5, 7], # > 4)`, `2`,
	},
	{
		"filter", "filter(items list, test) same",
		"The items for which the test holds.",
		`filter([1, 5, 7], # > 4)`, `[5,7]`,
	},
	{
		"find", "find(items list, test) item?",
		"The first item for which the test holds; null when there is none.",
		`find([1, 5, 7], # > 4)`, `5`,
	},
	{
		"findIndex", "findIndex(items list, test) int?",
		"The place, from 0, of the first item for which the test holds; null when there is none.",
		`findIndex([1, 5, 7], # > 4)`, `1`,
	},
	{
		"findLast", "findLast(items list, test) item?",
		"The last item for which the test holds; null when there is none.",
		`findLast([1, 5, 7], # > 4)`, `7`,
	},
	{
		"findLastIndex", "findLastIndex(items list, test) int?",
		"The place, from 0, of the last item for which the test holds; null when there is none.",
		`findLastIndex([1, 5, 7], # > 4)`, `2`,
	},
	{
		"groupBy", "groupBy(items list, key) object",
		"The items in lists, by the text form of the key.",
		`groupBy([1, 2, 3], # % 2 == 0 ? "even" : "odd")`, `{"even":[2],"odd":[1,3]}`,
	},
	{
		"map", "map(items list, value) list",
		"The value for each item.",
		`map([1, 2], # * 10)`, `[10,20]`,
	},
	{
		"none", "none(items list, test) bool",
		"Whether the test holds for no item.",
		`none([1, 2], # > 2)`, `true`,
	},
	{
		"one", "one(items list, test) bool",
		"Whether the test holds for exactly one item.",
		`one([1, 2], # > 1)`, `true`,
	},
	{
		"sortBy", "sortBy(items list, key, order? text) same",
		`The items in the order of their keys: numbers, or texts by code point. order is "asc" or "desc".`,
		`sortBy([{n: 2}, {n: 1}], .n)`, `[{"n":1},{"n":2}]`,
	},
	{
		"sum", "sum(items list, value?) number",
		"The sum of the items, or of the value for each item; 0 for none.",
		`sum([1, 2, 3.5])`, `6.5`,
	},
}

// IsPredicate reports whether a function takes a predicate.
func IsPredicate(name string) bool {
	return slices.ContainsFunc(predicates, func(d Doc) bool { return d.Name == name })
}
