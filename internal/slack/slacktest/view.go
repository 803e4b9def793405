package slacktest

import (
	"encoding/json"
	"fmt"
	"time"
)

// triggerLife is how long a click lets a modal be opened.
const triggerLife = 3 * time.Second

type trigger struct {
	user string
	at   time.Time
	used bool
}

// maxPile is how many modals may lie on each other.
const maxPile = 3

func (s *Slack) spend(id string) (string, *refused) {
	known, ok := s.triggers[id]
	switch {
	case !ok:
		return "", refuse("invalid_trigger_id")
	case known.used:
		return "", refuse("exchanged_trigger_id")
	case s.options.Now().Sub(known.at) > triggerLife:
		return "", refuse("expired_trigger_id")
	}
	known.used = true
	s.triggers[id] = known
	return known.user, nil
}

func (s *Slack) trigger(user string) string {
	id := fmt.Sprintf("%d.%d.trigger", s.options.Now().UnixMilli(), s.next())
	s.triggers[id] = trigger{user: user, at: s.options.Now()}
	return id
}

// readView takes a view that was sent, or says what is wrong with it.
func (s *Slack) readView(raw json.RawMessage, kind string) (*View, *refused) {
	if faults := checkView(raw, kind); len(faults) > 0 {
		return nil, &refused{word: "invalid_arguments", messages: faultTexts(faults)}
	}
	var head struct {
		Callback string `json:"callback_id"`
		Private  string `json:"private_metadata"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, refuse("invalid_arguments", err.Error())
	}
	n := s.next()
	id := fmt.Sprintf("V%08d", n)
	return &View{ID: id, Root: id, Kind: kind, Callback: head.Callback, Private: head.Private, Hash: fmt.Sprintf("%d.%d", s.options.Now().Unix(), n), Body: raw}, nil
}

func (s *Slack) viewsOpen(args arguments) (map[string]any, *refused) {
	view, no := s.readView(args.document("view"), "modal")
	if no != nil {
		return nil, no
	}
	user, no := s.spend(args.text("trigger_id"))
	if no != nil {
		return nil, no
	}
	view.User = user
	s.views[user] = []*View{view}
	return map[string]any{"view": s.shownView(view, nil)}, nil
}

func (s *Slack) viewsPush(args arguments) (map[string]any, *refused) {
	view, no := s.readView(args.document("view"), "modal")
	if no != nil {
		return nil, no
	}
	user, no := s.spend(args.text("trigger_id"))
	if no != nil {
		return nil, no
	}
	return s.push(user, view)
}

func (s *Slack) push(user string, view *View) (map[string]any, *refused) {
	pile := s.views[user]
	if len(pile) >= maxPile {
		return nil, refuse("push_limit_reached")
	}
	view.User = user
	if len(pile) > 0 {
		view.Root = pile[0].ID
	}
	s.views[user] = append(pile, view)
	return map[string]any{"view": s.shownView(view, nil)}, nil
}

func (s *Slack) viewsUpdate(args arguments) (map[string]any, *refused) {
	old := s.view(args.text("view_id"))
	if old == nil {
		return nil, refuse("not_found")
	}
	if hash := args.text("hash"); hash != "" && hash != old.Hash {
		return nil, refuse("hash_conflict")
	}
	return s.replace(old, args.document("view"))
}

func (s *Slack) replace(old *View, raw json.RawMessage) (map[string]any, *refused) {
	view, no := s.readView(raw, old.Kind)
	if no != nil {
		return nil, no
	}
	old.Callback, old.Private, old.Hash, old.Body = view.Callback, view.Private, view.Hash, view.Body
	return map[string]any{"view": s.shownView(old, nil)}, nil
}

func (s *Slack) view(id string) *View {
	for _, pile := range s.views {
		for _, view := range pile {
			if view.ID == id {
				return view
			}
		}
	}
	for _, home := range s.homes {
		if home.ID == id {
			return home
		}
	}
	return nil
}

func (s *Slack) viewsPublish(args arguments) (map[string]any, *refused) {
	user := args.text("user_id")
	if _, ok := s.users[user]; !ok {
		return nil, refuse("user_not_found")
	}
	view, no := s.readView(args.document("view"), "home")
	if no != nil {
		return nil, no
	}
	if old := s.homes[user]; old != nil {
		if hash := args.text("hash"); hash != "" && hash != old.Hash {
			return nil, refuse("hash_conflict")
		}
		view.ID, view.Root = old.ID, old.ID
	}
	view.User = user
	s.homes[user] = view
	return map[string]any{"view": s.shownView(view, nil)}, nil
}

// shownView is a view as Slack gives it back, with what stands in its inputs.
func (s *Slack) shownView(v *View, values map[string]any) map[string]any {
	out := map[string]any{}
	_ = json.Unmarshal(v.Body, &out) // it was read before
	if values == nil {
		values = map[string]any{}
	}
	out["id"], out["team_id"], out["hash"], out["type"] = v.ID, s.options.TeamID, v.Hash, v.Kind
	out["root_view_id"], out["app_id"], out["app_installed_team_id"], out["bot_id"] = v.Root, s.options.AppID, s.options.TeamID, "B0FAKE000"
	out["state"] = map[string]any{"values": values}
	out["callback_id"], out["private_metadata"] = v.Callback, v.Private
	return out
}
