# Every target sets up what it needs; `make help` says what there is.
PYTHON := .venv/bin/python
READY := .venv/.ready
NAME := land_subsidence
COMPILED := $(patsubst %.ts,%.qm,$(wildcard i18n/*.ts))
PROFILE ?= $(HOME)/.local/share/QGIS/QGIS3/profiles/default
export SUBSIDENCE_TEST_DATA ?= $(abspath ../shared/data)
export QT_QPA_PLATFORM ?= offscreen

.PHONY: help setup demo demo-forecast test test-qgis check bench translations reference package link clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## install QGIS where it is missing, and a .venv with the Python packages

$(READY): requirements.txt requirements-dev.txt tools/setup.sh
	tools/setup.sh

demo: $(READY) ## run the susceptibility chain with qgis_process on an example area, into build/demo
	$(PYTHON) tools/demo.py

demo-forecast: $(READY) ## run the forecasting workflow likewise, into build/demo-forecast
	$(PYTHON) tools/demo_forecast.py

test: $(READY) $(COMPILED) ## run all tests (T="-k name" chooses some)
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest $(T)

test-qgis: $(COMPILED) ## run all tests on a newer QGIS, as root (SUITE=trixie: 3.40, SUITE=forky: 3.44; T as above)
	tools/newer_qgis.sh $(or $(SUITE),$(error say SUITE=trixie or SUITE=forky)) $(T)

check: $(READY) ## lint and format check
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

bench: $(READY) ## measure speed and memory, print a table, write build/bench.json
	$(PYTHON) tools/bench

translations: $(READY) ## bring i18n/*.ts up to date with the texts of the plugin, and compile them
	$(PYTHON) tools/translations.py

reference: $(READY) ## write the reference of all algorithms from their help, in every language
	$(PYTHON) tools/make_reference.py

i18n/%.qm: i18n/%.ts
	@command -v lrelease >/dev/null && lrelease -silent $< -qm $@ || \
		echo "$@ is not built: 'lrelease' of Qt's tools is missing (Debian: qttools5-dev-tools)"

package: $(READY) ## build the plugin zip from the last commit, check it as the plugin site does, try it out (P=--worktree)
	$(PYTHON) tools/package.py $(P)

link: $(COMPILED) ## link this checkout into the QGIS profile (PROFILE=folder)
	mkdir -p "$(PROFILE)/python/plugins"
	ln -sfn "$(CURDIR)" "$(PROFILE)/python/plugins/$(NAME)"

clean: ## remove what was built (not .venv)
	rm -rf build .pytest_cache .ruff_cache i18n/*.qm
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
