package lab

import (
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageFiles embed.FS

// view is what the page and /state show.
type view struct {
	Lab     string         `json:"lab"`
	State   *State         `json:"state"`
	Effects []Effect       `json:"effects"`
	Repeats map[string]int `json:"repeats"` // calls that changed nothing, by action
	Faults  []*Fault       `json:"faults"`
}

// snapshot is encoded under the lock, since State is changed in place.
func (s *Server) snapshot() view {
	return view{Lab: "LAB stand-in, not a real product", State: s.state, Effects: s.effects, Repeats: s.repeats, Faults: s.faults}
}

func (s *Server) showState(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	body, err := json.MarshalIndent(s.snapshot(), "", "  ")
	s.mu.Unlock()
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the state cannot be shown")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

func (s *Server) showEffects(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jsonl")
	encoder := json.NewEncoder(w)
	for _, effect := range s.Effects() {
		if err := encoder.Encode(effect); err != nil {
			return
		}
	}
}

func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	page, err := template.ParseFS(pageFiles, "page.html")
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the page cannot be shown")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = page.Execute(w, s.snapshot())
}
