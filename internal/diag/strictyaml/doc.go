// Package strictyaml reads one YAML document into a tree in which every value knows
// where it stood, and refuses what makes YAML surprising: anchors, aliases, tags,
// merge keys, duplicate keys, a second document, directives, characters that a
// reader cannot see, numbers that readers disagree about. Size, depth and the number
// of nodes are bounded before anything else looks at the tree.
//
// It goes on after a fault and reports all it finds; a node about which something
// was said is marked Bad, so that nobody complains about it twice. What keys mean is
// for the caller: the playbook parser, the manifest parser, policies, mappings.
//
//	source -> bytes (size, UTF-8, hidden characters) -> go.yaml.in/yaml/v4 -> Node tree
package strictyaml
