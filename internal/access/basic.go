package access

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// BasicToken gives the token that stands as the password of an Authorization header
// of the scheme Basic; the user name means nothing. ok is false for other schemes; a
// header of this one that cannot be read gives an empty token.
func BasicToken(header string) (token string, ok bool) {
	const scheme = "basic "
	header = strings.TrimSpace(header)
	if len(header) < len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return "", false
	}
	pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(header[len(scheme):]))
	if err != nil {
		return "", true
	}
	_, token, _ = strings.Cut(string(pair), ":")
	return token, true
}

// OnlyFor tells whether the principal's token has the permission as its one scope, so
// that it may be sent by Basic where a program cannot send it otherwise.
func OnlyFor(p soar.Principal, permission Permission) bool {
	return slices.Equal(p.Scopes, []string{string(permission)})
}

// BoundTool tells whether the principal is a detection tool that speaks for one
// source and is nothing else. Only such a one, and one that is OnlyFor
// what it asks, may send its token by Basic: browsers keep and repeat what they were once given by that scheme.
func BoundTool(p soar.Principal) bool {
	return p.Source != "" && slices.Equal(p.Roles, []soar.Role{soar.RoleTool})
}
