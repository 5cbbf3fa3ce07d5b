# One command for everything. `make demo` and `make test` set up what they need, on a machine with Python 3.11, git and make.
.DEFAULT_GOAL := help
BIN := .venv/bin
SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*')

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready ## a working .venv
.venv/.ready: pyproject.toml constraints.txt scripts/setup hatch_build.py
	scripts/setup

web: src/cytoloop/_web/.stamp ## the web app's bundle
src/cytoloop/_web/.stamp: .venv/.ready $(SOURCES)
	scripts/web

demo: setup web ## do the main job on the bundled samples and open it in the browser
	$(BIN)/cytoloop demo $(ARGS)

serve: setup web ## run the server
	$(BIN)/cytoloop serve $(ARGS)

check: setup ## the fast checks: style, types, layers, unit tests
	scripts/check

test: setup web ## every test
	scripts/test

bench: setup web ## speed as ratios against peers, on real data
	scripts/bench $(ARGS)

docs: setup ## the documentation, as a site
	scripts/docs

openapi: setup ## the API's description and the web app's types made from it
	$(BIN)/cytoloop openapi --out web/openapi.json && cd web && npm run types

clean: ## remove what was made
	rm -rf .venv .cache site build dist web/node_modules web/dist src/cytoloop/_web

.PHONY: help setup web demo serve check test bench docs openapi clean
