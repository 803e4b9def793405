package playbooks

import "embed"

// Shipped gives the playbook files: <name>/<name>.yaml.
func Shipped() embed.FS { return shipped }

//go:embed */*.yaml
var shipped embed.FS
