package main

import (
	"fmt"
	"io"
	"time"
)

// tally counts what was promised and what was seen.
type tally struct {
	out    io.Writer
	began  time.Time
	kept   int
	broken []string
}

// check notes one promise; err says how it was broken.
func (t *tally) check(what string, err error) bool {
	took := time.Since(t.began).Round(100 * time.Millisecond)
	if err != nil {
		t.broken = append(t.broken, what+": "+err.Error())
		fmt.Fprintf(t.out, "  %8s  BROKEN  %s: %v\n", took, what, err)
		return false
	}
	t.kept++
	fmt.Fprintf(t.out, "  %8s  ok      %s\n", took, what)
	return true
}

// title begins a part.
func (t *tally) title(format string, values ...any) {
	fmt.Fprintf(t.out, "\n"+format+"\n", values...)
}

// want gives an error unless it is so.
func want(so bool, format string, values ...any) error {
	if so {
		return nil
	}
	return fmt.Errorf(format, values...)
}
