package notify

import (
	"context"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Notices gives one page of what was sent to whom. Who may read incidents sees what is
// about those that he may see; who only looks after the installation sees no subjects.
func (s *Service) Notices(ctx context.Context, p soar.Principal, f soar.NoticeFilter) ([]soar.Notice, string, error) {
	const op = "notify.Notices"
	if f.State != "" && !slices.Contains(soar.NoticeStates(), f.State) {
		return nil, "", &soar.Error{Code: soar.CodeInvalid, Op: op, Field: "state", Message: "a delivery does not stand as " + string(f.State) + "; known: " + states()}
	}
	bare := !access.Can(p, access.IncidentRead)
	if bare {
		if err := access.Require(p, access.OperationsRead, op); err != nil {
			return nil, "", err
		}
		f.Viewer = &soar.Viewer{Person: p.Actor.ID}
	} else {
		f.Viewer = access.ViewerOf(p)
	}
	list, next, err := s.o.Ledger.List(ctx, f)
	if bare {
		for i := range list {
			list[i].Subject = ""
		}
	}
	return list, next, err
}

func states() string {
	var words []string
	for _, state := range soar.NoticeStates() {
		words = append(words, string(state))
	}
	return strings.Join(words, ", ")
}

// Notice gives one delivery by its key, as Notices would show it.
func (s *Service) Notice(ctx context.Context, p soar.Principal, key string) (soar.Notice, error) {
	list, _, err := s.Notices(ctx, p, soar.NoticeFilter{Key: key, Page: soar.Page{Limit: 1}})
	if err != nil {
		return soar.Notice{}, err
	}
	if len(list) == 0 {
		return soar.Notice{}, soar.Errorf(soar.CodeNotFound, "notify.Notice", "there is no notification %s that you may see", soar.Shorten(key, 80))
	}
	return list[0], nil
}
