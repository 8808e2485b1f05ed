# Entry point for everything done with the dashboard: `make help` lists the targets.
#
# Optional settings, given as `make server PORT=9000` or in the environment:
#   PORT              port of the dashboard (8050)
#   RELOAD_PORT       port that notifies pages of changes during development (PORT + 1)
#   DATA_DIR          data directory, which holds the store (data)
#   RSE_CACHE         tools and compiled code, outside the clone (see scripts/lib/places.sh)
#   CARGO_TARGET_DIR  compiled code only
#   ARGS              extra arguments: `make unit ARGS=roll_up`, `make e2e ARGS=--grep=filters`

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# Cargo already uses every core, and the order is set-up, build, data.
.NOTPARALLEL:

PORT ?= 8050
RELOAD_PORT ?= $(shell expr $(PORT) + 1)
DATA_DIR ?= $(or $(RSE_DATA),data)
ARGS ?=
place = $(shell RSE_CACHE='$(RSE_CACHE)' CARGO_TARGET_DIR='$(CARGO_TARGET_DIR)'; . scripts/lib/places.sh; echo "$$$(1)")
override RSE_CACHE := $(call place,RSE_CACHE)
override CARGO_TARGET_DIR := $(call place,CARGO_TARGET_DIR)

export PORT RSE_CACHE CARGO_TARGET_DIR
export RSE_DATA := $(abspath $(DATA_DIR))
# Tools installed by `make setup` come first. cargo-leptos finds the npm tools on the PATH.
export PATH := $(RSE_CACHE)/tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

BINARY := $(CARGO_TARGET_DIR)/release/rse-dashboard
SITE := $(CURDIR)/target/site
BUILT := target/.built

# Lists folders as well as files, so that a deleted file counts as a change.
# Snapshots are excluded: only tests use them.
SOURCES := $(shell find src style public build.rs Cargo.toml Cargo.lock rust-toolchain.toml package-lock.json \
	scripts/build scripts/client.mjs scripts/precompress.mjs scripts/plotly-bundle.mjs -name snapshots -prune -o -print 2>/dev/null)

# Several clones share CARGO_TARGET_DIR; the program there belongs to the last clone that built it.
ifneq ($(shell cat $(BINARY).built-from 2>/dev/null),$(CURDIR))
.PHONY: $(BUILT)
endif

##@ Use it
.PHONY: help server data production-image server-image

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

server: setup build ## set up, build, fill an empty store with sample data, and serve on PORT
	@scripts/data --sample
	@echo "Serving $(DATA_DIR) on http://localhost:$(PORT) (Ctrl-C stops it)"
	@LEPTOS_SITE_ROOT=$(SITE) exec $(BINARY) serve

data: build ## collect from the configured sources; without any, fill an empty DATA_DIR with sample data
	@scripts/data

production-image: ## build the container image with Docker or Podman
	@scripts/production-image

server-image: ## run the container image as in production, on PORT
	@scripts/server-image

##@ Develop it
.PHONY: setup setup-tests build watch session shell fmt clean

setup: ## install missing tools, and say why each is needed
	@scripts/setup

setup-tests:
	@scripts/setup --tests

build: $(BUILT) ## build the release of server and client (skipped when nothing changed)

$(BUILT): $(SOURCES) | public/plotly
	@mkdir -p $(@D) && touch $@.begun
	@scripts/build
# Uses the time when the build began, so that later changes trigger another build.
	@mv $@.begun $@

# Runs `make setup` before the first build if nobody has.
public/plotly:
	@scripts/setup

watch: setup ## rebuild and reload the browser at every change, on PORT
	@LEPTOS_SITE_ADDR=127.0.0.1:$(PORT) LEPTOS_RELOAD_PORT=$(RELOAD_PORT) exec cargo leptos watch

session: setup ## watch in the background, with a shell in the foreground
	@scripts/session

shell: ## open a shell with the tools and rse-dashboard on the PATH, and the variables set
	@echo "rse-dashboard and the tools are on the PATH; leave with exit."
	@PATH=$(dir $(BINARY)):$$PATH LEPTOS_SITE_ROOT=$(SITE) exec bash

fmt: ## format the Rust code
	@cargo fmt

clean: ## delete this clone's build output (tools and compiled dependencies stay in RSE_CACHE)
	@rm -rf target public/plotly end2end/test-results end2end/playwright-report
	@cargo clean --package rse-dashboard 2>/dev/null || true

##@ Check it
.PHONY: tests lint licences audit sbom image-check unit test-postgres test-sources test-replicas test-replicas-quick \
	test-proofs e2e test-browsers screenshots test-example test-targets test-watch api-check fuzz soak bench stand-ins pipeline-check smoke

tests: ## run everything that must pass; CONTRIBUTING.md lists the targets
	@scripts/tests

lint: setup ## check formatting, Clippy for server and client, documentation, house rules
	@scripts/lint

licences: setup ## check the licences of all crates and npm packages against licences.txt
	@node scripts/licences.mjs

audit: setup ## look for known vulnerabilities in crates and npm packages (accepted-advisories.yaml)
	@scripts/audit

sbom: setup ## write the bill of materials (CycloneDX) to target/sbom.cdx.json
	@mkdir -p target && node scripts/sbom.mjs target/sbom.cdx.json

image-check: ## build the container image and check it from outside, even without an image registry
	@scripts/image-check

unit: setup ## run unit and property tests
	@cargo test --no-default-features --features ssr --lib --bins --test store -- --skip postgres_only:: $(ARGS)

test-postgres: setup-tests ## test the store on a temporary PostgreSQL server
	@node scripts/with-postgres.mjs cargo test --no-default-features --features ssr --test store -- --include-ignored $(ARGS)

test-sources: setup ## test the sources against stand-ins for Azure Cosmos DB and GitHub, including faults
	@cargo test --no-default-features --features ssr --test sources $(ARGS)

test-proofs: setup ## compare statistics with those of Apache Otava, lifelines, scipy and statsmodels
	@scripts/test-proofs

test-replicas: setup-tests build ## test three replicas behind nginx on one PostgreSQL: killed, frozen, cut off (minutes; ARGS names scenarios)
	@node scripts/replicas.mjs $(ARGS)

test-replicas-quick: setup-tests build ## run only the scenarios that take seconds
	@node scripts/replicas.mjs --quick

pipeline-check: ## check azure-pipelines.yml against the published schema and the house rules
	@scripts/pipeline-check

smoke: ## check a running dashboard (URL=https://…), or start an image and check it (IMAGE=…)
	@scripts/smoke $(or $(URL),$(if $(IMAGE),--image $(IMAGE)))

stand-ins: setup build ## run stand-ins for Cosmos DB and GitHub on this machine, to collect from
	@scripts/stand-ins

e2e: setup-tests build ## run end-to-end tests in a real browser, on the release build
	@scripts/e2e $(ARGS)

screenshots: setup-tests build ## take the pictures anew that end-to-end tests compare the style guide with
	@rm -rf end2end/pictures
	@scripts/e2e --update-snapshots=all --grep="looks as before"

test-browsers: setup-tests build ## run a tour of all pages in Firefox and WebKit, on the release build
	@scripts/e2e --browsers $(ARGS)

test-watch: setup-tests ## test `make watch` on a copy of the clone: edits appear in a real browser
	@scripts/e2e --watch $(ARGS)

test-example: setup ## apply the worked example of CONTRIBUTING.md to a copy, build it and use it
	@node --test tests/example/

test-targets: setup-tests build ## test the targets server, smoke, data, shell and stand-ins as people run them
	@node --test tests/targets/

fuzz: ## run one fuzz target until it is stopped (ARGS=dockerfile; fuzz/README.md)
	@scripts/fuzz $(ARGS)

api-check: build ## test the server against its OpenAPI description with generated requests
	@scripts/api-check

soak: setup-tests build ## test the server under load, under attack and with many random inputs (minutes)
	@scripts/soak

bench: setup build ## measure performance and write docs/performance.md (ARGS=http measures one part)
	@node bench/run.mjs $(ARGS)
