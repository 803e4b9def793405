package api

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// exportPage is how many entries an export reads at a time.
const exportPage = 500

type recordRoutes struct {
	timeline timelineReader
	streams  *streams
}

// ListTimeline gives one page of the timeline.
func (r recordRoutes) ListTimeline(ctx context.Context, request gen.ListTimelineRequestObject) (gen.ListTimelineResponseObject, error) {
	params := request.Params
	limit := soar.Page{Limit: optional.Value(params.Limit)}.Size()
	after, read := optional.Value(params.After), limit
	if params.Kind != nil || params.Actor != nil {
		read = exportPage
	}
	page := gen.ListTimeline200JSONResponse{Items: []gen.TimelineEntry{}}
	for range filteredPages {
		entries, err := r.timeline.Timeline(ctx, principal(ctx), request.IncidentID, after, read)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			after = entry.Seq
			if shown := timelineEntry(entry); wanted(shown, params) {
				page.Items = append(page.Items, shown)
			}
			if len(page.Items) == limit {
				page.Next = &after
				return page, nil
			}
		}
		if len(entries) < read {
			return page, nil
		}
	}
	page.Next = &after
	return page, nil
}

// filteredPages bounds how many pages of a chain one request looks through for
// entries that fit a filter.
const filteredPages = 10

// wanted tells whether an entry fits the filter. A kind takes in the kinds below
// it: approval is also approval.decision.
func wanted(entry gen.TimelineEntry, params gen.ListTimelineParams) bool {
	kind, actor := optional.Value(params.Kind), optional.Value(params.Actor)
	return (kind == "" || entry.Kind == kind || strings.HasPrefix(entry.Kind, kind+".")) && (actor == "" || entry.By.ID == actor)
}

// timelineEntry shows an entry of the chain to people. One that this build cannot
// read says so: half of it would mislead.
func timelineEntry(e record.Entry) gen.TimelineEntry {
	out := gen.TimelineEntry{Seq: e.Seq, Hash: hex.EncodeToString(e.Hash), Redacted: e.Payload == nil, Kind: "redacted", Text: "The text of this entry was removed."}
	if out.Redacted {
		return out
	}
	payload, err := record.ParsePayload(e.Payload)
	if err != nil {
		out.Kind, out.Text = "unreadable", "This entry was written by another version of the product."
		return out
	}
	out.At, out.Kind, out.By, out.Text = payload.At, payload.Kind, payload.By, payload.Text
	out.Step, out.Data = optional.Of(payload.Step), optional.JSON(payload.Data)
	return out
}

// ExportRecord sends the chain as it is stored, whether it verifies or not: the
// one who checks it is the reader.
func (r recordRoutes) ExportRecord(ctx context.Context, request gen.ExportRecordRequestObject) (gen.ExportRecordResponseObject, error) {
	read := func(after int64) ([]record.Entry, error) {
		return r.timeline.Timeline(ctx, principal(ctx), request.IncidentID, after, exportPage)
	}
	first, err := read(0)
	if err != nil {
		return nil, err
	}
	return export{name: request.IncidentID, first: first, read: read}, nil
}

// export is a chain on its way out, a page at a time. Without its end line a
// reader sees that it was cut.
type export struct {
	name  string
	first []record.Entry
	read  func(after int64) ([]record.Entry, error)
}

// VisitExportRecordResponse writes the chain.
func (x export) VisitExportRecordResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", `attachment; filename="`+safeName(x.name)+`.record.ndjson"`)
	w.WriteHeader(http.StatusOK)
	out, err := record.NewWriter(patient{w, http.NewResponseController(w)})
	if err != nil {
		return err
	}
	for page := x.first; len(page) > 0; {
		for _, entry := range page {
			if err := out.Write(entry); err != nil {
				return err
			}
		}
		if page, err = x.read(page[len(page)-1].Seq); err != nil {
			return fmt.Errorf("read the record for an export: %w", err)
		}
	}
	return out.Close()
}

// WatchIncident follows the timeline.
func (r recordRoutes) WatchIncident(ctx context.Context, request gen.WatchIncidentRequestObject) (gen.WatchIncidentResponseObject, error) {
	after := optional.Value(request.Params.After)
	if last := request.Params.LastEventID; last != nil {
		// The description has checked its form; what overflows is refused here.
		seen, err := strconv.ParseInt(*last, 10, 64)
		if err != nil {
			return nil, invalid("Last-Event-ID", "Last-Event-ID is too large")
		}
		after = seen
	}
	read := func(ctx context.Context, after int64) ([]record.Entry, error) {
		return r.timeline.Timeline(ctx, principal(ctx), request.IncidentID, after, streamPage)
	}
	first, err := read(ctx, after)
	if err != nil {
		return nil, err
	}
	if !r.streams.take() {
		return nil, &soar.Error{Code: soar.CodeLimited, Op: "api.WatchIncident", Message: "too many streams are open; read the timeline page by page", RetryAfter: time.Minute}
	}
	return stream{ctx: ctx, streams: r.streams, first: first, after: after, read: read, recheck: callFrom(ctx).recheck}, nil
}
