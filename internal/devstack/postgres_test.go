package devstack

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// testWriter turns progress lines into test logs.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// passableDir is a folder that every user may pass through, unlike t.TempDir,
// so that root's Postgres drops to the user postgres.
func passableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tocsin-devstack-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startForTest starts a server on dir and stops it when the test ends.
func startForTest(t *testing.T, dir string) *Postgres {
	t.Helper()
	postgres, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir, FastUnsafe: true, Progress: testWriter{t}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = postgres.Stop(context.Background()) })
	return postgres
}

// query runs one statement on a connection of its own and returns its one value.
func query(t *testing.T, url, statement string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	defer conn.Close(t.Context())
	var value string
	if err := conn.QueryRow(t.Context(), statement).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

const insertNote = `with made as (insert into note values ('kept') returning body) select body from made`

func createNotes(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "create table note (body text)"); err != nil {
		t.Fatal(err)
	}
	query(t, url, insertNote)
}

func TestPostgresKeepsDataOverStopAndKill(t *testing.T) {
	t.Parallel()
	dir := passableDir(t)
	first := startForTest(t, dir)
	createNotes(t, first.URL())
	if got := query(t, first.URL(), "show server_encoding"); got != "UTF8" {
		t.Errorf("encoding is %s", got)
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err, failed := <-first.Done(); failed {
		t.Errorf("an orderly stop was told as a failure: %v", err)
	}

	second := startForTest(t, dir)
	if second.URL() != first.URL() {
		t.Errorf("the URL changed from %s to %s", first.URL(), second.URL())
	}
	query(t, second.URL(), insertNote)
	if err := second.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-second.Done(); err == nil || !strings.Contains(err.Error(), "ended unexpectedly") {
		t.Errorf("a kill was told as %v", err)
	}

	third := startForTest(t, dir)
	if got := query(t, third.URL(), "select count(*)::text from note"); got != "2" {
		t.Errorf("%s notes are left of 2", got)
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Errorf("stopping what was killed: %v", err)
	}
}

func TestPostgresRefusesSecondInstance(t *testing.T) {
	t.Parallel()
	dir := passableDir(t)
	startForTest(t, dir)
	_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "another tocsin already uses "+dir) {
		t.Errorf("a second instance got %v", err)
	}
}

// TestPostgresInClosedFolder starts where only we may pass. As root this takes a
// user namespace, otherwise it is the ordinary case.
func TestPostgresInClosedFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	postgres := startForTest(t, filepath.Join(dir, "postgres"))
	if got := query(t, postgres.URL(), "select current_user::text"); got != databaseUser {
		t.Errorf("connected as %s", got)
	}
	info, err := os.Stat(filepath.Join(dir, "postgres", "password"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the password file has mode %v", info.Mode())
	}
}

func TestPostgresMovesWhenItsPortIsTaken(t *testing.T) {
	t.Parallel()
	dir := passableDir(t)
	first := startForTest(t, dir)
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	port, err := os.ReadFile(filepath.Join(dir, "port"))
	if err != nil {
		t.Fatal(err)
	}
	squatter, err := net.Listen("tcp", "127.0.0.1:"+strings.TrimSpace(string(port)))
	if err != nil {
		t.Fatal(err)
	}
	defer squatter.Close()
	second := startForTest(t, dir)
	if second.URL() == first.URL() {
		t.Error("the port did not change")
	}
	query(t, second.URL(), "select 'up'")
}

func TestPostgresOfAnotherMajorVersion(t *testing.T) {
	t.Parallel()
	dir := passableDir(t)
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "was made by Postgres 9") {
		t.Errorf("got %v", err)
	}
}

func TestPostgresStalePidFileOfAStranger(t *testing.T) {
	t.Parallel()
	dir := passableDir(t)
	if err := startForTest(t, dir).Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	port, err := randomPort()
	if err != nil {
		t.Fatal(err)
	}
	// Our own number: a process that is alive and serves nothing on that port.
	stale := strings.Join([]string{strconv.Itoa(os.Getpid()), "x", "0", strconv.Itoa(port), "", "", "", "ready"}, "\n")
	if err := os.WriteFile(filepath.Join(dir, "data", "postmaster.pid"), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	query(t, startForTest(t, dir).URL(), "select 'up'")
}

func TestLockIsExclusiveAndGivenBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	held, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockDir(dir); err == nil || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("a second lock got %v, which does not name the holder", err)
	}
	held.release()
	again, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.release()
}

func TestNextFreePortSaysWhatItTook(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	first := taken.Addr().(*net.TCPAddr).Port
	var said strings.Builder
	port, err := nextFreePort(first, "gRPC", sayTo(&said, "temporal"))
	if err != nil || port <= first {
		t.Fatalf("got port %d, %v", port, err)
	}
	if want := "port " + strconv.Itoa(first) + " is taken"; !strings.Contains(said.String(), want) {
		t.Errorf("said %q, want %q in it", said.String(), want)
	}
}

func TestBuildOutputIsSorted(t *testing.T) {
	t.Parallel()
	var out buildOutput
	_, _ = out.Write([]byte("go: downloading example.org/a v1.0.0\nerrors\nexample.org/a/b\n# example.org/a\nmain.go:3:1: syntax "))
	_, _ = out.Write([]byte("error\nexit"))
	if got, want := out.progress(), "2 packages compiled, 1 modules downloaded"; got != want {
		t.Errorf("progress is %q, want %q", got, want)
	}
	if got, want := out.complaints(), "# example.org/a\nmain.go:3:1: syntax error\nexit"; got != want {
		t.Errorf("complaints are %q, want %q", got, want)
	}
}

func TestTailBufferKeepsTheEnd(t *testing.T) {
	t.Parallel()
	var tail tailBuffer
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			_, _ = tail.Write([]byte(strings.Repeat("x", tailSize)))
		})
	}
	writers.Wait()
	_, _ = tail.Write([]byte("end"))
	if got := tail.String(); len(got) != tailSize || !strings.HasSuffix(got, "end") {
		t.Errorf("kept %d bytes ending in %q", len(got), got[len(got)-3:])
	}
}

// ownerDirEnv makes TestOwnerProcess the owner of a server, in a process that
// another test kills.
const ownerDirEnv = "TOCSIN_DEVSTACK_OWNER_DIR"

func TestOwnerProcess(t *testing.T) {
	dir := os.Getenv(ownerDirEnv)
	if dir == "" {
		t.Skip("only runs as the other process of TestPostgresAfterItsOwnerWasKilled")
	}
	startForTest(t, dir)
	_, _ = os.Stdout.WriteString("up\n")
	select {} // until killed
}

func TestPostgresAfterItsOwnerWasKilled(t *testing.T) {
	t.Parallel()
	dir := passableDir(t)
	owner := exec.Command(os.Args[0], "-test.run=^TestOwnerProcess$")
	owner.Env = append(os.Environ(), ownerDirEnv+"="+dir)
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("up\n"))); err != nil {
		t.Fatalf("the owner did not come up: %v", err)
	}
	if _, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir}); err == nil {
		t.Fatal("two processes own one folder")
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // "signal: killed"
	query(t, startForTest(t, dir).URL(), "select 'up'")
}
