package devstack

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// TemporalBinEnv names the environment variable that points to a ready built
// deploy/devtemporal.
const TemporalBinEnv = "TOCSIN_TEMPORAL_BIN"

const (
	temporalProgramName = "devtemporal"
	productModule       = "github.com/tocsin-soar/tocsin"
	serverModule        = "go.temporal.io/server"
)

// temporalProgram is a built deploy/devtemporal and its server's version.
type temporalProgram struct{ path, version string }

// findTemporal takes, in this order: $TOCSIN_TEMPORAL_BIN, a devtemporal beside
// the running program as a release ships it, a build in the cache, a new build.
func findTemporal(ctx context.Context, sourceDir string, say sayer) (temporalProgram, error) {
	if chosen := os.Getenv(TemporalBinEnv); chosen != "" {
		program, err := inspectTemporal(ctx, chosen)
		if err != nil {
			return program, fmt.Errorf("%s=%s is not a devtemporal: %w", TemporalBinEnv, chosen, err)
		}
		return program, nil
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), temporalProgramName)
		if _, err := os.Stat(beside); err == nil {
			return inspectTemporal(ctx, beside)
		}
	}
	source, err := findSource(sourceDir)
	if err != nil {
		return temporalProgram{}, err
	}
	return source.program(ctx, say)
}

// inspectTemporal asks a program for its version: "devtemporal server 1.2.3 ...".
func inspectTemporal(ctx context.Context, path string) (temporalProgram, error) {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return temporalProgram{}, fmt.Errorf("asking %s for its version: %w", path, err)
	}
	words := strings.Fields(string(out))
	if len(words) < 3 || words[0] != temporalProgramName {
		return temporalProgram{}, fmt.Errorf("%s --version answers %q", path, bytes.TrimSpace(out))
	}
	return temporalProgram{path: path, version: words[2]}, nil
}

// temporalSource is the folder deploy/devtemporal of a checkout.
type temporalSource struct{ dir, version, digest string }

// findSource looks below root or, when that is empty, below the nearest parent of
// the working directory that is this product's repository.
func findSource(root string) (temporalSource, error) {
	if root == "" {
		var err error
		if root, err = repositoryRoot(); err != nil {
			return temporalSource{}, err
		}
	}
	dir := filepath.Join(root, "deploy", "devtemporal")
	goMod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return temporalSource{}, fmt.Errorf("reading the server's module: %w", err)
	}
	version := regexp.MustCompile(regexp.QuoteMeta(serverModule) + ` v(\S+)`).FindSubmatch(goMod)
	if version == nil {
		return temporalSource{}, fmt.Errorf("%s names no version of %s", filepath.Join(dir, "go.mod"), serverModule)
	}
	digest, err := digestSources(dir)
	if err != nil {
		return temporalSource{}, err
	}
	return temporalSource{dir: dir, version: string(version[1]), digest: digest}, nil
}

func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for the repository: %w", err)
	}
	for {
		if moduleAt(dir) == productModule {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no Temporal development server is at hand: set %s to a built devtemporal, "+
				"start from a checkout of the sources so that it can be built, or name an external Temporal", TemporalBinEnv)
		}
		dir = parent
	}
}

// moduleAt is the module whose go.mod lies in dir, or "".
func moduleAt(dir string) string {
	file, err := os.Open(filepath.Join(dir, "go.mod"))
	if err != nil {
		return ""
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if name, found := strings.CutPrefix(lines.Text(), "module "); found {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// digestSources names a state of the sources and the platform they are built for.
func digestSources(dir string) (string, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return "", fmt.Errorf("reading the server's sources: %w", err)
	}
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.GOOS, runtime.GOARCH)
	for _, entry := range entries {
		name := entry.Name()
		isSource := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		if entry.IsDir() || (!isSource && name != "go.mod" && name != "go.sum") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("reading the server's sources: %w", err)
		}
		fmt.Fprintln(sum, name, len(text))
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

// program returns the cached build of these sources, building it if need be.
func (s temporalSource) program(ctx context.Context, say sayer) (temporalProgram, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return temporalProgram{}, fmt.Errorf("no folder to keep the built server in: %w; set HOME or XDG_CACHE_HOME", err)
	}
	cache = filepath.Join(cache, "tocsin")
	name := temporalProgramName + "-" + s.version + "-" + s.digest
	built := temporalProgram{path: filepath.Join(cache, name, temporalProgramName), version: s.version}
	if _, err := os.Stat(built.path); err == nil {
		return built, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return temporalProgram{}, fmt.Errorf("looking into the cache: %w", err)
	}
	if err := buildTemporal(ctx, s, cache, built.path, say); err != nil {
		return temporalProgram{}, fmt.Errorf("building the Temporal server from %s: %w", s.dir, err)
	}
	return built, nil
}
