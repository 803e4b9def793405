package lab

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ArtifactKinds lists what can be collected from a host, what goes first first
// (RFC 3227).
func ArtifactKinds() []string {
	return []string{"memory_summary", "connections", "processes", "auth_log"}
}

func key(r *http.Request) string { return r.Header.Get("Idempotency-Key") }

// lockedView answers with what read gives under the lock, or 404.
func lockedView[T any](s *Server, w http.ResponseWriter, what string, read func() *T) {
	s.mu.Lock()
	thing := read()
	var view T
	if thing != nil {
		view = *thing
	}
	s.mu.Unlock()
	if thing == nil {
		refuse(w, http.StatusNotFound, what)
		return
	}
	answer(w, view)
}

func (s *Server) edrHost(w http.ResponseWriter, r *http.Request) {
	lockedView(s, w, "no such host", func() *Host {
		host := s.state.host(r.PathValue("host"))
		if host == nil {
			return nil
		}
		view := *host
		view.Artifacts = nil // fetched one by one
		return &view
	})
}

func (s *Server) edrArtifact(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	host, kind := s.state.host(r.PathValue("host")), r.PathValue("kind")
	text, ok := "", false
	if host != nil {
		text, ok = host.Artifacts[kind]
	}
	s.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "no such host or artifact")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text))
}

// edrChange isolates and releases. The keys of this system are honoured, as in
// products whose calls are asynchronous.
func (s *Server) edrChange(w http.ResponseWriter, r *http.Request) {
	action, isolate := "edr.release_host", false
	switch r.PathValue("verb") {
	case "isolate":
		action, isolate = "edr.isolate_host", true
	case "release":
	default:
		refuse(w, http.StatusNotFound, "no such call")
		return
	}
	s.mu.Lock()
	host := s.state.host(r.PathValue("host"))
	s.mu.Unlock()
	if host == nil {
		refuse(w, http.StatusNotFound, "no such host")
		return
	}
	changed, err := s.do(Effect{Action: action, Target: host.Name, Key: key(r)}, true, func(*Effect) bool { return host.Isolated != isolate })
	finish(w, err, map[string]any{"id": host.ID, "host": host.Name, "isolated": isolate, "changed": changed})
}

func (s *Server) directoryUser(w http.ResponseWriter, r *http.Request) {
	lockedView(s, w, "no such user", func() *User {
		user := s.state.user(r.PathValue("user"))
		if user == nil {
			return nil
		}
		view := *user
		view.SignIns = nil // a call of their own
		return &view
	})
}

// directoryChange: enabling, disabling and revoking set a state and are
// idempotent by nature; each reset of a password makes a new one. Keys are not
// honoured, as in most directories.
func (s *Server) directoryChange(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	user := s.state.user(r.PathValue("user"))
	s.mu.Unlock()
	if user == nil {
		refuse(w, http.StatusNotFound, "no such user")
		return
	}
	wanted := map[string]func(*Effect) bool{
		"disable_user":    func(*Effect) bool { return user.Enabled },
		"enable_user":     func(*Effect) bool { return !user.Enabled },
		"revoke_sessions": func(*Effect) bool { return user.Sessions > 0 },
		"reset_password":  func(*Effect) bool { return true },
	}[r.PathValue("verb")]
	if wanted == nil {
		refuse(w, http.StatusNotFound, "no such call")
		return
	}
	changed, err := s.do(Effect{Action: "directory." + r.PathValue("verb"), Target: user.Name, Key: key(r)}, false, wanted)
	s.mu.Lock()
	view := map[string]any{"user": user.Name, "enabled": user.Enabled, "sessions": user.Sessions, "changed": changed}
	s.mu.Unlock()
	finish(w, err, view)
}

func (s *Server) firewallAddress(w http.ResponseWriter, r *http.Request) {
	if _, err := netip.ParseAddr(r.PathValue("address")); err != nil {
		refuse(w, http.StatusBadRequest, "not an IP address")
		return
	}
	lockedView(s, w, "", func() *Address { return s.state.address(r.PathValue("address")) })
}

func (s *Server) firewallChange(w http.ResponseWriter, r *http.Request) {
	text, verb := r.PathValue("address"), r.PathValue("verb")
	if _, err := netip.ParseAddr(text); err != nil {
		refuse(w, http.StatusBadRequest, "not an IP address")
		return
	}
	if verb != "block" && verb != "unblock" {
		refuse(w, http.StatusNotFound, "no such call")
		return
	}
	block := verb == "block"
	changed, err := s.do(Effect{Action: "firewall." + verb + "_address", Target: text, Key: key(r)}, false,
		func(*Effect) bool { return s.state.address(text).Blocked != block })
	finish(w, err, map[string]any{"address": text, "blocked": block, "changed": changed})
}

func (s *Server) mailFind(w http.ResponseWriter, r *http.Request) {
	sender, link := strings.ToLower(r.URL.Query().Get("sender")), r.URL.Query().Get("url")
	if sender == "" && link == "" {
		refuse(w, http.StatusBadRequest, "sender or url is needed")
		return
	}
	s.mu.Lock()
	messages := []Message{}
	for _, m := range s.state.Messages {
		if (sender == "" || strings.ToLower(m.Sender) == sender) && (link == "" || slices.Contains(m.URLs, link)) {
			messages = append(messages, *m)
		}
	}
	s.mu.Unlock()
	answer(w, map[string]any{"messages": messages, "count": len(messages)})
}

func (s *Server) mailMove(quarantine bool) http.HandlerFunc {
	action, field := "mail.restore_messages", "restored"
	if quarantine {
		action, field = "mail.quarantine_messages", "quarantined"
	}
	return func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			IDs []string `json:"ids"`
		}
		if !decode(w, r, &body) {
			return
		}
		if len(body.IDs) == 0 {
			refuse(w, http.StatusBadRequest, "ids must name at least one message")
			return
		}
		if missing := s.missingMessage(body.IDs); missing != "" {
			refuse(w, http.StatusNotFound, "no message "+missing)
			return
		}
		moved := 0
		_, err := s.do(Effect{Action: action, Target: strings.Join(body.IDs, ","), Key: key(r)}, false, func(effect *Effect) bool {
			effect.List = s.moving(body.IDs, quarantine)
			moved = len(effect.List)
			return moved > 0
		})
		finish(w, err, map[string]any{field: body.IDs, "count": len(body.IDs), "changed": moved})
	}
}

func (s *Server) missingMessage(ids []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.state.message(id) == nil {
			return id
		}
	}
	return ""
}

// moving gives the messages that are not where they should be. The lock is held.
func (s *Server) moving(ids []string, quarantine bool) []string {
	var moving []string
	for _, id := range ids {
		if s.state.message(id).Quarantined != quarantine && !slices.Contains(moving, id) {
			moving = append(moving, id)
		}
	}
	return moving
}

// mailSend is not idempotent: each call is a message, as with mail itself.
func (s *Server) mailSend(w http.ResponseWriter, r *http.Request) {
	var body struct {
		To      []string `json:"to"`
		Subject string   `json:"subject"`
		Body    string   `json:"body"`
	}
	if !decode(w, r, &body) {
		return
	}
	if len(body.To) == 0 || body.Subject == "" {
		refuse(w, http.StatusBadRequest, "to and subject are needed")
		return
	}
	effect := Effect{Action: "mail.send", Target: strings.Join(body.To, ","), Key: key(r), Note: body.Subject, List: body.To}
	_, err := s.do(effect, false, func(*Effect) bool { return true })
	finish(w, err, map[string]any{"accepted": len(body.To)})
}

func (s *Server) intelAddress(w http.ResponseWriter, r *http.Request) {
	lockedView(s, w, "", func() *Address { return s.state.address(r.PathValue("address")) })
}

func (s *Server) intelURL(w http.ResponseWriter, r *http.Request) {
	text := r.URL.Query().Get("url")
	lockedView(s, w, "", func() *URL {
		if known := found(s.state.URLs, func(u *URL) bool { return u.URL == text }); known != nil {
			return known
		}
		return &URL{URL: text, Categories: []string{"unknown"}}
	})
}

func finish(w http.ResponseWriter, err error, view map[string]any) {
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the lab could not keep the effect; nothing was changed")
		return
	}
	answer(w, view)
}
