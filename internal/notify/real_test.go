package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors"
	"github.com/tocsin-soar/tocsin/internal/notify/way"
	"github.com/tocsin-soar/tocsin/internal/notify/way/waytest"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// use puts the real way over a connector of this build in the place of a fake.
func (w *world) use(name, kind string, settings, secrets map[string]string) {
	w.t.Helper()
	all, err := connectors.All(connectors.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	config := connector.Config{Instance: name, Settings: settings, Secrets: map[string]secret.String{}}
	for setting, value := range secrets {
		config.Secrets[setting] = secret.New(value)
	}
	registry := connector.NewRegistry()
	for _, one := range all {
		if one.Manifest().Connector == kind {
			if err := registry.Open(one, config); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	instance, described, _ := registry.Find(name)
	made, err := way.Over(name, instance, described)
	if err != nil {
		w.t.Fatal(err)
	}
	w.real = append(w.real, made)
	w.service = w.open()
}

// texts gives what a chain of the record says, after it verified.
func (w *world) texts(chain string) (texts []string) {
	w.t.Helper()
	entries, err := w.store.RecordList(w.t.Context(), chain, 0, 100)
	if err != nil || !record.Verify(entries).OK() {
		w.t.Fatalf("the chain %s does not verify: %v", chain, err)
	}
	for _, entry := range entries {
		payload, err := record.ParsePayload(entry.Payload)
		if err != nil {
			w.t.Fatal(err)
		}
		texts = append(texts, payload.Text)
	}
	return texts
}

// TestRealMail: what a real mail server may do to a message, and whether it is sent
// again, goes the next way, or may have arrived; the record says which.
func TestRealMail(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		prepare  func(*waytest.MailServer)
		mend     func(*waytest.MailServer) // before the second round; nil: there is none
		rounds   int
		settings map[string]string
		states   []string
		mails    int
		record   string // part of an entry
	}{
		{name: "taken", rounds: 1, states: []string{lead + "/email=sent"}, mails: 1, record: "Told " + lead + " by email"},
		{
			name: "the server is down", prepare: (*waytest.MailServer).Close, rounds: 3,
			states: []string{lead + "/email=failed", lead + "/slack=sent"}, record: "could not be told by email: no connection to the mail server",
		},
		{
			name: "busy, then not", prepare: func(m *waytest.MailServer) { m.Refuse("data", 451) }, mend: func(m *waytest.MailServer) { m.Refuse("data", 0) }, rounds: 2,
			states: []string{lead + "/email=sent"}, mails: 1, record: "Told " + lead + " by email",
		},
		{
			name: "the mailbox is full for good", prepare: func(m *waytest.MailServer) { m.Refuse(lead, 452) }, rounds: 3,
			states: []string{lead + "/email=failed", lead + "/slack=sent"}, record: "cannot take the message now",
		},
		{
			name: "refused", prepare: func(m *waytest.MailServer) { m.Refuse("data", 554) }, rounds: 1,
			states: []string{lead + "/email=failed", lead + "/slack=sent"}, record: "refuses the message",
		},
		{
			name: "no such recipient", prepare: func(m *waytest.MailServer) { m.Refuse(lead, 550) }, rounds: 1,
			states: []string{lead + "/email=failed", lead + "/slack=sent"}, record: "refuses the message",
		},
		{
			name: "a certificate of somebody else", settings: map[string]string{"ca": ""}, rounds: 1,
			states: []string{lead + "/email=failed", lead + "/slack=sent"}, record: "certificate is not trusted",
		},
		{
			name: "cut before the message", prepare: func(m *waytest.MailServer) { m.Cut("mail", 1) }, rounds: 2,
			states: []string{lead + "/email=sent"}, mails: 1, record: "Told " + lead + " by email",
		},
		{
			name: "cut after the message", prepare: func(m *waytest.MailServer) { m.Cut("data", 1) }, rounds: 2,
			states: []string{lead + "/email=sent"}, mails: 2, record: "It is not known whether " + lead + " was told by email: the connection ended while the message was handed over; it is sent again under the same key",
		},
		{
			name: "cut after the message, each time", prepare: func(m *waytest.MailServer) { m.Cut("data", 9) }, rounds: 3,
			states: []string{lead + "/email=unknown", lead + "/slack=sent"}, mails: 3, record: "It is not known whether " + lead + " was told by email",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			server := waytest.NewMailServer(t)
			w := newWorld(t, order("email", "slack"))
			settings := map[string]string{"server": server.Address, "ca": server.CA, "from": "tocsin@soc.test"}
			for name, value := range row.settings {
				settings[name] = value
			}
			w.use("email", "smtp", settings, nil)
			if row.prepare != nil {
				row.prepare(server)
			}
			m := note(1)
			m.IncidentID = ""
			for n := range row.rounds {
				if n == 1 && row.mend != nil {
					row.mend(server)
				}
				if err := w.deliver(m); (err != nil) != (n+1 < row.rounds) || err != nil && soar.CodeOf(err) != soar.CodeUnavailable {
					t.Fatalf("round %d: %v", n, err)
				}
			}
			if diff := cmp.Diff(row.states, w.states(m.ID)); diff != "" {
				t.Error(diff)
			}
			ids := map[string]bool{}
			for _, mail := range server.Mails() {
				ids[mail.Header.Get("Message-ID")] = true
			}
			if len(server.Mails()) != row.mails || len(ids) > 1 {
				t.Errorf("%d mails with %d ids", len(server.Mails()), len(ids))
			}
			if said := strings.Join(w.texts(record.ChainSystem), "\n"); !strings.Contains(said, row.record) {
				t.Errorf("the record does not say %q:\n%s", row.record, said)
			}
		})
	}
}

// TestSlowMail: a server that does not answer leaves time for the next way, and the
// message is not called unsent.
func TestSlowMail(t *testing.T) {
	t.Parallel()
	server := waytest.NewMailServer(t)
	release := server.Hold()
	defer release()
	w := newWorld(t, func(n *policyNotifications) { order("email", "slack")(n); n.Tries = 1 })
	w.patience = 300 * time.Millisecond
	w.use("email", "smtp", map[string]string{"server": server.Address, "ca": server.CA, "from": "tocsin@soc.test"}, nil)
	m := note(1)
	m.IncidentID = ""
	if err := w.deliver(m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{lead + "/email=unknown", lead + "/slack=sent"}, w.states(m.ID)); diff != "" {
		t.Error(diff)
	}
}

// TestGaveUpUnsure: when no way is left and one of them may have told the recipient,
// the record does not say that nobody did.
func TestGaveUpUnsure(t *testing.T) {
	t.Parallel()
	server := waytest.NewMailServer(t)
	server.Cut("data", 9)
	w := newWorld(t, order("email", "slack"))
	w.ways["slack"].answer = down(connector.Permanent)
	w.use("email", "smtp", map[string]string{"server": server.Address, "ca": server.CA, "from": "tocsin@soc.test"}, nil)
	m := note(1)
	m.IncidentID = ""
	for range 4 {
		_ = w.deliver(m)
	}
	w.pass(25 * time.Hour)
	if err := w.deliver(m); soar.CodeOf(err) != soar.CodeInvalid {
		t.Fatal(err)
	}
	texts := w.texts(record.ChainSystem)
	if last := texts[len(texts)-1]; !strings.HasPrefix(last, "It is not known whether "+lead+" was told: every way failed") {
		t.Errorf("the record ends with %q", last)
	}
}
