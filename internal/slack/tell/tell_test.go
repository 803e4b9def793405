package tell_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/tell"
	"github.com/tocsin-soar/tocsin/internal/slack/workspace/workspacetest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type linked []soar.SlackIdentity

// Identities gives those of a person.
func (l linked) Identities(_ context.Context, person string) (list []soar.SlackIdentity, err error) {
	for _, one := range l {
		if one.Person == person {
			list = append(list, one)
		}
	}
	return list, nil
}

func TestLettersReachLinkedPeopleOnly(t *testing.T) {
	t.Parallel()
	who := linked{{Team: "T1", User: "U1", Person: "lead@lab.example"}, {Team: "T2", User: "U2", Person: "lead@lab.example"}, {Team: "T1", User: "U3", Person: "other@lab.example"}}
	approval := &soar.Approval{ID: "APR-0123456789", IncidentID: "INC-2026-0A1B2C", Title: "Isolate web-1?", Status: soar.ApprovalPending}
	rows := []struct {
		name    string
		person  string
		address string
		fail    error
		want    connector.Class // "": sent
		to      string
	}{
		{"linked", "lead@lab.example", "", nil, "", "U1"},
		{"by its address", "lead@lab.example", "U1", nil, "", "U1"},
		{"somebody else's address", "lead@lab.example", "U3", nil, connector.Permanent, ""},
		{"not linked", "nobody@lab.example", "U1", nil, connector.Permanent, ""},
		{"nobody", "", "", nil, connector.Permanent, ""},
		{"limited", "lead@lab.example", "", workspacetest.Limited(7 * time.Second), connector.Limited, ""},
		{"away", "lead@lab.example", "", workspacetest.Away(), connector.Unknown, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			board := workspacetest.New()
			board.Fail(row.fail)
			way := tell.New(board, who, "T1")
			err := way.Send(t.Context(), notify.Delivery{
				Person: soar.Person{ID: row.person}, Address: row.address, Approval: approval, Minimal: true, At: time.Now(),
				Subject: "INC-2026-0A1B2C needs you <!channel>", Text: "Look at it.\nhttps://evil.example",
			})
			if row.want != "" {
				if got := connector.Classify(err, true); err == nil || got.Class != row.want {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := board.Messages(row.to)
			if len(got) != 1 || !strings.Contains(got[0].Blocks, card.See) || strings.Contains(got[0].Blocks, "web-1") || strings.Contains(got[0].Blocks+got[0].Text, "<!") || strings.Contains(got[0].Blocks, "://") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestChannel: the channel of who is on duty gets a message once, as text, and its
// failures read as those of a way.
func TestChannel(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fail error
		want connector.Class // "": sent
	}{
		"sent": {}, "limited": {workspacetest.Limited(7 * time.Second), connector.Limited}, "away": {workspacetest.Away(), connector.Unknown},
	} {
		board := workspacetest.New()
		soc := board.AddChannel("soc")
		board.Fail(row.fail)
		way := tell.NewChannel(board, soc)
		err := way.Send(t.Context(), notify.Delivery{Subject: "INC-2026-0A1B2C <!channel>", Text: "Look at it.\nhttps://evil.example", At: time.Now()})
		got := board.Messages(soc)
		switch {
		case row.want != "":
			if known := connector.Classify(err, true); err == nil || known.Class != row.want || len(got) != 0 {
				t.Errorf("%s: %v, %d messages", name, known, len(got))
			}
		case err != nil || len(got) != 1 || strings.Contains(got[0].Blocks+got[0].Text, "<!") || strings.Contains(got[0].Blocks, "://"):
			t.Errorf("%s: %v %+v", name, err, got)
		}
		if !way.Shared() || way.Name() != tell.ChannelName {
			t.Errorf("%s: %s is no shared way", name, way.Name())
		}
	}
}
