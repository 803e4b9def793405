package clocks

import (
	"fmt"
	"strings"
)

// fill puts constant SQL of this package into constant SQL of this package.
func fill(query string, parts ...any) string { return fmt.Sprintf(query, parts...) }

// each gives the expressions once for each column, which stands for $.
func each(expressions string, columns ...string) string {
	out := make([]string, len(columns))
	for i, column := range columns {
		out[i] = strings.ReplaceAll(expressions, "$", column)
	}
	return strings.Join(out, ", ")
}
