package devstack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// identity says as whom Postgres runs. It refuses to run as root.
type identity struct {
	mode     identityMode
	uid, gid int // the user to be, or to seem to be
}

type identityMode int

const (
	modeSelf      identityMode = iota // as ourselves
	modeDrop                          // as another user
	modeNamespace                     // as ourselves, shown as another user
)

// String says it for a person.
func (id identity) String() string {
	switch id.mode {
	case modeDrop:
		return fmt.Sprintf("as user %d", id.uid)
	case modeNamespace:
		return "in a user namespace"
	default:
		return "as the current user"
	}
}

// identityFor chooses the identity for a cluster's folder, which need not exist.
// An existing cluster keeps the identity that made it. A new one belongs to the
// user postgres where that user can reach the folder; a home folder of root, with
// mode 0700, it cannot.
func identityFor(dir string) (identity, error) {
	if os.Geteuid() != 0 {
		return identity{mode: modeSelf}, nil
	}
	substitute, dedicated := postgresUser()
	info, err := os.Stat(dir)
	switch {
	case err == nil:
		if uid, gid := owner(info); uid != 0 {
			return identity{mode: modeDrop, uid: uid, gid: gid}, nil
		}
	case !errors.Is(err, fs.ErrNotExist):
		return identity{}, fmt.Errorf("looking at the data folder: %w", err)
	case dedicated && reachable(filepath.Dir(dir), substitute.uid):
		substitute.mode = modeDrop
		return substitute, nil
	}
	substitute.mode = modeNamespace
	return substitute, nil
}

// postgresUser finds the user that distributions make for Postgres, or else one
// that certainly exists: initdb looks its own user's name up.
func postgresUser() (id identity, dedicated bool) {
	for _, name := range []string{"postgres", "_postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(found.Uid)
		gid, gidErr := strconv.Atoi(found.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return identity{uid: uid, gid: gid}, name != "nobody"
		}
	}
	return identity{uid: 65534, gid: 65534}, false
}

// reachable reports whether a user may pass through path and all its parents.
// Groups are left out: at worst a namespace is used where it need not be.
func reachable(path string, uid int) bool {
	for {
		info, err := os.Stat(path)
		if err != nil {
			return false
		}
		ownerUID, _ := owner(info)
		mayPass := info.Mode().Perm()&0o001 != 0
		if ownerUID == uid {
			mayPass = info.Mode().Perm()&0o100 != 0
		}
		if !mayPass {
			return false
		}
		parent := filepath.Dir(path)
		if parent == path {
			return true
		}
		path = parent
	}
}
