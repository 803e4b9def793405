package app

import (
	"fmt"
	"strconv"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// HookConfig is what the configuration says of one source that signs.
type HookConfig struct {
	Secrets []secret.String // all that are good at the moment: two while one is changed
}

// hook reads one entry of hooks:, as github: {secrets: [{from_env: NAME}]}.
func (r *fileReader) hook(name, node *strictyaml.Node) {
	what := "hooks." + name.Text
	if !r.Keys(node, what, []string{"secrets"}, []string{"secrets"}) {
		return
	}
	secrets := node.Get("secrets")
	if secrets == nil || !r.Is(secrets, strictyaml.List, "secrets") {
		return
	}
	var hook HookConfig
	for _, item := range secrets.Items {
		if found, ok := r.hookSecret(item); ok {
			hook.Secrets = append(hook.Secrets, found)
		}
	}
	if len(secrets.Items) == 0 {
		r.Fault(secrets, ruleSetting, what+" has no secret: without one nothing that it sends can be verified", "")
	}
	r.loader.config.Hooks[name.Text] = hook
}

// hookSecret takes a reference only: a secret in the file itself would end up in
// backups and in version control.
func (r *fileReader) hookSecret(node *strictyaml.Node) (secret.String, bool) {
	if node.Bad || node.Kind != strictyaml.Map {
		r.Fault(node, ruleSetting, "the secret of a hook does not stand in this file", "write {from_env: NAME}, {from_file: PATH} or {from_credential: NAME}")
		return secret.String{}, false
	}
	kind, name, ok := r.sourceOf("a secret", node)
	if !ok {
		return secret.String{}, false
	}
	found, err := secretFrom(kind, name, r.loader.lookup)
	if err == nil && found.Empty() {
		err = fmt.Errorf("%s is empty", name)
	}
	if err != nil {
		r.Fault(node, ruleSetting, err.Error(), "")
		return secret.String{}, false
	}
	return found, true
}

func setAlertRate(c *Config, value string) error {
	rate, err := strconv.ParseFloat(value, 64)
	if err != nil || !(rate >= 0 && rate <= 1e6) {
		return hinted{message: fmt.Sprintf("want a number from 0 to 1000000, not %q", value)}
	}
	c.AlertRate = rate
	return nil
}

func setAlertBurst(c *Config, value string) error {
	burst, err := strconv.Atoi(value)
	if err != nil || burst < 1 || burst > 1e6 {
		return hinted{message: fmt.Sprintf("want a whole number from 1 to 1000000, not %q", value)}
	}
	c.AlertBurst = burst
	return nil
}

func alertLimits() []Setting {
	return []Setting{
		{Key: "alert_rate", Default: "0", Help: "requests with alerts that one token or signing source may make each second; 0: any number", set: setAlertRate,
			show: func(c *Config) string { return strconv.FormatFloat(c.AlertRate, 'g', -1, 64) }},
		{Key: "alert_burst", Default: "100", Help: "requests that it may make at once after a quiet time", set: setAlertBurst,
			show: func(c *Config) string { return strconv.Itoa(c.AlertBurst) }},
	}
}
