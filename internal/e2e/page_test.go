package e2e

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/people/link"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	peoplestore "github.com/tocsin-soar/tocsin/internal/store/people"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

const competence = `version: "1"
classes:
  - {name: isolation, title: Take a computer off the network, actions: ["edr.isolate_*"], least: 2}
`

// TestApprovedOnThePage has a lead decide by the link of a mail. He is not qualified
// at first, and no door lets him; when he is, the host is isolated.
func TestApprovedOnThePage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "competence.yaml"), []byte(competence), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startWith(t, settings{"temporal_address": devstacktest.Temporal(t), "policy_dir": dir})
	incident := p.incidentOf(t, p.send(t, sshAlert("1", "web-01", "203.0.113.66", "deploy")))
	approval := p.pendingApproval(t, incident)

	page := p.mailed(t, approval.ID, "soc-lead@lab.invalid")
	status, body := decideOn(t, page, "approve")
	if status != http.StatusForbidden || !strings.Contains(body, "isolation") || !strings.Contains(body, "Nothing was changed") {
		t.Errorf("somebody who is not qualified: %d\n%s", status, body)
	}
	_, err := p.lead.Decide(t.Context(), approval.ID, "decide-by-api", gen.DecisionInput{Decision: gen.Approve, Digest: &approval.Digest, Reason: "by the other door"})
	requireStatus(t, "the same by the API", err, http.StatusForbidden)

	slate, err := p.lead.Approvers(t.Context(), nil, "isolation")
	if err != nil || !slate.Alarm || slate.Classes[0].Able != 0 {
		t.Errorf("nobody is qualified: %+v %v", slate, err)
	}
	_, err = p.lead.QualificationRecord(t.Context(), gen.QualificationInput{Person: "soc-lead@lab.invalid", Class: "isolation", Source: "drill", Title: "Drill", ValidUntil: time.Now().AddDate(1, 0, 0)})
	requireStatus(t, "his own qualification", err, http.StatusForbidden)
	ciso := p.person(t, access.TokenRequest{Name: "ciso", Person: "ciso@lab.invalid", Roles: []soar.Role{soar.RoleCISO}})
	if _, err := ciso.QualificationRecord(t.Context(), gen.QualificationInput{Person: "soc-lead@lab.invalid", Class: "isolation", Source: "drill", Title: "Drill", ValidUntil: time.Now().AddDate(1, 0, 0)}); err != nil {
		t.Fatal(err)
	}
	if status, body = decideOn(t, page, "approve"); status != http.StatusOK || !strings.Contains(body, "You have approved it") {
		t.Fatalf("%d\n%s", status, body)
	}
	eventually(t, "the host is isolated", func() (bool, bool) { return true, p.happened(t)["edr.isolate_host web-01"] == 1 })
	decided, err := p.lead.Approval(t.Context(), approval.ID)
	if err != nil || decided.Status != soar.ApprovalApproved || len(decided.Decisions) != 1 || decided.Decisions[0].Via != "page" || decided.Decisions[0].By.ID != "soc-lead@lab.invalid" {
		t.Errorf("%+v %v", decided, err)
	}
	if got, err := http.Get(page); err != nil || got.StatusCode != http.StatusNotFound {
		t.Errorf("the link opens something after the decision: %v %v", got, err)
	}
	var told []string
	for _, entry := range p.verify(t, incident) {
		told = append(told, entry.Text)
	}
	if all := strings.Join(told, "\n"); !strings.Contains(all, "was refused: ") || !strings.Contains(all, "soc-lead@lab.invalid approved "+approval.ID) {
		t.Errorf("the record says\n%s", all)
	}
}

// mailed gives the link as it would stand in a mail, on the address of this product.
func (p *product) mailed(t *testing.T, approvalID, person string) string {
	t.Helper()
	s := storetest.Open(t, p.settings["database_url"], store.Options{})
	directory := people.New(people.Options{Store: peoplestore.New(s), Tokens: s, Policy: &policy.Policy{}, Now: time.Now})
	url, err := link.New(link.Options{Store: peoplestore.New(s), Approvals: s, People: directory, PublicURL: p.url, Now: time.Now}).Link(t.Context(), approvalID, person)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

var hiddenField = regexp.MustCompile(`name="(seal|digest)" value="([^"]*)"`)

// decideOn fills in the form of the page and sends it, as a browser does.
func decideOn(t *testing.T, page, do string) (status int, body string) {
	t.Helper()
	read := func(got *http.Response, err error) (int, string) {
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		return got.StatusCode, string(text)
	}
	status, body = read(http.Get(page))
	form := url.Values{"do": {do}, "reason": {"seen in the console"}}
	for _, found := range hiddenField.FindAllStringSubmatch(body, 2) {
		form.Set(found[1], found[2])
	}
	if status != http.StatusOK || len(form) != 4 {
		t.Fatalf("the page has no form: %d\n%s", status, body)
	}
	return read(http.PostForm(page, form))
}
