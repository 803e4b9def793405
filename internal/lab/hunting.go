package lab

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var sha256Form = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// fileView answers with what is known of a file, seen or not.
func (s *Server) fileView(w http.ResponseWriter, r *http.Request, view func(*File) map[string]any) {
	hash := r.PathValue("sha256")
	if !sha256Form.MatchString(hash) {
		refuse(w, http.StatusBadRequest, "a file is named by its SHA-256, 64 hexadecimal digits")
		return
	}
	s.mu.Lock()
	body := view(s.state.file(hash))
	s.mu.Unlock()
	answer(w, body)
}

func (s *Server) edrFile(w http.ResponseWriter, r *http.Request) {
	s.fileView(w, r, func(f *File) map[string]any {
		return map[string]any{"sha256": f.SHA256, "name": f.Name, "blocked": f.Blocked, "hosts": slices.Clone(f.Hosts), "count": len(f.Hosts)}
	})
}

func (s *Server) intelFile(w http.ResponseWriter, r *http.Request) {
	s.fileView(w, r, func(f *File) map[string]any {
		return map[string]any{"sha256": f.SHA256, "malicious": f.Malicious, "family": f.Family}
	})
}

// edrFileChange blocks and unblocks a file on all hosts.
func (s *Server) edrFileChange(w http.ResponseWriter, r *http.Request) {
	hash, verb := strings.ToLower(r.PathValue("sha256")), r.PathValue("verb")
	if !sha256Form.MatchString(hash) {
		refuse(w, http.StatusBadRequest, "a file is named by its SHA-256, 64 hexadecimal digits")
		return
	}
	if verb != "block" && verb != "unblock" {
		refuse(w, http.StatusNotFound, "no such call")
		return
	}
	block := verb == "block"
	changed, err := s.do(Effect{Action: "edr." + verb + "_file", Target: hash, Key: key(r)}, true,
		func(*Effect) bool { return s.state.file(hash).Blocked != block })
	finish(w, err, map[string]any{"sha256": hash, "blocked": block, "changed": changed})
}

func (s *Server) directorySignIns(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	user := s.state.user(r.PathValue("user"))
	list := []SignIn{}
	if user != nil {
		list = append(list, user.SignIns...)
	}
	s.mu.Unlock()
	if user == nil {
		refuse(w, http.StatusNotFound, "no such user")
		return
	}
	answer(w, map[string]any{"user": user.Name, "count": len(list), "sign_ins": list})
}

func (s *Server) mailRules(w http.ResponseWriter, r *http.Request) {
	mailbox := strings.ToLower(r.URL.Query().Get("mailbox"))
	if mailbox == "" {
		refuse(w, http.StatusBadRequest, "mailbox is needed")
		return
	}
	s.mu.Lock()
	rules := []Rule{}
	for _, rule := range s.state.Rules {
		if strings.ToLower(rule.Mailbox) == mailbox {
			rules = append(rules, *rule)
		}
	}
	s.mu.Unlock()
	answer(w, map[string]any{"mailbox": mailbox, "count": len(rules), "rules": rules})
}

// mailSwitch turns rules of mailboxes off and on.
func (s *Server) mailSwitch(enable bool) http.HandlerFunc {
	action := "mail.disable_rules"
	if enable {
		action = "mail.enable_rules"
	}
	return func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			IDs []string `json:"ids"`
		}
		if !decode(w, r, &body) {
			return
		}
		if missing := s.missingRule(body.IDs); len(body.IDs) == 0 || missing != "" {
			refuse(w, http.StatusNotFound, "ids must name rules that exist; there is no rule "+missing)
			return
		}
		switched := 0
		_, err := s.do(Effect{Action: action, Target: strings.Join(body.IDs, ","), Key: key(r)}, false, func(effect *Effect) bool {
			effect.List = s.switching(body.IDs, enable)
			switched = len(effect.List)
			return switched > 0
		})
		finish(w, err, map[string]any{"ids": body.IDs, "enabled": enable, "changed": switched})
	}
}

func (s *Server) missingRule(ids []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.state.rule(id) == nil {
			return id
		}
	}
	return ""
}

// switching gives the rules that are not as they should be. The lock is held.
func (s *Server) switching(ids []string, enable bool) []string {
	var wrong []string
	for _, id := range ids {
		if s.state.rule(id).Enabled != enable && !slices.Contains(wrong, id) {
			wrong = append(wrong, id)
		}
	}
	return wrong
}
