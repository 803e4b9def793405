package connectors

import (
	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors/http"
	"github.com/tocsin-soar/tocsin/internal/connectors/lab"
	"github.com/tocsin-soar/tocsin/internal/connectors/notify"
	"github.com/tocsin-soar/tocsin/internal/connectors/packs"
)

// Options are what connectors need from the process around them.
type Options struct {
	Queue  notify.Queue           // where notify.send puts messages
	Public connector.PublicConfig // what the http connector keeps to
}

// All gives every connector of this build. Its error is a fault of this build: a
// manifest that cannot be read.
func All(options Options) ([]connector.Connector, error) {
	all, err := lab.Kinds()
	if err != nil {
		return nil, err
	}
	web, err := http.Kind(options.Public)
	if err != nil {
		return nil, err
	}
	messages, err := notify.Kind(options.Queue)
	if err != nil {
		return nil, err
	}
	declared, err := packs.Kinds()
	if err != nil {
		return nil, err
	}
	all = append(all, web, messages)
	for _, kind := range declared {
		all = append(all, kind)
	}
	return all, nil
}
