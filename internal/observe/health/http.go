package health

import (
	"encoding/json"
	"net/http"
	"time"
)

// body is a report on the wire, the same as the API's schema Health.
type body struct {
	Status  string     `json:"status"`
	Version string     `json:"version"`
	Checks  []checkRow `json:"checks"`
}

type checkRow struct {
	Name      string `json:"name"`
	OK        bool   `json:"ok"`
	Vital     bool   `json:"vital"`
	Message   string `json:"message,omitempty"`
	AgeMS     int64  `json:"age_ms"`
	LatencyMS int64  `json:"latency_ms"`
}

// Handler answers GET /healthz (the process is alive) and GET /readyz (it can do
// its work: 200, or 503), for a process that has no API.
func (h *Health) Handler(version string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, body{Status: OK, Version: version, Checks: []checkRow{}})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		report := h.Ask(r.Context())
		out := body{Status: report.Status, Version: version, Checks: []checkRow{}}
		for _, result := range report.Checks {
			out.Checks = append(out.Checks, checkRow{
				Name: result.Name, OK: result.OK, Vital: result.Vital, Message: result.Message,
				AgeMS: int64(result.Age / time.Millisecond), LatencyMS: int64(result.Took / time.Millisecond),
			})
		}
		status := http.StatusOK
		if !report.Ready() {
			status = http.StatusServiceUnavailable
		}
		answer(w, status, out)
	})
	return mux
}

func answer(w http.ResponseWriter, status int, out body) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // who asked may be gone
}
