package devstack

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// sayer writes lines for a person.
type sayer func(format string, args ...any)

// sayTo returns a sayer whose lines begin with the server's name.
func sayTo(w io.Writer, name string) sayer {
	if w == nil {
		return func(string, ...any) {}
	}
	return func(format string, args ...any) {
		// One Write per line, so that lines of two servers do not mix.
		_, _ = io.WriteString(w, name+": "+fmt.Sprintf(format, args...)+"\n")
	}
}

// oneAtATime makes a writer safe for both servers at once.
func oneAtATime(w io.Writer) io.Writer {
	if w == nil {
		return nil
	}
	return &lockedWriter{w: w}
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// tailSize is how much of a server's last words an error quotes.
const tailSize = 2048

// tailBuffer keeps the end of what was written to it. It is safe for
// concurrent use.
type tailBuffer struct {
	mu   sync.Mutex
	kept []byte
}

func (b *tailBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, p...)
	if over := len(b.kept) - tailSize; over > 0 {
		b.kept = append(b.kept[:0], b.kept[over:]...)
	}
	return len(p), nil
}

func (b *tailBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.TrimSpace(string(b.kept))
}

// quote renders a server's last words for the end of an error message.
func quote(words string) string {
	if words = strings.TrimSpace(words); words == "" {
		return ""
	}
	return "\n\t" + strings.ReplaceAll(words, "\n", "\n\t")
}
