# Tocsin. `make` alone lists what can be done here.
SHELL      := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO      ?= go
BIN     := bin/tocsin
LDFLAGS := -s -w -X github.com/tocsin-soar/tocsin/internal/observe.version=$(VERSION)

FUZZTIME   ?= 30s
BENCHTIME  ?= 2s
BENCHFLAGS ?=
STACK      := $(GO) run ./internal/devstack/cmd/teststack --
LINT       := $(GO) tool -modfile=internal/tools/lint/go.mod golangci-lint

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z_-]+:.*## / {printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/tocsin
	@echo "building $(BIN) (the first build compiles all dependencies: 2 to 4 minutes on two cores)"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/tocsin

.PHONY: demo
demo: setup build ## the whole product on this machine, with a lab: an alert becomes a closed incident (DEMO_AUTO=1: answers by itself)
	@exec ./$(BIN) demo

.PHONY: run
run: setup build ## the product with private Postgres and Temporal, data kept in .tocsin/; Ctrl-C stops all
	@exec ./$(BIN) dev

.PHONY: setup
setup: ## install what running needs, saying what and why
	@deploy/setup.sh run

.PHONY: setup-test
setup-test:
	@deploy/setup.sh test

.PHONY: test
test: setup-test ## the whole suite against real Postgres and a real Temporal dev server
	@$(STACK) $(GO) test -timeout 14m ./...

.PHONY: race
race: setup-test ## the suite under the race detector (compiles everything again)
	@$(STACK) $(GO) test -race -timeout 30m ./...

.PHONY: replay
replay: ## replay every recorded history with this build
	@$(GO) test -count=1 -run 'Replay' ./workflows/...

.PHONY: lint
lint: ## gofmt, go vet, golangci-lint, and the tests that keep the house in order
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); if [ -n "$$unformatted" ]; then echo "not gofmt'ed: $$unformatted"; exit 1; fi
	@$(GO) vet ./...
	@$(LINT) run ./...
	@$(GO) test -count=1 ./internal/archtest

.PHONY: gen
gen: ## write generated code again: SQL, OpenAPI, editor schema
	@cd internal/store && $(GO) tool -modfile=../tools/sqlc/go.mod sqlc generate
	@$(GO) tool -modfile=internal/tools/oapi/go.mod oapi-codegen -config api/cfg.yaml api/openapi.yaml
	@$(GO) test -count=1 ./internal/playbook/schema -update

.PHONY: verify
verify: ## generated files are true, modules are tidy
	@$(GO) mod verify >/dev/null && $(GO) mod tidy -diff
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; sed '/^output:/d' api/cfg.yaml > $$scratch/cfg.yaml; \
	  $(GO) tool -modfile=internal/tools/oapi/go.mod oapi-codegen -config $$scratch/cfg.yaml -o $$scratch/api.gen.go api/openapi.yaml; \
	  diff -q $$scratch/api.gen.go api/gen/api.gen.go || { echo "api/gen is stale: run make gen"; exit 1; }
	@$(GO) test -count=1 -run 'Schema|Replay' ./internal/playbook/schema ./workflows/... >/dev/null
	@if command -v sqlc >/dev/null; then cd internal/store && sqlc diff; else echo "verify: sqlc is not installed; its generated code is not compared (make gen builds it)"; fi

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (30s)
	@for pkg in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for target in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$pkg/*_test.go | sed 's/func //'); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; done

FILES      ?= ../shared/corpora/detections
LABELS     ?= $(FILES)/labels.tsv

.PHONY: show-doors
show-doors: setup-test ## real payloads through the product's doors: alerts, labels found, traps survived, answers as described (FILES=dir LABELS=file)
	@$(STACK) $(GO) run ./internal/show/doors -files '$(FILES)' -labels '$(LABELS)' $(DOORSFLAGS)

VECTORS    ?= $(firstword $(wildcard ../shared/corpora/regulatory/vectors.json) internal/deadline/vector/testdata/vectors.json)

.PHONY: show-clocks
show-clocks: ## duties to notify: test vectors passed of all (VECTORS=file); simulated instants equal to the workflow's
	@$(GO) run ./internal/show/clocks -vectors '$(VECTORS)' $(CLOCKSFLAGS)

SHOTS      := $(CURDIR)/.show/screenshots

.PHONY: screenshots
screenshots: setup-test ## pictures in .show/screenshots: the Temporal UI's lists, timers and board, tocsin clocks, the approval page; each page is checked as well
	@mkdir -p $(SHOTS)
	@TOCSIN_SCREENSHOTS=$(SHOTS) $(STACK) $(GO) test -count=1 -run '^(TestUI|TestInABrowser.*)$$' ./internal/e2e ./api/page
	@ls $(SHOTS)/*.png

.PHONY: show-people
show-people: setup-test build ## people in the loop: an analyst's night with a fake Slack and real servers, answers while servers stand still, forged approvals over every door, shuffled answers
	@$(STACK) $(GO) run ./internal/show/people -out .show/people $(PEOPLEFLAGS)

.PHONY: bench
bench: setup-test ## Tocsin beside the same by hand: steps, first action, intake; then the Go benchmarks
	@$(GO) run ./internal/bench -time $(BENCHTIME) -file .bench/results.json $(BENCHFLAGS)
	@$(STACK) $(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) -timeout 30m ./internal/store/... ./internal/playbook/... ./internal/record/...

.PHONY: ci
ci: lint verify test ## what must pass before anything lands
