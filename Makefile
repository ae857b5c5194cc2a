# Slipway's tasks. The scripts behind them say what they do in their first lines.

.DEFAULT_GOAL := help
.PHONY: help demo test build headless lint fuzz fuzz-graphs conformance bench large models networks strangers quantization walk screenshots clean

help: ## Shows this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r t d; do printf '  make %-13s %s\n' "$$t" "$$d"; done

demo: ## Installs what is missing, builds, and takes the bundled sample through the whole loop
	@scripts/demo

test: ## Checks everything, headless
	@scripts/test

build: ## Builds bin/studio and bin/studio-file-dialog
	@scripts/system-packages build
	@scripts/build

headless: ## Builds bin/studio-headless, for servers
	@scripts/system-packages build
	@scripts/build headless

lint: ## Runs gofumpt and golangci-lint
	@scripts/lint

walk: ## Computes Core ML packages of all networks with numpy (needs STUDIO_COREML_VENV with coremltools)
	@STUDIO_WALK=all go test -count=1 -timeout 120m -v ./conversion/target/coreml -run TestWalk

FUZZTIME ?= 30
fuzz: ## Runs every fuzz target for FUZZTIME seconds
	@scripts/fuzz $(FUZZTIME)

COUNT ?= 100000
fuzz-graphs: ## Draws COUNT random graphs and looks for anything that computes them differently
	@scripts/fuzz-graphs $(COUNT) $(SEED)

bench: build ## Measures the studio beside today's tools on the same files
	@scripts/test-venv
	@scripts/bench/run

conformance: ## Tries ONNX's own cases on every target and renews conformance/table.txt and findings.txt
	@scripts/test-venv
	@scripts/conformance

LARGE ?= 6
large: ## Converts a model of LARGE gigabytes (of holes) to every target, watches the memory, compares every weight and runs it
	@STUDIO_VENV=$$(scripts/venv-path) STUDIO_LARGE=$(LARGE) go test -count=1 -timeout 40m -v -run '^TestLarge$$' ./conversion/plan

models: ## Exports the networks for `make networks` (needs 5 GB for PyTorch)
	@scripts/models/run

NETWORKS ?=
networks: models ## Converts NETWORKS (default all) to every target, verifies, renews docs/NETWORKS.md
	@scripts/networks $(NETWORKS)

strangers: models ## Converts NETWORKS (default all) of timm and transformers, which nothing was made for, and says what became of each
	@scripts/strangers $(NETWORKS)

quantization: models ## Holds int8 of NETWORKS (default all) against the best quantizer of each runtime, renews docs/QUANTIZATION.md
	@scripts/quantization $(NETWORKS)

screenshots: build ## Drives the real window and renews docs/screenshots
	@scripts/system-packages window
	@scripts/screenshots

clean: ## Removes what was built; keeps what was downloaded
	rm -rf bin artifacts out slipway-demo
