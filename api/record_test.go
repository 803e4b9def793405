package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestTimelinePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	var first, second gen.TimelinePage
	w.send(ask{Path: incidentPath + "/timeline?limit=2", Token: analyst()}).into(t, &first)
	if len(first.Items) != 2 || first.Next == nil || *first.Next != 2 {
		t.Fatalf("got %+v", first)
	}
	w.send(ask{Path: incidentPath + "/timeline?limit=2&after=2", Token: analyst()}).into(t, &second)
	if len(second.Items) != 1 || second.Next != nil || second.Items[0].Seq != 3 || second.Items[0].Kind != protocol.EventNote {
		t.Fatalf("got %+v", second)
	}
	if second.Items[0].By != soar.System("workflow") || len(second.Items[0].Hash) != 64 {
		t.Errorf("got %+v", second.Items[0])
	}
}

func TestExportVerifies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	for range 1200 { // more than two pages
		w.fake.Append(protocol.EventNote, "one more")
	}
	got := w.send(ask{Path: incidentPath + "/record", Token: analyst()})
	reports, err := record.VerifyAll(record.Read(strings.NewReader(got.Text)))
	if err != nil || len(reports) != 1 || !reports[0].OK() || reports[0].Entries != 1203 {
		t.Errorf("got %+v, %v", reports, err)
	}
	w.fake.Tamper(700)
	got = w.send(ask{Path: incidentPath + "/record", Token: analyst()})
	if reports, err = record.VerifyAll(record.Read(strings.NewReader(got.Text))); err != nil || reports[0].OK() {
		t.Errorf("a changed entry verifies: %+v, %v", reports, err)
	}
}

// TestExportThatFailsHalfWayIsSeenAsCut reads an export whose database goes away.
func TestExportThatFailsHalfWayIsSeenAsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	for range 600 {
		w.fake.Append(protocol.EventNote, "one more")
	}
	w.fake.FailAfter("Timeline", 1, soar.Errorf(soar.CodeUnavailable, "x", "the database does not answer"))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+incidentPath+"/record", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+analyst())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, readErr := io.ReadAll(response.Body)
	_, err = record.VerifyAll(record.Read(strings.NewReader(string(body))))
	if readErr == nil || err == nil {
		t.Errorf("a cut export reads as whole: %v, %v", readErr, err)
	}
}
