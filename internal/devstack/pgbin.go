package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// PostgresBinEnv names the environment variable that says which folder holds the
// programs initdb and postgres.
const PostgresBinEnv = "TOCSIN_PG_BIN"

// oldestPostgres is the oldest major version that is tried.
const oldestPostgres = 13

// postgresBinaries is an installation of the Postgres server.
type postgresBinaries struct {
	dir   string
	major int
}

// findPostgres looks in $TOCSIN_PG_BIN, PATH and the folders of packagers, in this
// order. A cluster that exists can only be served by the major version that made
// it, so then the first installation of that version is taken.
func findPostgres(ctx context.Context, dataDir string) (postgresBinaries, error) {
	wanted := clusterMajor(dataDir)
	var tooOld, others []string
	for _, dir := range postgresFolders() {
		found, err := inspectPostgres(ctx, dir)
		switch {
		case ctx.Err() != nil:
			return found, ctx.Err()
		case err != nil:
			if dir == os.Getenv(PostgresBinEnv) {
				return found, fmt.Errorf("%s=%s holds no usable Postgres: %w", PostgresBinEnv, dir, err)
			}
		case found.major < oldestPostgres:
			tooOld = append(tooOld, found.dir)
		case wanted != 0 && found.major != wanted:
			others = append(others, fmt.Sprintf("%d in %s", found.major, found.dir))
		default:
			return found, nil
		}
	}
	switch {
	case len(others) > 0:
		return postgresBinaries{}, fmt.Errorf("%s was made by Postgres %d, here is only %s: install version %d (%s), or delete the folder to begin with an empty database",
			dataDir, wanted, strings.Join(others, ", "), wanted, installHint(wanted))
	case len(tooOld) > 0:
		return postgresBinaries{}, fmt.Errorf("the Postgres in %s is older than version %d: install a newer one (%s)",
			strings.Join(tooOld, ", "), oldestPostgres, installHint(wanted))
	default:
		return postgresBinaries{}, fmt.Errorf("no Postgres server is installed here: run %s, or set %s to the folder that holds initdb and postgres, or name an external Postgres",
			installHint(wanted), PostgresBinEnv)
	}
}

// postgresFolders lists the candidates, best first.
func postgresFolders() []string {
	var folders []string
	if chosen := os.Getenv(PostgresBinEnv); chosen != "" {
		folders = append(folders, chosen)
	}
	// Follow links: the programs find their share folder from their own place.
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",     // Debian, Ubuntu
		"/usr/pgsql-*/bin",              // Red Hat family, from the project's own packages
		"/opt/homebrew/opt/postgresql*", // Homebrew on Apple silicon
		"/usr/local/opt/postgresql*",    // Homebrew on Intel
		"/Applications/Postgres.app/Contents/Versions/*",
	} {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		slices.SortFunc(matches, func(a, b string) int { return numberIn(b) - numberIn(a) })
		for _, match := range matches {
			if filepath.Base(match) != "bin" {
				match = filepath.Join(match, "bin")
			}
			folders = append(folders, match)
		}
	}
	return folders
}

// inspectPostgres checks that a folder holds what is needed and asks its version.
func inspectPostgres(ctx context.Context, dir string) (postgresBinaries, error) {
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return postgresBinaries{}, err
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return postgresBinaries{}, fmt.Errorf("asking postgres for its version: %w", err)
	}
	major := numberIn(string(out))
	if major == 0 {
		return postgresBinaries{}, errors.New("postgres --version answers without a version")
	}
	return postgresBinaries{dir: dir, major: major}, nil
}

// clusterMajor is the version that made a cluster, 0 where there is none.
func clusterMajor(dataDir string) int {
	text, err := os.ReadFile(filepath.Join(dataDir, "PG_VERSION"))
	if err != nil {
		return 0
	}
	return numberIn(string(text))
}

// numberIn is the first number in a text: a path's or an answer's major version.
func numberIn(text string) int {
	number, err := strconv.Atoi(regexp.MustCompile(`\d+`).FindString(text))
	if err != nil {
		return 0
	}
	return number
}

// installHint is the command that installs a Postgres server here.
func installHint(major int) string {
	version, brew := "", "postgresql"
	if major != 0 {
		version, brew = fmt.Sprintf("-%d", major), fmt.Sprintf("postgresql@%d", major)
	}
	if runtime.GOOS == "darwin" {
		return "`brew install " + brew + "`"
	}
	if _, err := exec.LookPath("dnf"); err == nil {
		return "`dnf install postgresql-server`"
	}
	return "`apt-get install postgresql" + version + "`"
}
