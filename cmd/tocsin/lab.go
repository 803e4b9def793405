package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/lab"
)

func newLabCommand() *cobra.Command {
	var listen, effects string
	command := &cobra.Command{
		Use:   "lab",
		Short: "Serve the lab alone: a stand-in EDR, directory, firewall and mailbox",
		Long: "Serve the lab alone: a stand-in EDR, directory, firewall, mailbox and reputation service\n" +
			"for trying playbooks. It is not a product and protects nothing. Its state can be looked at\n" +
			"in a browser; every change is a line of the effects file.\n\n" +
			"The bearer token that connectors use is read from LAB_TOKEN.",
		Example: "  LAB_TOKEN=secret tocsin lab --effects ./effects.jsonl",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			token := os.Getenv("LAB_TOKEN")
			if token == "" {
				return errors.New("LAB_TOKEN is not set: the lab asks its callers for a token, too")
			}
			handler, err := lab.New(lab.Options{Token: token, EffectsFile: effects})
			if err != nil {
				return err
			}
			return serveUntilSignal(cmd, &http.Server{Addr: listen, Handler: handler, ReadHeaderTimeout: 5 * time.Second})
		},
	}
	command.Flags().StringVar(&listen, "listen", "127.0.0.1:8085", "host:port")
	command.Flags().StringVar(&effects, "effects", "", "file that keeps every change; empty: in memory only")
	return command
}

func serveUntilSignal(cmd *cobra.Command, server *http.Server) error {
	stopped := make(chan error, 1)
	go func() { stopped <- server.ListenAndServe() }()
	fmt.Fprintf(cmd.ErrOrStderr(), "the lab (a stand-in, not a product) is at http://%s\n", server.Addr)
	select {
	case err := <-stopped:
		return err
	case <-cmd.Context().Done():
		return server.Close()
	}
}
