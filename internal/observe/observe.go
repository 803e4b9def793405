package observe

import (
	"io"
	"log/slog"
	"runtime/debug"
)

// version is set by the linker; see the Makefile.
var version string

// Version gives the version of this build: the tag or commit it was made from.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "dev"
}

// NewLogger makes the process's logger. Format is text or json. Both handlers
// quote control characters, so that text of an attacker cannot forge a line.
func NewLogger(out io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}
