# Every target sets up what it needs; `make help` says what there is.
PYTHON := .venv/bin/python
READY := .venv/.ready
NAME := land_subsidence
PROFILE ?= $(HOME)/.local/share/QGIS/QGIS3/profiles/default
export SUBSIDENCE_TEST_DATA ?= $(abspath ../shared/data)
export QT_QPA_PLATFORM ?= offscreen

.PHONY: help setup demo demo-forecast test check bench package link clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## install QGIS where it is missing, and a .venv with the Python packages

$(READY): requirements.txt requirements-dev.txt tools/setup.sh
	tools/setup.sh

demo: $(READY) ## run the susceptibility chain with qgis_process on an example area, into build/demo
	$(PYTHON) tools/demo.py

demo-forecast: $(READY) ## run the forecasting workflow likewise, into build/demo-forecast
	$(PYTHON) tools/demo_forecast.py

test: $(READY) ## run all tests (T="-k name" chooses some)
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest $(T)

check: $(READY) ## lint and format check
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

bench: $(READY) ## measure speed and memory, print a table, write build/bench.json
	$(PYTHON) tools/bench

package: $(READY) ## build the plugin zip from the last commit, check it as the plugin site does, try it out (P=--worktree)
	$(PYTHON) tools/package.py $(P)

link: ## link this checkout into the QGIS profile (PROFILE=folder)
	mkdir -p "$(PROFILE)/python/plugins"
	ln -sfn "$(CURDIR)" "$(PROFILE)/python/plugins/$(NAME)"

clean: ## remove what was built (not .venv)
	rm -rf build .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
