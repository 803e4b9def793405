package link_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/people/link"
	"github.com/tocsin-soar/tocsin/internal/soar"
	peoplestore "github.com/tocsin-soar/tocsin/internal/store/people"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// approvals and people say what the rows of the table are about.
type approvals map[string]soar.Approval

func (a approvals) one(id string) (soar.Approval, error) {
	if found, ok := a[id]; ok {
		return found, nil
	}
	return soar.Approval{}, soar.Errorf(soar.CodeNotFound, "test", "there is none")
}

type people map[string]soar.Person

func (p people) one(id string) (soar.Person, error) {
	if found, ok := p[id]; ok {
		return found, nil
	}
	return soar.Person{}, soar.Errorf(soar.CodeNotFound, "test", "there is none")
}

func links(t *testing.T, url string) *link.Links {
	t.Helper()
	return link.New(link.Options{
		Store: peoplestore.New(storetest.New(t)), PublicURL: url, Now: func() time.Time { return noon },
		Approvals: known{approvals{
			"APR-1": {ID: "APR-1", IncidentID: "INC-1", Status: soar.ApprovalPending, ExpiresAt: noon.Add(time.Hour)},
			"APR-2": {ID: "APR-2", IncidentID: "INC-1", Status: soar.ApprovalDenied, ExpiresAt: noon.Add(time.Hour)},
			"APR-3": {ID: "APR-3", IncidentID: "INC-1", Status: soar.ApprovalPending, ExpiresAt: noon},
		}, nil},
		People: known{nil, people{"ada": {ID: "ada", Active: true}, "gone": {ID: "gone"}}},
	})
}

func TestALinkIsForOnePersonAndOneApproval(t *testing.T) {
	t.Parallel()
	l := links(t, "https://tocsin.lab.invalid/")
	first, err := l.Link(t.Context(), "APR-1", "ada")
	if err != nil {
		t.Fatal(err)
	}
	second, err := l.Link(t.Context(), "APR-1", "ada")
	if err != nil || first == second {
		t.Fatalf("two links are %q and %q, %v", first, second, err)
	}
	token, ok := strings.CutPrefix(first, "https://tocsin.lab.invalid/approve/")
	if !ok || len(token) < 26 {
		t.Fatalf("the link is %q", first)
	}
	opened, err := l.Open(t.Context(), token)
	if err != nil || opened.Person.ID != "ada" || opened.ApprovalID != "APR-1" || opened.IncidentID != "INC-1" || opened.UsedAt != nil || !opened.ExpiresAt.Equal(noon.Add(time.Hour)) {
		t.Fatalf("%+v %v", opened, err)
	}
	other, err := l.Open(t.Context(), strings.TrimPrefix(second, "https://tocsin.lab.invalid/approve/"))
	if err != nil || other.DecisionID == opened.DecisionID || other.Seal("d") == opened.Seal("d") || opened.Seal("d") == opened.Seal("e") {
		t.Errorf("two links share what they decide with: %v", err)
	}
	if strings.Contains(opened.DecisionID, token) || strings.Contains(opened.Seal("d"), token) {
		t.Error("the token is shown")
	}
	for range 2 {
		if err := l.Use(t.Context(), opened); err != nil {
			t.Fatal(err)
		}
	}
	if opened, err = l.Open(t.Context(), token); err != nil || opened.UsedAt == nil || !opened.UsedAt.Equal(noon) {
		t.Errorf("%+v %v", opened, err)
	}
	for name, wrong := range map[string]string{
		"empty": "", "another": strings.Repeat("A", 26), "lower": strings.ToLower(token), "longer": token + "A", "shorter": token[1:], "NUL": token[:25] + "\x00",
	} {
		if _, err := l.Open(t.Context(), wrong); soar.CodeOf(err) != soar.CodeNotFound || soar.MessageOf(err) != "this link is not known" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLinksThatAreNotMade(t *testing.T) {
	t.Parallel()
	l := links(t, "https://tocsin.lab.invalid")
	for name, row := range map[string]struct {
		approval, person string
		code             soar.Code
	}{
		"no approval": {"APR-9", "ada", soar.CodeNotFound}, "nobody": {"APR-1", "bob", soar.CodeNotFound}, "has left": {"APR-1", "gone", soar.CodeConflict},
		"decided": {"APR-2", "ada", soar.CodeConflict}, "expired": {"APR-3", "ada", soar.CodeConflict},
	} {
		if url, err := l.Link(t.Context(), row.approval, row.person); soar.CodeOf(err) != row.code || url != "" {
			t.Errorf("%s: %q %v", name, url, err)
		}
	}
	off := links(t, "")
	if url, err := off.Link(t.Context(), "APR-1", "ada"); url != "" || err != nil {
		t.Errorf("turned off: %q %v", url, err)
	}
	if _, err := off.Open(t.Context(), strings.Repeat("A", 26)); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("turned off: %v", err)
	}
}
