package doctor

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/app/checkpoint"
	"github.com/tocsin-soar/tocsin/internal/observe/health"
)

const (
	leastFree     = 1 << 30 // bytes of the disk with evidence
	oldCheckpoint = 24 * time.Hour
	dialWithin    = 3 * time.Second
)

// files opens policy and connectors as a start would.
func (p *patient) files(context.Context) {
	if err := app.CheckConfig(p.config); err != nil {
		p.fail("configuration", said(err), `"tocsin config check" tells every fault with its place`)
		return
	}
	p.ok("configuration", "policy files and %d connectors can be used", len(p.config.Connectors))
}

func (p *patient) disk(context.Context) {
	dir := filepath.Join(p.config.DataDir, "evidence")
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		p.warn("disk", dir+" does not exist yet", "the first start makes it; if this machine has run before, data_dir points somewhere else now")
		return
	}
	if err := health.WriteProbe(dir); err != nil {
		p.fail("disk", err.Error(), "give the user of the service the right to write there, or free space: no evidence can be kept")
		return
	}
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		p.warn("disk", "how much is free cannot be told: "+err.Error(), "look with df")
		return
	}
	free := int64(stat.Bavail) * stat.Bsize
	if free < leastFree {
		p.warn("disk", fmt.Sprintf("%s has %d MiB left", dir, free>>20), "free space before evidence is refused")
		return
	}
	p.ok("disk", "%s can be written, %d GiB are free", dir, free>>30)
}

// connectors dials what each instance is configured for. Nothing is sent: an
// action, also a reading one, could count against a quota or leave a trace.
func (p *patient) connectors(ctx context.Context) {
	names := make([]string, 0, len(p.config.Connectors))
	for name := range p.config.Connectors {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		label := "connector " + name
		address := dialAddress(p.config.Connectors[name].Settings)
		if address == "" {
			p.ok(label, "is configured (%s); it has no address to try", p.config.Connectors[name].Use)
			continue
		}
		dialer := net.Dialer{Timeout: dialWithin}
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			p.fail(label, address+" cannot be reached: "+err.Error(), "look at the address, the network and the system itself; its actions fail until then")
			continue
		}
		conn.Close()
		p.ok(label, "%s takes connections; nothing was sent", address)
	}
}

// dialAddress finds host and port in the settings of an instance, "" without.
func dialAddress(settings map[string]string) string {
	for _, key := range []string{"base_url", "url", "server", "address", "host"} {
		value := settings[key]
		if value == "" {
			continue
		}
		if parsed, err := url.Parse(value); err == nil && parsed.Host != "" {
			return net.JoinHostPort(parsed.Hostname(), port(parsed))
		}
		if _, _, err := net.SplitHostPort(value); err == nil {
			return value
		}
		if settings["port"] != "" {
			return net.JoinHostPort(value, settings["port"])
		}
	}
	return ""
}

func port(at *url.URL) string {
	if at.Port() != "" {
		return at.Port()
	}
	return map[string]string{"http": "80", "https": "443", "ldap": "389", "ldaps": "636", "smtp": "25", "smtps": "465"}[at.Scheme]
}

// checkpoints looks when the heads of the record were last signed on this machine.
func (p *patient) checkpoints(context.Context) {
	const fix = `"tocsin server" signs every minute; keep copies of the file on another machine`
	path := filepath.Join(p.config.DataDir, checkpoint.File)
	about, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		p.warn("checkpoints", path+" does not exist: the heads of the record were never signed on this machine", fix)
	case err != nil:
		p.fail("checkpoints", err.Error(), fix)
	case time.Since(about.ModTime()) > oldCheckpoint:
		p.warn("checkpoints", fmt.Sprintf("the last head was signed %s ago; fine if nothing was recorded since", time.Since(about.ModTime()).Round(time.Hour)), fix)
	default:
		p.ok("checkpoints", "the last head of the record was signed %s ago", time.Since(about.ModTime()).Round(time.Second))
	}
}
