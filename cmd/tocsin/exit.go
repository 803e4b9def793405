package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Exit codes. They stand in the help of the root command: add, never change.
const (
	exitOK          = 0
	exitFailed      = 1 // also: the linter found something
	exitUsage       = 2 // also: a file cannot be read
	exitIntegrity   = 3 // also: conflict
	exitIncomplete  = 4
	exitVersion     = 5
	exitDenied      = 6
	exitNotFound    = 7
	exitUnavailable = 8
	exitInterrupted = 130
)

// exit is an error with a code of its own. An empty message was told already.
type exit struct {
	code    int
	message string
	hint    string
}

// Error gives the message.
func (e *exit) Error() string { return e.message }

func usage(format string, args ...any) error {
	return &exit{code: exitUsage, message: fmt.Sprintf(format, args...)}
}

// finish tells why a command failed and gives the exit code.
func finish(root *cobra.Command, err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	out := root.ErrOrStderr()
	if own, ok := errors.AsType[*exit](err); ok {
		tell(out, own.message, own.hint)
		return own.code
	}
	if fault, ok := errors.AsType[*client.Error](err); ok {
		return finishFault(out, fault)
	}
	tell(out, err.Error(), hintFor(err))
	if code := codeFor(soar.CodeOf(err)); code != 0 && soar.CodeOf(err) != soar.CodeInternal {
		return code
	}
	if isUsage(err) {
		return exitUsage
	}
	return exitFailed
}

func finishFault(out io.Writer, fault *client.Error) int {
	message := fault.Message
	if len(fault.Errors) > 1 {
		var all []string
		for _, one := range fault.Errors {
			all = append(all, strings.TrimPrefix(one.Field+" "+one.Message, " "))
		}
		message = strings.Join(all, "; ")
	}
	hint := ""
	switch {
	case fault.Status == 0:
		hint = `is it running? start one with "tocsin dev", or say where it is with --url or TOCSIN_URL`
	case fault.Code == soar.CodeUnauthenticated:
		hint = "give a token with --token-file, TOCSIN_TOKEN or ~/.config/tocsin/cli.yaml"
	case fault.Code == soar.CodeInternal:
		hint = "the server's log has more under request " + fault.RequestID
	}
	tell(out, message, hint)
	return max(codeFor(fault.Code), exitFailed)
}

func tell(out io.Writer, message, hint string) {
	if message != "" {
		fmt.Fprintf(out, "error: %s\n", diag.Escape(message))
	}
	if hint != "" {
		fmt.Fprintf(out, "hint: %s\n", diag.Escape(hint))
	}
}

// codeFor translates the code of an error.
func codeFor(code soar.Code) int {
	switch code {
	case soar.CodeInvalid:
		return exitUsage
	case soar.CodeUnauthenticated, soar.CodeDenied:
		return exitDenied
	case soar.CodeNotFound:
		return exitNotFound
	case soar.CodeConflict:
		return exitIntegrity
	case soar.CodeLimited, soar.CodeUnavailable:
		return exitUnavailable
	default:
		return exitFailed
	}
}

// isUsage tells whether cobra refused the command line. Its errors have no type.
func isUsage(err error) bool {
	for _, start := range []string{"unknown command", "unknown flag", "required flag", "invalid argument", "flag needs", "if any flags in the group", "at least one of the flags"} {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}

func hintFor(err error) string {
	if strings.HasPrefix(err.Error(), "required flag") {
		return "add --help to see how it is used"
	}
	return ""
}

const manyWords = 1 << 16

// words takes that many words after the command's name, and else says how it is
// written.
func words(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		path := cmd.CommandPath()
		return &exit{
			code: exitUsage, message: fmt.Sprintf("expected: %s%s", path, strings.TrimPrefix(cmd.Use, cmd.Name())),
			hint: fmt.Sprintf("%q has examples", path+" --help"),
		}
	}
}

// noSuchCommand refuses words that are no subcommand, and guesses which was meant.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			known = append(known, child.Name())
		}
	}
	hint := diag.DidYouMean(args[0], known)
	if hint == "" {
		hint = fmt.Sprintf("%q lists what there is", cmd.CommandPath()+" --help")
	}
	return &exit{code: exitUsage, message: fmt.Sprintf("%s has no command %q", cmd.CommandPath(), args[0]), hint: hint}
}
