package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/app"
)

const keyLong = `Keys that encrypt what incidents keep in Temporal. To change the key:

  1. "tocsin key new --out FILE", and add it to encryption_keys of every process.
  2. Restart all. Now every process can read what the new key will encrypt.
  3. Set encryption_active_key to the new one, and restart all again.
  4. When every incident that was opened before has ended and its history is past
     retention: "tocsin key retire OLD", and take OLD out of encryption_keys.

A process whose keys do not read what is in Temporal refuses to start and says
which key it lacks. Keep a copy of every key apart from the database.`

func newKeyCommand() *cobra.Command {
	command := family("key", "Make and retire keys that encrypt payloads in Temporal", "  tocsin key new --out 2026.key", newKeyNewCommand(), newKeyRetireCommand())
	command.Long = keyLong
	return command
}

func newKeyNewCommand() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:     "new",
		Short:   "Make a key: 32 random bytes in base64",
		Example: "  tocsin key new --out /etc/tocsin/2026.key",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := app.NewPayloadKey()
			if err != nil {
				return err
			}
			if out == "" {
				fmt.Fprintln(cmd.OutOrStdout(), key.Reveal())
				return nil
			}
			file, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // never over another key
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintln(file, key.Reveal()); err != nil {
				file.Close()
				return err
			}
			return file.Close()
		},
	}
	command.Flags().StringVar(&out, "out", "", "new file to write it to, readable by you alone; empty: print it")
	return command
}

func newKeyRetireCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "retire ID",
		Short: "Tell that no payload that matters is encrypted under a key",
		Long: "Tell that no payload that matters is encrypted under a key, so that processes start without it.\n" +
			"Incidents that still run and have something under it stand still until the key is back.",
		Example: "  tocsin key retire 2025 --config tocsin.yaml",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := app.RetirePayloadKey(cmd.Context(), config, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "the key %s is retired\n", args[0])
			return nil
		},
	}
	addConfigFlag(command)
	return command
}
