// Package manifest is what a connector says it can do: its actions with input
// and output schema, risk, target, undo and idempotency, and the settings that
// an instance of it needs.
//
// Manifests are YAML, embedded by each connector, parsed here with positions and
// all faults at once. The checker types a playbook's expressions by them, the
// guard takes risk and target from them, the docs are made from them. A Catalog
// maps the instance names that playbooks use ("edr") to manifests.
//
//	connector: lab_edr            # the kind, as configuration names it in use:
//	version: 1.0.0
//	title: Lab EDR
//	description: One sentence.
//	tested: What it was really run against, in one honest sentence.
//	settings:                     # by name; a secret one is never shown
//	  base_url: {description: address of the server, required: true}
//	  token: {description: bearer token, required: true, secret: true}
//	actions:                      # by name
//	  isolate_host:
//	    title: Isolate a host
//	    description: Cuts a host off from the network.
//	    risk: change              # read | notify | collect | change | destroy
//	    target: host              # the input that names the target; change and destroy need it
//	    protects: host            # host | user | address: then an approval is needed
//	    idempotent: true          # the same twice has one effect
//	    irreversible: false       # change and destroy need undo or this
//	    evidence: false           # the result carries evidence; collect only
//	    timeout: 20s              # of one attempt; 30s when absent
//	    undo: {action: release_host, with: {host: "${{ args.host }}"}}
//	    reconcile: {action: host_info, with: {host: "${{ args.host }}"}, done: output.isolated}
//	    input: {type: object, required: [host], properties: {host: {type: string}}}
//	    output: {type: object, properties: {isolated: {type: boolean}}}
//
// Expressions in undo and reconcile read args and output; internal/playbook checks
// their types (CheckManifest), because this package knows no expressions.
package manifest
