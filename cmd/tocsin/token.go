package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newTokenCommand(c *cli) *cobra.Command {
	return family("token", "Tokens of people and detection tools", "  tocsin token create --name \"wazuh manager\" --source wazuh\n  tocsin token list",
		newTokenCreateCommand(c), newTokenBootstrapCommand(c), newTokenListCommand(c), newTokenRevokeCommand(c))
}

func newTokenCreateCommand(c *cli) *cobra.Command {
	var body gen.TokenInput
	var person, source string
	var roles []string
	var days int
	command := &cobra.Command{
		Use:   "create",
		Short: "Make a token; its secret is shown this once",
		Long: `Make a token for a person with roles, or for a detection tool with one source. The
secret goes to standard output alone, so that it can be sent into a file or a vault.`,
		Example: "  tocsin token create --name \"wazuh manager\" --source wazuh --days 365 > wazuh.token\n  tocsin token create --name \"SOC lead\" --person soc-lead@lab.invalid --role soc_lead",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			body.Person, body.Source, body.ExpiresInDays = given(person), given(source), given(days)
			for _, role := range roles {
				body.Roles = append(body.Roles, soar.Role(role))
			}
			created, err := server.TokenCreate(cmd.Context(), body)
			if err != nil {
				return err
			}
			newPrinter(cmd.ErrOrStderr()).line("token %s for %s, expires %s; the secret is shown this once:", created.Token.ID, actor(created.Token.Actor), orDash(whenSet(created.Token.ExpiresAt)))
			return c.show(cmd, created, func(p *printer) { p.line("%s", created.Secret) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&body.Name, "name", "", "for people to read")
	flags.StringVar(&person, "person", "", "stable id of the person")
	flags.StringVarP(&source, "source", "s", "", "the one source of a detection tool")
	flags.StringSliceVar(&roles, "role", nil, "role of the person; may be repeated")
	flags.StringSliceVar(&body.Scopes, "scope", nil, "only these permissions, as incident:read or incident:*; may be repeated")
	flags.StringSliceVar(&body.Cidrs, "network", nil, "network it may be used from; may be repeated")
	flags.IntVar(&days, "days", 0, "how long it is valid (default 90)")
	_ = command.MarkFlagRequired("name") // the flag is defined above
	command.MarkFlagsOneRequired("person", "source")
	command.MarkFlagsMutuallyExclusive("person", "source")
	return command
}

func newTokenListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List tokens, never their secrets",
		Example: "  tocsin token list",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			tokens, err := server.Tokens(cmd.Context())
			if err != nil {
				return err
			}
			return c.show(cmd, tokens, func(p *printer) {
				rows := make([][]any, len(tokens.Items))
				for i, t := range tokens.Items {
					roles := make([]string, len(t.Roles))
					for n, role := range t.Roles {
						roles[n] = string(role)
					}
					rows[i] = []any{t.ID, tokenState(t, time.Now()), actor(t.Actor), orDash(join(",", roles...)), orDash(whenSet(t.ExpiresAt)), orDash(whenSet(t.LastUsedAt)), cut(t.Name, 40)}
				}
				p.list([]string{"TOKEN", "STATE", "WHO", "ROLES", "EXPIRES", "LAST USED", "NAME"}, rows, nil)
			})
		},
	}
}

func tokenState(t gen.Token, now time.Time) string {
	switch {
	case t.RevokedAt != nil:
		return "revoked"
	case t.ExpiresAt != nil && !now.Before(*t.ExpiresAt):
		return "expired"
	default:
		return "valid"
	}
}

func newTokenRevokeCommand(c *cli) *cobra.Command {
	return c.endCommand(ending{"revoked", (*client.Client).TokenRevoke}, &cobra.Command{
		Use:     "revoke TOKEN",
		Short:   "End a token at once",
		Example: "  tocsin token revoke 4fQ0aZ91xK --reason \"laptop was stolen\"",
	})
}
