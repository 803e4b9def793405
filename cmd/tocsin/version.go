package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/observe"
)

func newVersionCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this build",
		Example: "  tocsin version",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			built := map[string]string{"version": observe.Version(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
			return c.show(cmd, built, func(p *printer) {
				p.line("tocsin %s (%s, %s)", built["version"], built["go"], built["platform"])
			})
		},
	}
}
