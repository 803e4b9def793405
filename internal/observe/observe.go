package observe

import "runtime/debug"

// version is set by the linker; see the Makefile.
var version string

// Version gives the version of this build: the tag or commit it was made from.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "dev"
}
