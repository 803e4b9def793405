package connectors

import (
	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors/http"
	"github.com/tocsin-soar/tocsin/internal/connectors/lab"
	"github.com/tocsin-soar/tocsin/internal/connectors/ldap"
	"github.com/tocsin-soar/tocsin/internal/connectors/notify"
	"github.com/tocsin-soar/tocsin/internal/connectors/packs"
	"github.com/tocsin-soar/tocsin/internal/connectors/smtp"
	"github.com/tocsin-soar/tocsin/internal/connectors/teams"
	"github.com/tocsin-soar/tocsin/internal/connectors/webhook"
)

// Options are what connectors need from the process around them.
type Options struct {
	Queue  notify.Queue           // where notify.send puts messages
	Public connector.PublicConfig // what the http connector keeps to
	Dir    string                 // folder with connector files of the site; empty: none
}

// All gives every connector of this build, and those of the site. Its error is a
// *SiteError when files of the site are at fault; another one is of the file
// system or a fault of this build.
func All(options Options) ([]connector.Connector, error) {
	all, err := lab.Kinds()
	if err != nil {
		return nil, err
	}
	web, err := http.Kind(options.Public)
	if err != nil {
		return nil, err
	}
	directory, err := ldap.Kind()
	if err != nil {
		return nil, err
	}
	mail, err := smtp.Kind()
	if err != nil {
		return nil, err
	}
	messages, err := notify.Kind(options.Queue)
	if err != nil {
		return nil, err
	}
	chat, err := teams.Kind()
	if err != nil {
		return nil, err
	}
	hook, err := webhook.Kind(nil)
	if err != nil {
		return nil, err
	}
	declared, err := packs.Kinds()
	if err != nil {
		return nil, err
	}
	all = append(all, web, messages, directory, mail, chat, hook)
	for _, kind := range declared {
		all = append(all, kind)
	}
	own, err := site(options.Dir, all)
	if err != nil {
		return nil, err
	}
	return append(all, own...), nil
}
