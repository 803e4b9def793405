package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/lab"
)

// labServer is the lab, listening.
type labServer struct {
	url    string
	token  string
	server *http.Server
}

// EffectsFile is where the lab of a machine in dir keeps what really happened.
func EffectsFile(dir string) string { return filepath.Join(dir, "lab", "effects.jsonl") }

// startLab starts the lab with its state in dir. Its token is made once and kept
// there.
func startLab(ctx context.Context, address, dir string) (*labServer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the lab's folder: %w", err)
	}
	token, err := keptToken(filepath.Join(dir, "token"))
	if err != nil {
		return nil, err
	}
	handler, err := lab.New(lab.Options{Token: token, EffectsFile: filepath.Join(dir, "effects.jsonl")})
	if err != nil {
		return nil, fmt.Errorf("start the lab: %w", err)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the lab cannot listen on %s: %w", address, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Shutdown
	return &labServer{url: "http://" + listener.Addr().String(), token: token, server: server}, nil
}

func keptToken(path string) (string, error) {
	kept, err := os.ReadFile(path)
	if err == nil && len(kept) > 0 {
		return string(kept), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the lab's token: %w", err)
	}
	fresh := rand.Text()
	if err := os.WriteFile(path, []byte(fresh), 0o600); err != nil {
		return "", fmt.Errorf("keep the lab's token: %w", err)
	}
	return fresh, nil
}

func (l *labServer) stop(ctx context.Context) error { return l.server.Shutdown(ctx) }

// connectors are the instances that the shipped playbooks name, all pointing at
// the lab.
func (l *labServer) connectors() map[string]app.ConnectorConfig {
	instances := map[string]app.ConnectorConfig{}
	for instance, kind := range LabKinds() {
		instances[instance] = app.ConnectorConfig{Use: kind, Settings: map[string]string{"base_url": l.url}, Secrets: hidden(l.token)}
	}
	return instances
}

// LabKinds maps the instance names of the shipped playbooks to the lab's
// connectors.
func LabKinds() map[string]string {
	return map[string]string{
		"edr": "lab_edr", "directory": "lab_directory", "firewall": "lab_firewall", "mail": "lab_mail", "intel": "lab_intel",
	}
}
