package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newPersonCommand(c *cli) *cobra.Command {
	return family("person", "People who take part, and their roles",
		"  tocsin person list\n  tocsin person set ada@lab.invalid --name Ada --role soc_lead --zone Europe/Zurich --reason \"joins the night shift\"\n  tocsin person deactivate ada@lab.invalid --reason \"has left\"",
		newPersonListCommand(c), newPersonShowCommand(c), newPersonSetCommand(c), newPersonDeactivateCommand(c))
}

func newPersonListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List people, also those who have tokens only",
		Example: "  tocsin person list",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			people, err := server.People(cmd.Context())
			if err != nil {
				return err
			}
			return c.show(cmd, people, func(p *printer) {
				rows := make([][]any, len(people.Items))
				for i, one := range people.Items {
					rows[i] = []any{one.ID, personState(one), orDash(roleNames(one)), orDash(one.Zone), cut(one.Name, 40)}
				}
				p.list([]string{"PERSON", "STATE", "ROLES", "ZONE", "NAME"}, rows, nil)
			})
		},
	}
}

func personState(p gen.Person) string {
	switch {
	case !p.Active:
		return "left"
	case p.UpdatedAt.IsZero():
		return "token" // known by tokens only
	default:
		return "active"
	}
}

func roleNames(p gen.Person) string {
	names := make([]string, len(p.Roles))
	for i, grant := range p.Roles {
		names[i] = string(grant.Role)
	}
	return strings.Join(names, ",")
}

func newPersonShowCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "show PERSON",
		Short:   "Show one person with roles, qualifications and absences",
		Example: "  tocsin person show ada@lab.invalid",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			person, _, err := server.Person(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			qualifications, err := server.Qualifications(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			absences, err := server.Absences(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			all := map[string]any{"person": person, "qualifications": qualifications.Items, "absences": absences.Items}
			return c.show(cmd, all, func(p *printer) {
				printPerson(p, *person)
				p.section("Qualifications")
				printQualifications(p, qualifications.Items)
				p.section("Absences")
				printAbsences(p, absences.Items)
			})
		},
	}
}

func printPerson(p *printer, one gen.Person) {
	p.fields("person", one.ID, "name", one.Name, "state", personState(one), "email", one.Email, "zone", one.Zone)
	for _, grant := range one.Roles {
		p.line("role    %s  since %s", grant.Role, when(grant.Since))
	}
}

func newPersonSetCommand(c *cli) *cobra.Command {
	var name, email, zone, reason string
	var roles []string
	command := &cobra.Command{
		Use:   "set PERSON",
		Short: "Add a person to the directory, or change how he stands there",
		Long: `Add a person to the directory, or change how he stands there. What is not given stays as
it is. --role names all the roles that the person holds from now on. PERSON is the stable
id that tokens and decisions name him by, usually the mail address.`,
		Example: "  tocsin person set ada@lab.invalid --name Ada --role soc_lead --zone Europe/Zurich --reason \"joins the night shift\"\n  tocsin person set ada@lab.invalid --role soc_lead,incident_commander --reason \"also commands from March\"",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.personEdit(cmd, args[0], true, func(body *gen.PersonInput) {
				for flag, field := range map[string]struct {
					to    *string
					value string
				}{"name": {&body.Name, name}, "email": {body.Email, email}, "zone": {body.Zone, zone}} {
					if cmd.Flags().Changed(flag) {
						*field.to = field.value
					}
				}
				if cmd.Flags().Changed("role") {
					body.Roles = asRoles(roles)
				}
				body.Active, body.Reason = true, reason
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&name, "name", "", "for people to read (default for a new person: the id)")
	flags.StringVar(&email, "email", "", "mail address (default for a new person: the id, if it is one)")
	flags.StringVar(&zone, "zone", "", "time zone, such as Europe/Zurich")
	flags.StringSliceVar(&roles, "role", nil, "role; may be repeated")
	flags.StringVarP(&reason, "reason", "r", "", "why; it goes into the record")
	_ = command.MarkFlagRequired("reason") // the flag is defined above
	return command
}

func asRoles(words []string) []gen.Role {
	roles := []gen.Role{}
	for _, word := range words {
		if word != "" {
			roles = append(roles, soar.Role(word))
		}
	}
	return roles
}

func newPersonDeactivateCommand(c *cli) *cobra.Command {
	var reason string
	command := &cobra.Command{
		Use:     "deactivate PERSON",
		Short:   "Take all roles and tokens from who has left",
		Example: "  tocsin person deactivate ada@lab.invalid --reason \"has left\"",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.personEdit(cmd, args[0], false, func(body *gen.PersonInput) {
				body.Active, body.Roles, body.Reason = false, []gen.Role{}, reason
			})
		},
	}
	command.Flags().StringVarP(&reason, "reason", "r", "", "why; it goes into the record")
	_ = command.MarkFlagRequired("reason") // the flag is defined above
	return command
}

// personEdit reads a person, changes him and writes him back, which fails when somebody
// else has changed him meanwhile. Where fresh is set there may be nobody yet.
func (c *cli) personEdit(cmd *cobra.Command, id string, fresh bool, change func(*gen.PersonInput)) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	person, tag, err := server.Person(cmd.Context(), id)
	if fault, ok := errors.AsType[*client.Error](err); ok && fault.Code == soar.CodeNotFound && fresh {
		person, tag, err = &gen.Person{ID: id, Name: id}, "", nil
		if strings.Contains(id, "@") {
			person.Email = id
		}
	}
	if err != nil {
		return err
	}
	body := gen.PersonInput{Name: person.Name, Email: &person.Email, Zone: &person.Zone, Roles: slices.Clone(person.RoleNames()), Active: person.Active}
	change(&body)
	saved, err := server.PersonPut(cmd.Context(), id, tag, body)
	if err != nil {
		return err
	}
	return c.show(cmd, saved, func(p *printer) { printPerson(p, *saved) })
}
