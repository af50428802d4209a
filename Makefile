# `make help` lists the targets. Tests that need a database server live in files
# named *_server_test.go under the build tag "server": `make check` leaves them
# out, `make test` runs everything and sees to the server itself.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# nomsgpack keeps a codec nobody asks for out of gin; timetzdata puts the time
# zones into the binary, for images that have none.
TAGS := nomsgpack
RELEASE_TAGS := nomsgpack timetzdata
# The binary is one file that a dealer copies; these packages are linked for a
# small part of them and never in a hurry, so they go without inlining.
LEAN := github.com/sqlc-dev/... github.com/quic-go/... go.mongodb.org/... google.golang.org/protobuf/... \
	github.com/alecthomas/... github.com/santhosh-tekuri/... github.com/goccy/... github.com/oasdiff/... \
	github.com/makiuchi-d/... github.com/go-playground/... github.com/wneessen/... github.com/gabriel-vasile/... \
	golang.org/x/net/http2/... golang.org/x/text/... encoding/gob html/template text/template crypto/x509 \
	$(addprefix github.com/dealerbridge/dealerbridge/,mappings/mapfile mappings/crmfile mappings/sqltext server/sandbox cmd/...)
# What the processor was at under load, for the compiler: it inlines there. It
# is made by a program without the paths of whoever built it.
PROFILE := cmd/dealerbridge/serve.pgo
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 3s

GOLANGCI := .cache/bin/golangci-lint
REDOCLY := .tools/node_modules/.bin/redocly

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## build and run the demo; ARGS='--listen 127.0.0.1:9000' passes through
	bin/dealerbridge demo $(ARGS)

.PHONY: build
build: ## build the static binary, bin/dealerbridge
	CGO_ENABLED=0 go build -trimpath -pgo '$(PROFILE)' -tags '$(RELEASE_TAGS)' $(LEAN:%=-gcflags=%=-l) \
		-ldflags '-s -w -X main.version=$(VERSION)' -o bin/dealerbridge ./cmd/dealerbridge

.PHONY: profile
profile: ## renew the profile the compiler goes by, from the bench; takes two minutes
	go build -trimpath -tags '$(TAGS) profile' -o /tmp/dealerbridge-profiled ./cmd/dealerbridge
	@$(MAKE) --no-print-directory run-bench SIZE=small DURATION=3s GATEWAY=/tmp/dealerbridge-profiled \
		ARGS='-rounds 1' DEALERBRIDGE_CPU_PROFILE='$(CURDIR)/$(PROFILE)'

.PHONY: test
test: ## prove everything; installs and starts what it needs
	@TAGS='$(TAGS)' .tools/test.sh

.PHONY: check
check: unit lint check-generated ## unit tests, lint, generated code: no database server, under three minutes

.PHONY: unit
unit: ## the tests that need no database server
	go test -tags '$(TAGS)' ./...

.PHONY: spoil
spoil: ## the tests that see who still looks at the memory of an answer that was written
	go test -tags '$(TAGS) spoil' ./adapters ./mappings/convert ./mappings/plan
	go test -tags '$(TAGS) spoil' -run 'TestConformance|TestLoans|TestAShortList|TestForeignRows|TestDrawnDealers|TestPagesInTurn' ./adapters/sqlrms
	go test -tags '$(TAGS) spoil' -run 'TestRules|TestSweeps|TestEndpoints|TestOneBadRow|TestHostileCustomers|TestChanges' ./cmd/dealerbridge

.PHONY: lint
lint: $(GOLANGCI) ## lint the Go code
	$(GOLANGCI) run ./...

.PHONY: format
format: $(GOLANGCI) ## format the Go code as the linter wants it
	$(GOLANGCI) fmt ./...

.PHONY: lint-openapi
lint-openapi: $(REDOCLY) ## lint the specifications
	@REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(REDOCLY) lint --config .tools/redocly.yaml

.PHONY: generate
generate: ## generate code from the specifications, and say which mapping lines a change touches
	@.tools/generate.sh

.PHONY: check-generated
check-generated: ## fail if anything generated differs from its source
	@.tools/check-generated.sh

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (3s)
	@.tools/fuzz.sh '$(TAGS)' '$(FUZZTIME)'

SIZE ?= medium
DURATION ?= 0
GATEWAY := bin/dealerbridge

.PHONY: bench
bench: build run-bench ## measure beside a hand-written server; SIZE=small|medium|large, DURATION=5s of each run

.PHONY: run-bench
run-bench:
	@go build -tags '$(TAGS)' -o .cache/bin/withdb ./adapters/adaptertest/dbserver/withdb
	@go build -tags '$(TAGS)' -o .cache/bin/bench ./cmd/bench
	@.cache/bin/withdb -server=--innodb-buffer-pool-size=4G -server=--loose-innodb-log-file-size=512M \
		.cache/bin/bench -size '$(SIZE)' -duration '$(DURATION)' -gateway '$(GATEWAY)' \
		-json '.cache/bench-$(SIZE).json' -svg '.cache/bench-$(SIZE).svg' $(ARGS)

$(GOLANGCI): .tools/lint/go.mod .tools/lint/go.sum
	@echo 'building the linter; this takes a minute or two, once'
	@cd .tools/lint && CGO_ENABLED=0 go build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

$(REDOCLY): .tools/package-lock.json
	npm ci --prefix .tools --ignore-scripts --loglevel=error </dev/null
	@touch $@
