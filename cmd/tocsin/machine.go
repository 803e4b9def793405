package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/demo"
)

func newDevCommand() *cobra.Command {
	var options demo.Options
	command := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine, with the lab to act on",
		Long: "Run everything on this machine: a private PostgreSQL, a Temporal server with its UI, the lab,\n" +
			"and the product. Data is kept in --dir. Ctrl-C stops all of it.",
		Example: "  tocsin dev\n  tocsin dev --temporal 127.0.0.1:7233   # use a Temporal that runs already",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withMachine(cmd, options, func(m *demo.Machine) error {
				m.Introduce(cmd.OutOrStdout())
				<-cmd.Context().Done()
				return nil
			})
		},
	}
	addMachineFlags(command, &options)
	return command
}

func newDemoCommand() *cobra.Command {
	var options demo.Options
	auto := os.Getenv("DEMO_AUTO") == "1"
	command := &cobra.Command{
		Use:   "demo",
		Short: "Show the product on this machine: two alerts become two closed incidents",
		Long: "Run everything on this machine as dev does, then send a Wazuh alert and a phishing report and\n" +
			"walk through what follows. It waits where a person is needed and says what to type in a second\n" +
			"terminal; with --auto (DEMO_AUTO=1) it answers by itself and ends with 0 only when both incidents\n" +
			"are closed and their records verify.",
		Example: "  tocsin demo\n  DEMO_AUTO=1 tocsin demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withMachine(cmd, options, func(m *demo.Machine) error {
				if err := m.Walk(cmd.Context(), cmd.OutOrStdout(), auto); err != nil || auto {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), "\nEverything goes on running. Ctrl-C stops it.")
				<-cmd.Context().Done()
				return nil
			})
		},
	}
	command.Flags().BoolVar(&auto, "auto", auto, "answer approvals and tasks by itself, then stop (DEMO_AUTO=1)")
	addMachineFlags(command, &options)
	return command
}

func addMachineFlags(command *cobra.Command, options *demo.Options) {
	flags := command.Flags()
	flags.StringVar(&options.Dir, "dir", ".tocsin", "folder that keeps all data")
	flags.StringVar(&options.Listen, "listen", "127.0.0.1:8080", "host:port of the API")
	flags.StringVar(&options.LabListen, "lab-listen", "127.0.0.1:8085", "host:port of the lab")
	flags.StringVar(&options.PostgresURL, "postgres", os.Getenv("TOCSIN_DATABASE_URL"), "URL of a PostgreSQL to use; empty: a private one (TOCSIN_DATABASE_URL)")
	flags.StringVar(&options.TemporalAddress, "temporal", os.Getenv("TOCSIN_TEMPORAL_ADDRESS"), "host:port of a Temporal to use; empty: a private one (TOCSIN_TEMPORAL_ADDRESS)")
}

// withMachine starts the machine, runs do until it ends or a part dies, and stops
// everything. Ctrl-C ends cmd's context and with it do.
func withMachine(cmd *cobra.Command, options demo.Options, do func(*demo.Machine) error) (err error) {
	ctx := cmd.Context()
	options.Out = cmd.OutOrStdout()
	machine, err := demo.Start(ctx, options)
	if err != nil {
		return explain(cmd, err)
	}
	defer func() {
		fmt.Fprintln(cmd.OutOrStdout(), "stopping")
		if stopErr := machine.Stop(); err == nil {
			err = stopErr
		}
	}()
	done := make(chan error, 1)
	go func() { done <- do(machine) }()
	select {
	case err := <-done:
		if ctx.Err() != nil { // Ctrl-C is a fine way to end
			return nil
		}
		return err
	case err := <-machine.Failed():
		return err
	}
}
