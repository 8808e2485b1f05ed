# The only entry to everything that is done with the dashboard: `make help` lists it.
#
# Settings, all optional, as `make server PORT=9000` or in the environment:
#   PORT              where the dashboard listens (8050)
#   RELOAD_PORT       where pages that are developed hear of changes (PORT + 1)
#   DATA_DIR          the data directory, with the store (data)
#   RSE_CACHE         tools and compiled code, outside the clone (see scripts/lib/places.sh)
#   CARGO_TARGET_DIR  compiled code alone
#   ARGS              passed on: `make unit ARGS=roll_up`, `make e2e ARGS=--grep=filters`

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# Cargo uses every core by itself, and set-up comes before build comes before data.
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
# The tools that `make setup` installed come first. The npm ones are found by cargo-leptos on the PATH.
export PATH := $(RSE_CACHE)/tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

BINARY := $(CARGO_TARGET_DIR)/release/rse-dashboard
SITE := $(CURDIR)/target/site
BUILT := target/.built

# Folders are listed with their files: a file that was deleted is a change as well.
# What the tests compare with is no part of the build.
SOURCES := $(shell find src style public build.rs Cargo.toml Cargo.lock rust-toolchain.toml package-lock.json \
	scripts/build scripts/client.mjs scripts/precompress.mjs scripts/plotly-bundle.mjs -name snapshots -prune -o -print 2>/dev/null)

# Several clones share CARGO_TARGET_DIR, and the last one to build owns the program there.
ifneq ($(shell cat $(BINARY).built-from 2>/dev/null),$(CURDIR))
.PHONY: $(BUILT)
endif

##@ Use it
.PHONY: help server data production-image server-image

help: ## list what can be made
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

server: setup build ## set up, build, fill an empty store with sample data, and serve on PORT
	@scripts/data --sample
	@echo "Serving $(DATA_DIR) on http://localhost:$(PORT) (Ctrl-C ends it)"
	@LEPTOS_SITE_ROOT=$(SITE) exec $(BINARY) serve

data: build ## collect from the configured sources; without any, fill an empty DATA_DIR with sample data
	@scripts/data

production-image: ## build the container image with Docker or Podman
	@scripts/production-image

server-image: ## run the container image as in production, on PORT
	@scripts/server-image

##@ Develop it
.PHONY: setup setup-tests build watch session shell fmt clean

setup: ## install what is missing of the tools, and say why
	@scripts/setup

setup-tests:
	@scripts/setup --tests

build: $(BUILT) ## release build of server and client (skipped when nothing changed)

$(BUILT): $(SOURCES) | public/plotly
	@mkdir -p $(@D) && touch $@.begun
	@scripts/build
# As old as the build's beginning: what changed meanwhile is not in it.
	@mv $@.begun $@

# Whoever has not run `make setup` yet gets it done by the first build.
public/plotly:
	@scripts/setup

watch: setup ## rebuild and reload the browser at every change, on PORT
	@LEPTOS_SITE_ADDR=127.0.0.1:$(PORT) LEPTOS_RELOAD_PORT=$(RELOAD_PORT) exec cargo leptos watch

session: setup ## watch in the background, and a shell in front to try things in
	@scripts/session

shell: ## a shell that finds the tools and rse-dashboard, with the variables set
	@echo "rse-dashboard and the tools are on the PATH; leave with exit."
	@PATH=$(dir $(BINARY)):$$PATH LEPTOS_SITE_ROOT=$(SITE) exec bash

fmt: ## format the Rust code
	@cargo fmt

clean: ## delete what was built in this clone (tools and compiled dependencies stay in RSE_CACHE)
	@rm -rf target public/plotly end2end/test-results end2end/playwright-report
	@cargo clean --package rse-dashboard 2>/dev/null || true

##@ Check it
.PHONY: tests lint licences sbom image-check unit test-postgres test-sources test-replicas test-replicas-quick \
	e2e test-targets test-watch api-check soak bench stand-ins pipeline-check smoke

tests: ## everything that must pass: CONTRIBUTING.md says which of these targets it runs
	@scripts/tests

lint: setup ## formatting, Clippy for server and client, documentation, house rules
	@scripts/lint

licences: setup ## licences of all crates and npm packages, against licences.txt
	@node scripts/licences.mjs

sbom: setup ## bill of materials of the product (CycloneDX), to target/sbom.cdx.json
	@mkdir -p target && node scripts/sbom.mjs target/sbom.cdx.json

image-check: ## build the container image and check it from outside, also where no registry is reached
	@scripts/image-check

unit: setup ## unit and property tests
	@cargo test --no-default-features --features ssr --lib --bins --test store $(ARGS)

test-postgres: setup-tests ## the store's tests on a PostgreSQL server of their own
	@node scripts/with-postgres.mjs cargo test --no-default-features --features ssr --test store $(ARGS)

test-sources: setup ## sources against stand-ins for Azure Cosmos DB and GitHub, with their faults
	@cargo test --no-default-features --features ssr --test sources $(ARGS)

test-replicas: setup-tests build ## three replicas behind nginx on one PostgreSQL: killed, frozen, cut off (minutes; ARGS names scenarios)
	@node scripts/replicas.mjs $(ARGS)

test-replicas-quick: setup-tests build ## those of them that take seconds
	@node scripts/replicas.mjs --quick

pipeline-check: ## azure-pipelines.yml against the published schema and the rules of the house
	@scripts/pipeline-check

smoke: ## ask a running dashboard whether it is well: URL=https://…, or start an image first: IMAGE=…
	@scripts/smoke $(or $(URL),$(if $(IMAGE),--image $(IMAGE)))

stand-ins: setup build ## a Cosmos DB server and a GitHub on this machine, to collect from
	@scripts/stand-ins

e2e: setup-tests build ## end-to-end tests in a real browser, on the release build
	@scripts/e2e $(ARGS)

test-watch: setup-tests ## make watch on a copy of the clone: edits show in a real browser by themselves
	@scripts/e2e --watch $(ARGS)

test-targets: setup-tests build ## server and smoke, data, shell, stand-ins: started as people start them
	@node --test tests/targets/

api-check: build ## made-up requests against the server's own OpenAPI description
	@scripts/api-check

soak: setup build ## the server under load and under attack, and very many random inputs (minutes)
	@scripts/soak

bench: setup build ## measure how fast it is, and write docs/performance.md (ARGS=http measures a part)
	@node bench/run.mjs $(ARGS)
