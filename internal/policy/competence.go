package policy

import (
	"path"
	"regexp"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// Class is a class of actions that only people decide who are qualified for it
// (ISO/IEC 27002:2022 5.24 d, e).
type Class struct {
	Name       string
	Title      string        // for people
	Actions    []string      // patterns over connector.action, * for any characters: edr.isolate_*
	Least      int           // fewer people than this who may decide raise an alarm; at least 1
	WarnBefore time.Duration // how long before its end a qualification is warned of
}

// Covers tells whether an action, connector.action, belongs to the class.
func (c Class) Covers(action string) bool {
	return slices.ContainsFunc(c.Actions, func(pattern string) bool {
		fits, err := path.Match(pattern, action)
		return err == nil && fits
	})
}

// What a class has that does not say it, and what it may say.
const (
	leastDefault = 2
	leastMost    = 50
	warnDefault  = 30 * 24 * time.Hour
	warnLeast    = 24 * time.Hour
	warnMost     = 366 * 24 * time.Hour
)

// patternForm has only what path.Match reads as it stands, and *.
var patternForm = regexp.MustCompile(`^[a-z*][a-z0-9_*]*\.[a-z*][a-z0-9_*]*$`)

// Class finds a class by its name; nil when there is none.
func (p *Policy) Class(name string) *Class {
	i := slices.IndexFunc(p.Classes, func(c Class) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Classes[i]
}

// ClassNames lists the classes in the order of the file.
func (p *Policy) ClassNames() []string {
	names := make([]string, len(p.Classes))
	for i, class := range p.Classes {
		names[i] = class.Name
	}
	return names
}

// Demanded gives the names of the classes that the actions belong to, each once,
// in the order of the file.
func (p *Policy) Demanded(actions []string) []string {
	var names []string
	for _, class := range p.Classes {
		if slices.ContainsFunc(actions, class.Covers) {
			names = append(names, class.Name)
		}
	}
	return names
}

func (s *sheet) classes(root *strictyaml.Node) []Class {
	if !s.Keys(root, "the file", []string{"version", "classes"}, []string{"version", "classes"}) {
		return nil
	}
	s.version(root.Get("version"))
	var list []Class
	seen := map[string]bool{}
	for _, n := range s.items(root.Get("classes"), "classes") {
		if !s.Keys(n, "a class", []string{"name", "title", "actions", "least", "warn_before"}, []string{"name", "title", "actions"}) {
			continue
		}
		class := Class{
			Name: s.id(n.Get("name"), "name", seen), Title: s.text(n.Get("title"), "title"), Actions: s.actionPatterns(n.Get("actions")),
			Least: leastDefault, WarnBefore: warnDefault,
		}
		if least := n.Get("least"); least != nil {
			class.Least = s.Int(least, "least", 1, leastMost)
		}
		if warn := n.Get("warn_before"); warn != nil {
			class.WarnBefore = s.Duration(warn, "warn_before", warnLeast, warnMost)
		}
		list = append(list, class)
	}
	return list
}

// actionPatterns reads patterns over connector.action. Whether an action fits one
// is known only where connectors are configured.
func (s *sheet) actionPatterns(n *strictyaml.Node) []string {
	patterns := s.texts(n, "actions")
	for i, pattern := range patterns {
		if !patternForm.MatchString(pattern) {
			s.Fault(n.Items[min(i, len(n.Items)-1)], ruleForm, "a pattern of actions is written connector.action, with * for any characters", "such as edr.isolate_*")
		}
	}
	return patterns
}
