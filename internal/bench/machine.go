package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// machine says what the figures were measured on.
type machine struct {
	CPUs     int    `json:"cpus"`
	CPU      string `json:"cpu,omitempty"`
	System   string `json:"system"`
	Go       string `json:"go"`
	Postgres string `json:"postgres"`
	Durable  string `json:"postgres_durability"`
	Temporal string `json:"temporal_server"`
	SDK      string `json:"temporal_sdk"`
	Load     string `json:"load_average_before,omitempty"` // what else the machine did
	Rounds   int    `json:"rounds"`
}

// String is for people.
func (m machine) String() string {
	return fmt.Sprintf("%d CPUs (%s), %s, %s\nPostgreSQL %s (%s), Temporal server %s, SDK %s\n%d rounds of each side; load before the run: %s",
		m.CPUs, m.CPU, m.System, m.Go, m.Postgres, m.Durable, m.Temporal, m.SDK, m.Rounds, m.Load)
}

const unknown = "unknown"

func (b *bench) machine(ctx context.Context) machine {
	m := machine{
		CPUs: runtime.NumCPU(), CPU: field("/proc/cpuinfo", "model name"), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Postgres: unknown, Temporal: unknown, SDK: sdkVersion(), Rounds: b.options.rounds, Load: unknown,
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load = strings.Join(strings.Fields(string(load))[:3], " ")
	}
	if conn, err := pgx.Connect(ctx, b.postgres); err == nil {
		var fsync, commit string
		if err := conn.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')").Scan(&m.Postgres, &fsync, &commit); err == nil {
			m.Durable = "fsync " + fsync + ", synchronous_commit " + commit
		}
		conn.Close(ctx) //nolint:errcheck // it was only asked
	}
	if sdk, err := client.Dial(client.Options{HostPort: b.temporal, Logger: quiet()}); err == nil {
		if info, err := sdk.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{}); err == nil {
			m.Temporal = info.GetServerVersion()
		}
		sdk.Close()
	}
	return m
}

// field reads a value of a file of lines "name : value"; unknown without one.
func field(file, name string) string {
	body, err := os.ReadFile(file)
	if err != nil {
		return unknown
	}
	for line := range strings.SplitSeq(string(body), "\n") {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

func sdkVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "go.temporal.io/sdk" {
				return module.Version
			}
		}
	}
	return unknown
}

// usage is CPU time: of this process, which is client, worker, API and target in
// one, and of the servers.
type usage struct{ own, postgres, temporal time.Duration }

func used() usage {
	var own syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &own) // it cannot fail for this process
	u := usage{own: time.Duration(own.Utime.Nano() + own.Stime.Nano())}
	u.postgres, u.temporal = serverTime("postgres"), serverTime("devtemporal")
	return u
}

func (u usage) since(before usage) usage {
	return usage{own: u.own - before.own, postgres: u.postgres - before.postgres, temporal: u.temporal - before.temporal}
}

func (u usage) and(more usage) usage {
	return usage{own: u.own + more.own, postgres: u.postgres + more.postgres, temporal: u.temporal + more.temporal}
}

// tick is the unit of /proc/<pid>/stat on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// serverTime is the CPU time of all processes with this name and of their children
// that have ended. Where there is no /proc it is 0.
func serverTime(name string) time.Duration {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	total := 0
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		head, rest, found := strings.Cut(string(body), ") ")
		fields := strings.Fields(rest)
		if !found || !strings.HasSuffix(head, "("+name) || len(fields) < 15 {
			continue
		}
		for _, value := range fields[11:15] { // utime, stime, cutime, cstime
			ticks, _ := strconv.Atoi(value) // the kernel writes numbers
			total += ticks
		}
	}
	return time.Duration(total) * tick
}
