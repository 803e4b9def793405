package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// newTokenBootstrapCommand makes a token without a server: whoever can reach the
// database may.
func newTokenBootstrapCommand(c *cli) *cobra.Command {
	var request access.TokenRequest
	var roles []string
	command := &cobra.Command{
		Use:   "bootstrap",
		Short: "Make the first token, straight in the database",
		Long: `Make a token straight in the database, with the server's configuration. It is for the
first administrator of an installation; everybody else gets one by "tocsin token create".
The record says which account of this machine did it.`,
		Example: "  tocsin token bootstrap --name \"first administrator\" --person admin@soc.example --role admin",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			for _, role := range roles {
				request.Roles = append(request.Roles, soar.Role(role))
			}
			issued, err := app.FirstToken(cmd.Context(), config, request)
			if err != nil {
				return err
			}
			newPrinter(cmd.ErrOrStderr()).line("token %s for %s; the secret is shown this once:", issued.Token.ID, actor(issued.Token.Actor))
			made := struct {
				ID     string `json:"id"`
				Secret string `json:"secret"`
			}{issued.Token.ID, issued.Text.Reveal()}
			return c.show(cmd, made, func(p *printer) { p.line("%s", made.Secret) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&request.Name, "name", "", "for people to read")
	flags.StringVar(&request.Person, "person", "", "stable id of the person")
	flags.StringVarP(&request.Source, "source", "s", "", "the one source of a detection tool")
	flags.StringSliceVar(&roles, "role", nil, "role of the person; may be repeated")
	_ = command.MarkFlagRequired("name") // the flag is defined above
	command.MarkFlagsOneRequired("person", "source")
	command.MarkFlagsMutuallyExclusive("person", "source")
	addConfigFlag(command)
	return command
}
