package apitest

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Tokens that the fake refuses.
const (
	TokenExpired = "tocsin_expired"
	TokenUnknown = "tocsin_unknown"
)

// Token gives the text of a token for somebody with these roles; a tool's token
// is bound to the source wazuh.
func Token(roles ...soar.Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return "tocsin_role." + strings.Join(names, ".")
}

// FeedToken gives the text of a token for somebody with this role, of the one scope
// that a calendar needs.
func FeedToken(role soar.Role) string { return Token(role) + "~" + string(access.ClockRead) }

// Authenticate reads the roles out of the token.
func (f *Fake) Authenticate(ctx context.Context, header string, remote netip.Addr) (soar.Principal, error) {
	if err := f.begin(ctx, "Authenticate", "%s", remote); err != nil {
		return soar.Principal{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	token := strings.TrimPrefix(header, "Bearer ")
	names, ok := strings.CutPrefix(token, "tocsin_role.")
	if !ok || f.revoked[token] {
		return soar.Principal{}, soar.Errorf(soar.CodeUnauthenticated, "fake", "a valid token is needed")
	}
	who := soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "somebody@lab.invalid"}, Token: "tok0000009"}
	names, scope, scoped := strings.Cut(names, "~")
	if scoped {
		who.Scopes = []string{scope}
	}
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == '.' }) {
		if !slices.Contains(soar.Roles(), soar.Role(name)) {
			return soar.Principal{}, soar.Errorf(soar.CodeUnauthenticated, "fake", "a valid token is needed")
		}
		who.Roles = append(who.Roles, soar.Role(name))
	}
	if who.Has(soar.RoleTool) {
		who.Actor, who.Source = soar.Actor{Kind: soar.ActorTool, ID: "wazuh"}, "wazuh"
	}
	return who, nil
}

// tokenFake keeps tokens; its method names would collide with those of Fake.
type tokenFake struct{ *Fake }

// Create makes one.
func (f tokenFake) Create(ctx context.Context, _ soar.Principal, request access.TokenRequest) (access.Issued, error) {
	if err := f.begin(ctx, "TokenCreate", "%+v", request); err != nil {
		return access.Issued{}, err
	}
	f.take(ctx, "token tok0000002")
	token := soar.Token{ID: "tok0000002", Name: request.Name, Actor: soar.Actor{Kind: soar.ActorPerson, ID: request.Person}, Roles: request.Roles, Source: request.Source, CreatedAt: Start}
	return access.Issued{Token: token, Text: secret.New("tocsin_tok0000002_secret")}, nil
}

// List gives all.
func (f tokenFake) List(ctx context.Context, _ soar.Principal) ([]soar.Token, error) {
	return f.tokens, f.begin(ctx, "TokenList", "")
}

// Revoke ends one.
func (f tokenFake) Revoke(ctx context.Context, _ soar.Principal, id, reason string) error {
	return f.begin(ctx, "TokenRevoke", "%s %q", id, reason)
}

// playbookFake keeps playbooks.
type playbookFake struct{ *Fake }

// List gives all versions.
func (f playbookFake) List(ctx context.Context, _ soar.Principal, page soar.Page) ([]soar.PlaybookVersion, string, error) {
	return f.playbooks, "", f.begin(ctx, "PlaybookList", "%+v", page)
}

// Versions gives those of one playbook.
func (f playbookFake) Versions(ctx context.Context, _ soar.Principal, name string) ([]soar.PlaybookVersion, error) {
	if err := f.begin(ctx, "PlaybookVersions", "%s", name); err != nil || name != Playbook {
		return nil, or(err, notFound("playbook"))
	}
	return f.playbooks, nil
}

// Publish takes any text but one with the word broken in it.
func (f playbookFake) Publish(ctx context.Context, p soar.Principal, name string, source []byte) (soar.PlaybookVersion, diag.List, error) {
	if err := f.begin(ctx, "PlaybookPublish", "%s %d bytes", name, len(source)); err != nil {
		return soar.PlaybookVersion{}, nil, err
	}
	_, found, _ := f.Lint(source)
	version := playbooks()[0]
	version.Playbook, version.PublishedBy, version.Digest = name, p.Actor, digestOf(string(source))
	return version, found, nil
}

// Lint finds the word broken.
func (f playbookFake) Lint(source []byte) ([]byte, diag.List, error) {
	for i, line := range strings.Split(string(source), "\n") {
		if at := strings.Index(line, "broken"); at >= 0 {
			return nil, diag.List{{Position: diag.Position{File: "playbook.yaml", Line: i + 1, Column: at + 1}, Length: 6, Level: diag.Error, Rule: "syntax", Message: "this is broken", Hint: "mend it"}}, nil
		}
	}
	return []byte(`{"playbook":"ssh_brute_force"}`), nil, nil
}
