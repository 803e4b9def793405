package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// secrets are incidents with one alert, approval and task each, the newest first,
// and whom they are for.
func secrets(t *testing.T, s *store.Store) {
	t.Helper()
	odd := soar.Actor{Kind: soar.ActorPerson, ID: "o'dd\x00 \"$1\" @lab.invalid"}
	rows := []soar.Incident{
		{ID: "1-amber-of-analyst", TLP: soar.TLPAmber, OpenedBy: analyst},
		{ID: "2-red-of-nobody", TLP: soar.TLPRed, OpenedBy: analyst},
		{ID: "3-red-owner-lead", TLP: soar.TLPRed, Owner: lead.ID, OpenedBy: analyst},
		{ID: "4-red-owner-odd", TLP: soar.TLPRed, Owner: odd.ID, OpenedBy: odd},
		{ID: "5-no-label", OpenedBy: lead},
		{ID: "6-by-a-tool-of-the-same-id", TLP: soar.TLPAmber, OpenedBy: soar.Actor{Kind: soar.ActorTool, ID: analyst.ID}},
	}
	for n, i := range rows {
		i.Title, i.Severity, i.Category, i.Status, i.OpenedAt = "x", soar.SeverityLow, "spam", soar.StatusAssessed, at.Add(-time.Duration(n)*time.Minute)
		a := alert(n)
		get2(s.AlertInsert(t.Context(), a, nil))(t)
		must(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: i}, AlertID: a.ID}, event("opened")))
		ask, do := approval(fmt.Sprint("APR-", n), at), task(fmt.Sprint("TSK-", n))
		ask.IncidentID, do.IncidentID, ask.RequestedAt, do.CreatedAt = i.ID, i.ID, i.OpenedAt, i.OpenedAt
		get(s.JournalWrite(t.Context(), protocol.JournalBatch{
			IncidentID: i.ID, Approvals: []soar.Approval{ask}, Tasks: []soar.Task{do},
			Events: []protocol.TimelineEvent{{Seq: 1, At: at, Kind: "note", By: lead, Text: "x"}},
		}))(t)
	}
	get2(s.AlertInsert(t.Context(), alert(9), nil))(t)
}

// TestViewer reads every list page by page for different viewers: pages are full
// and nothing on them is for somebody else.
func TestViewer(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	secrets(t, s)
	rows := []struct {
		name   string
		viewer *soar.Viewer
		want   string // numbers of incidents
	}{
		{"the product", nil, "123456"},
		{"an analyst", &soar.Viewer{Person: analyst.ID}, "156"},
		{"an owner", &soar.Viewer{Person: lead.ID}, "1356"},
		{"an owner with an odd id", &soar.Viewer{Person: "o'dd\x00 \"$1\" @lab.invalid"}, "1456"},
		{"nobody owns nothing", &soar.Viewer{}, "156"},
		{"who sees red", &soar.Viewer{Person: "x", Red: true}, "123456"},
		{"a reporter", &soar.Viewer{Person: analyst.ID, OpenedBy: &analyst}, "1"},
		{"a reporter who sees red", &soar.Viewer{Person: analyst.ID, OpenedBy: &analyst, Red: true}, "123"},
		{"a tool", &soar.Viewer{OpenedBy: &soar.Actor{Kind: soar.ActorTool, ID: analyst.ID}}, "6"},
	}
	for _, row := range rows {
		lists := map[string]func(page soar.Page) ([]string, string, error){
			"incidents": func(page soar.Page) ([]string, string, error) {
				return ids(func(i soar.Incident) string { return i.ID })(s.IncidentList(t.Context(), soar.IncidentFilter{Page: page, Viewer: row.viewer}))
			},
			"alerts": func(page soar.Page) ([]string, string, error) {
				return ids(func(a soar.Alert) string { return a.IncidentID })(s.AlertList(t.Context(), soar.AlertFilter{Page: page, Viewer: row.viewer}))
			},
			"approvals": func(page soar.Page) ([]string, string, error) {
				return ids(func(a soar.Approval) string { return a.IncidentID })(s.ApprovalList(t.Context(), soar.ApprovalFilter{Page: page, Viewer: row.viewer}))
			},
			"tasks": func(page soar.Page) ([]string, string, error) {
				return ids(func(a soar.Task) string { return a.IncidentID })(s.TaskList(t.Context(), soar.TaskFilter{Page: page, Viewer: row.viewer, Status: soar.TaskOpen}))
			},
		}
		for name, list := range lists {
			got, free := map[byte]bool{}, 0
			for page := (soar.Page{Limit: 2}); ; {
				found, next, err := list(page)
				must(t, err)
				if next != "" && len(found) != 2 {
					t.Errorf("%s for %s: a page of %d with more to come", name, row.name, len(found))
				}
				for _, id := range found {
					if id == "" {
						free++
						continue
					}
					got[id[0]] = true
				}
				if page.After = next; next == "" {
					break
				}
			}
			var numbers string
			for n := byte('1'); n <= '6'; n++ {
				if got[n] {
					numbers += string(n)
				}
			}
			if numbers != row.want || (name == "alerts") != (free == 1) {
				t.Errorf("%s for %s: incidents %s and %d without, want %s", name, row.name, numbers, free, row.want)
			}
		}
	}
}

// ids gives the id of every item of a page.
func ids[T any](id func(T) string) func([]T, string, error) ([]string, string, error) {
	return func(items []T, next string, err error) ([]string, string, error) {
		out := make([]string, 0, len(items))
		for _, item := range items {
			out = append(out, id(item))
		}
		return out, next, err
	}
}
