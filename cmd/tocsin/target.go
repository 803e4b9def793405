package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"go.yaml.in/yaml/v4"
)

const defaultURL = "http://127.0.0.1:8080"

// target is a server and the token for it.
type target struct{ url, token string }

// profile is one of the files that say where the server is.
type profile struct {
	URL       string `yaml:"url"`
	Token     string `yaml:"token"`
	TokenFile string `yaml:"token_file"` // relative to the file itself
}

// target finds the server and the token; the order stands in the root's help.
func (c *cli) target() (target, error) {
	found := target{url: first(c.url, os.Getenv("TOCSIN_URL"))}
	given, err := givenToken(c)
	if err != nil {
		return target{}, err
	}
	found.token = given
	if found.url != "" && found.token != "" {
		return found, nil
	}
	for _, path := range profilePaths() {
		p, err := readProfile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return target{}, err
		}
		if found.url == "" {
			found.url = p.URL
		}
		// A token goes to the server that it was written down for, and nowhere else:
		// a file in the wrong folder must not draw it out.
		if found.token == "" && sameServer(found.url, p.URL) {
			found.token, err = p.token(path)
			return found, err
		}
		break // the nearest file counts alone
	}
	found.url = first(found.url, defaultURL)
	return found, nil
}

func givenToken(c *cli) (string, error) {
	if c.token != "" {
		return c.token, nil
	}
	file := c.tokenFile
	if file == "" {
		if token := os.Getenv("TOCSIN_TOKEN"); token != "" {
			return token, nil
		}
		file = os.Getenv("TOCSIN_TOKEN_FILE")
	}
	if file == "" {
		return "", nil
	}
	return readToken(file)
}

func profilePaths() []string {
	paths := []string{filepath.Join(".tocsin", "cli.yaml")}
	config := os.Getenv("XDG_CONFIG_HOME")
	if home, err := os.UserHomeDir(); config == "" && err == nil {
		config = filepath.Join(home, ".config")
	}
	if config != "" {
		paths = append(paths, filepath.Join(config, "tocsin", "cli.yaml"))
	}
	return paths
}

func readProfile(path string) (profile, error) {
	content, err := readPrivate(path)
	if err != nil {
		return profile{}, err
	}
	var p profile
	if err := yaml.Load(content, &p, yaml.WithKnownFields()); err != nil {
		return profile{}, usage("%s: expected url, token or token_file: %v", path, err)
	}
	if p.URL == "" {
		return profile{}, usage("%s: url is missing", path)
	}
	return p, nil
}

func (p profile) token(path string) (string, error) {
	if p.TokenFile == "" {
		return p.Token, nil
	}
	file := p.TokenFile
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(path), file)
	}
	return readToken(file)
}

func readToken(file string) (string, error) {
	content, err := readPrivate(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", usage("the token's file %s does not exist", file)
	}
	return strings.TrimSpace(string(content)), err
}

// readPrivate reads a small file that only its owner may read. One that came with
// somebody's checkout is readable by all and is refused.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, usage("%s can be read or changed by others; run: chmod 600 %s", path, path)
	}
	const most = 64 << 10
	if info.Size() > most {
		return nil, usage("%s is larger than %d bytes", path, most)
	}
	return os.ReadFile(path)
}

func sameServer(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
