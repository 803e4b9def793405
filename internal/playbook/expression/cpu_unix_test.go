//go:build unix

package expression

import (
	"syscall"
	"time"
)

// cpuTime is what the process has computed so far; unlike a clock, it stands still while a busy
// machine computes something else.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
