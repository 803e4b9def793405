#!/usr/bin/env bash
# Installs what Tocsin needs on this machine and says what and why.
#   deploy/setup.sh run    for make run and make demo
#   deploy/setup.sh test   for make test: also a browser for the tests of pages
# Does nothing, and says nothing, when all is there. Debian and Ubuntu are
# installed for; elsewhere it names what is missing.
set -euo pipefail

purpose=${1:-run}
missing=() why=()

need() { # package, reason, test
  if ! eval "$3" >/dev/null 2>&1; then
    missing+=("$1")
    why+=("  $1: $2")
  fi
}

has_postgres() {
  [ -n "${TOCSIN_PG_BIN:-}" ] || command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' ||
    compgen -G '/opt/homebrew/opt/postgresql*/bin/initdb' || compgen -G '/usr/local/opt/postgresql*/bin/initdb'
}

if ! command -v go >/dev/null; then
  echo "setup: Go is not installed. Tocsin is built with Go 1.26.8 or newer: https://go.dev/dl/" >&2
  exit 1
fi

need postgresql "the record of incidents is kept in PostgreSQL; a private server is started from these binaries" has_postgres
if [ "$purpose" = test ]; then
  need slapd "the ldap connector is tested against a real directory" 'command -v slapd || test -x /usr/sbin/slapd'
  need chromium "tests look at the Temporal UI as a manager would" 'command -v chromium || command -v chromium-browser || command -v google-chrome'
fi

[ ${#missing[@]} -eq 0 ] && exit 0

echo "setup: installing"
printf '%s\n' "${why[@]}"

if ! command -v apt-get >/dev/null; then
  echo "setup: no apt-get here; please install: ${missing[*]}" >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "setup: please run as root: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi

# Debian would start a system-wide server after installing one; we start our own.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
  made_policy=1
fi
cleanup() { [ -z "$made_policy" ] || "${as_root[@]}" rm -f "$policy"; }
trap cleanup EXIT

export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "setup: done"
