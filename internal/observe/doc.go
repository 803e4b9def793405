// Package observe is how the process tells what it does: its version, and logs
// as log/slog with secrets redacted and control characters escaped.
package observe
