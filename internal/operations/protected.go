package operations

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of the list.
const (
	maxProtected = 5000
	minReason    = 3 // characters
)

// Protected gives the site's list, sorted by class and pattern. The product's own
// entries (guard.Builtin) are not in it.
func (s *Service) Protected(ctx context.Context, p soar.Principal) ([]soar.Protected, error) {
	if err := access.Require(p, access.ConfigRead, "operations.Protected"); err != nil {
		return nil, err
	}
	return s.store.ProtectedList(ctx)
}

// Protect puts a new list in the place of before, with a reason, and gives it as
// it stands then. It is a conflict when the list is not before any more. What
// comes off it is named in the record.
func (s *Service) Protect(ctx context.Context, p soar.Principal, before, after []soar.Protected, reason string) ([]soar.Protected, error) {
	const op = "operations.Protect"
	if err := access.Require(p, access.ConfigWrite, op); err != nil {
		return nil, err
	}
	if reason = strings.TrimSpace(reason); utf8.RuneCountInString(reason) < minReason {
		return nil, invalid(op, "reason", "say why, in at least %d characters: it goes into the record", minReason)
	}
	after = slices.Clone(after)
	if err := check(op, after); err != nil {
		return nil, err
	}
	slices.SortFunc(after, func(a, b soar.Protected) int {
		return cmp.Or(strings.Compare(a.Class, b.Class), strings.Compare(a.Pattern, b.Pattern))
	})
	added, removed := without(after, before), without(before, after)
	event := record.Payload{
		At: s.now().UTC(), Kind: protocol.EventProtectedChanged, By: p.Actor,
		Text: soar.Shorten(fmt.Sprintf("Protected targets: %d added, %d taken off by %s: %s", len(added), len(removed), p.Actor.ID, reason), 500),
		Data: data(map[string]any{"added": added, "removed": removed, "reason": reason, "token": p.Token}),
	}
	if err := s.store.ProtectedReplace(ctx, before, after, event); err != nil {
		return nil, err
	}
	return s.store.ProtectedList(ctx)
}

// check refuses what would protect nothing: an address that is none, an empty
// pattern.
func check(op string, list []soar.Protected) error {
	if len(list) > maxProtected {
		return invalid(op, "items", "the list has %d entries, at most %d are kept", len(list), maxProtected)
	}
	seen := map[[2]string]bool{}
	for i, entry := range list {
		field := fmt.Sprintf("/items/%d", i)
		key := [2]string{entry.Class, entry.Pattern}
		switch {
		case strings.TrimSpace(entry.Class) == "" || strings.TrimSpace(entry.Pattern) != entry.Pattern || entry.Pattern == "":
			return invalid(op, field, "entry %d needs a class and a pattern without spaces around it", i+1)
		case strings.TrimSpace(entry.Reason) == "":
			return invalid(op, field+"/reason", "say why %s is protected", soar.Shorten(entry.Pattern, 100))
		case entry.Class == guard.ClassAddress && !isAddress(entry.Pattern):
			return invalid(op, field+"/pattern", "%s is neither an address nor a network such as 10.0.0.0/8", soar.Shorten(entry.Pattern, 100))
		case seen[key]:
			return invalid(op, field, "%s %s is in the list twice", entry.Class, soar.Shorten(entry.Pattern, 100))
		}
		seen[key] = true
	}
	return nil
}

func isAddress(text string) bool {
	_, network := netip.ParsePrefix(text)
	_, address := netip.ParseAddr(text)
	return network == nil || address == nil
}

// without gives what is in one list and not in the other.
func without(list, other []soar.Protected) []soar.Protected {
	return slices.DeleteFunc(slices.Clone(list), func(p soar.Protected) bool { return slices.Contains(other, p) })
}

func invalid(op, field, format string, args ...any) error {
	fault := soar.Errorf(soar.CodeInvalid, op, format, args...)
	fault.Field = field
	return fault
}
