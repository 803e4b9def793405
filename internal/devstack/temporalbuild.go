package devstack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// heartbeat is how often a build says that it goes on: people stop a silent one.
const heartbeat = 20 * time.Second

// buildTemporal builds the sources into target. One process builds at a time; the
// others wait for it and take what it built.
func buildTemporal(ctx context.Context, source temporalSource, cache, target string, say sayer) error {
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("it takes Go, which is not installed: install Go (https://go.dev/dl), or set %s to a built devtemporal, or name an external Temporal", TemporalBinEnv)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("making the cache folder: %w", err)
	}
	lock, err := waitForBuild(ctx, filepath.Join(cache, temporalProgramName+".lock"), say)
	if err != nil {
		return err
	}
	defer lock.release()
	if _, err := os.Stat(target); err == nil {
		return nil // another process built it while we waited
	}
	say("building the development server once: Temporal %s, for these sources not yet in %s", source.version, cache)
	say("with a cold Go build cache this takes 5 to 10 minutes, else half a minute; later starts build nothing")
	fresh := fmt.Sprintf("%s.%d", target, os.Getpid())
	defer os.Remove(fresh)
	started := time.Now()
	if err := runBuild(ctx, source.dir, fresh, say); err != nil {
		return err
	}
	if err := os.Rename(fresh, target); err != nil {
		return fmt.Errorf("moving the build into place: %w", err)
	}
	say("built in %s: %s", time.Since(started).Round(time.Second), target)
	removeOldBuilds(cache)
	return nil
}

// removeOldBuilds frees the 150 MB of each build that is older than a month. If a
// checkout still wants one, only the last step of the build is done again.
func removeOldBuilds(cache string) {
	const month = 30 * 24 * time.Hour
	builds, _ := filepath.Glob(filepath.Join(cache, temporalProgramName+"-*", temporalProgramName)) // a well-formed pattern
	for _, program := range builds {
		if info, err := os.Stat(program); err == nil && time.Since(info.ModTime()) > month {
			_ = os.RemoveAll(filepath.Dir(program)) // in the way of nothing if it fails
		}
	}
}

func waitForBuild(ctx context.Context, path string, say sayer) (*fileLock, error) {
	for waited := time.Duration(0); ; waited += 500 * time.Millisecond {
		lock, err := tryLock(path)
		if err == nil || !errors.Is(err, errLocked) {
			return lock, err
		}
		if waited%heartbeat == 0 {
			say("waiting for another build of the server (%v)", err)
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return nil, fmt.Errorf("waiting for another build: %w", err)
		}
	}
}

// runBuild runs the Go command and reports every now and then how far it is.
func runBuild(ctx context.Context, dir, output string, say sayer) error {
	attr, err := attributes(identity{mode: modeSelf}, syscall.SIGKILL)
	if err != nil {
		return err
	}
	var said buildOutput
	// -v names each package when it is compiled, which is the only sign of life.
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-trimpath", "-ldflags=-s -w", "-o", output, ".")
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = dir, &said, &said, attr
	cmd.Env = append(os.Environ(), "PWD="+dir, "GOWORK=off", "GOFLAGS=")
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) } // the compilers too
	cmd.WaitDelay = time.Second
	build, err := startChild("go build", cmd, said.complaints)
	if err != nil {
		return err
	}
	started := time.Now()
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			say("still building after %s: %s", time.Since(started).Round(time.Second), said.progress())
		case <-build.exited:
			if ctx.Err() != nil {
				return fmt.Errorf("stopped after %s, what is compiled is kept for the next time: %w", time.Since(started).Round(time.Second), ctx.Err())
			}
			if build.result != nil {
				return fmt.Errorf("go build failed: %w%s", build.result, quote(said.complaints()))
			}
			return nil
		}
	}
}

// buildOutput counts what "go build -v" reports and keeps the end of the rest.
type buildOutput struct {
	mu         sync.Mutex
	begun      []byte
	downloads  int
	packages   int
	unexpected tailBuffer
}

func (b *buildOutput) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun = append(b.begun, p...)
	for {
		line, rest, complete := bytes.Cut(b.begun, []byte("\n"))
		if !complete {
			return len(p), nil
		}
		b.begun = rest
		b.count(string(line))
	}
}

func (b *buildOutput) count(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		b.downloads++
	case line != "" && !strings.ContainsAny(line, " \t:"): // an import path
		b.packages++
	default:
		_, _ = b.unexpected.Write([]byte(line + "\n"))
	}
}

func (b *buildOutput) progress() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := fmt.Sprintf("%d packages compiled", b.packages)
	if b.downloads > 0 {
		text += fmt.Sprintf(", %d modules downloaded", b.downloads)
	}
	return text
}

// complaints are the lines that are neither a download nor a package.
func (b *buildOutput) complaints() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.TrimSpace(b.unexpected.String() + "\n" + string(b.begun))
}
