# One command for everything. `make demo` and `make test` set up what they need, on a machine with Python 3.11, git and make.
.DEFAULT_GOAL := help
BIN := .venv/bin
SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*')

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready ## a working .venv
.venv/.ready: pyproject.toml constraints.txt scripts/setup hatch_build.py
	scripts/setup

train: .venv/.train ## what training needs: torch
.venv/.train: .venv/.ready scripts/setup-train
	scripts/setup-train

web: src/cytoloop/_web/.stamp ## the web app's bundle
src/cytoloop/_web/.stamp: .venv/.ready $(SOURCES)
	scripts/web

demo: setup web ## do the main job on the bundled samples and open it in the browser
	$(BIN)/cytoloop demo $(ARGS)

serve: setup web ## run the server
	$(BIN)/cytoloop serve $(ARGS)

check: train ## the fast checks: style, types, layers, unit tests
	scripts/check

test: train web ## every test
	scripts/test

bench: setup web ## speed as ratios against peers, on real data (ARGS=many: a million objects)
	scripts/bench $(ARGS)

models: train ## train the models that ship, from the shared data (hours)
	.venv/bin/python scripts/models.py make $(ARGS)

bench-models: train ## what every model and baseline scores, and how long it takes
	$(BIN)/python -m tests.performance.models $(ARGS)

bench-classify: train ## classes of objects: F1 at few labels, labels saved by active learning
	$(BIN)/python -m tests.performance.classify $(ARGS)

bench-finetune: train ## segmentation before and after learning from a few images (ARGS="--start PACKAGE --type 8")
	$(BIN)/python -m tests.performance.finetuning $(ARGS)

bench-pixels: setup ## pixels of classes: F1 from a few strokes against thresholds and a forest, time of a preview
	$(BIN)/python -m tests.performance.pixels $(ARGS)

bench-slides: setup ## whole slides: joining across tiles, tiles a second, memory
	$(BIN)/python -m tests.performance.slides merging
	$(BIN)/python -m tests.performance.slides job --side 20000 $(ARGS)

bench-viewers: setup web ## fifty people looking at a slide for ten minutes: latency of tiles, memory of the server
	$(BIN)/python -m tests.performance.viewers --viewers 50 --minutes 10 $(ARGS)

soak: setup web ## kill server, workers and database while a slide is segmented, and compare what is stored (hours)
	$(BIN)/python -m tests.soak.kills --side 8000 --seeds 1 --kills 5
	$(BIN)/python -m tests.soak.kills --side 5000 --method threshold --seeds 100 --kills 3 $(ARGS)
	scripts/postgres >/dev/null
	$(BIN)/python -m tests.soak.kills --side 2600 --method threshold --seeds 100 --kills 2 --engine postgresql $(ARGS)

soak-workbench: setup web ## a hundred random sequences of work through a real browser
	CYTOLOOP_SEQUENCES=100 $(BIN)/pytest -p no:randomly tests/e2e/test_sequences.py

bench-workbench: setup web ## how quick the page is under the hand, in headless Chromium
	$(BIN)/python -m tests.performance.workbench

bench-display: setup web ## a million objects (ARGS="--count 10000000" for more): storing, tiles, questions, in headless Chromium
	$(BIN)/python -m tests.performance.display --browser $(ARGS)

bench-features: setup ## further measurements against cp_measure alone
	$(BIN)/python -m tests.performance.features

docs: setup ## the documentation, as a site
	scripts/docs

openapi: setup ## the API's description and the web app's types made from it
	$(BIN)/cytoloop openapi --out web/openapi.json && cd web && npm run types

clean: ## remove what was made
	rm -rf .venv .cache/bench .cache/uv .cache/bioimageio site build dist web/node_modules web/dist src/cytoloop/_web

.PHONY: help setup train web demo serve check test bench models bench-models bench-workbench bench-display bench-features bench-classify bench-finetune bench-pixels bench-slides bench-viewers soak soak-workbench docs openapi clean
