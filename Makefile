# What people type. CI runs the same targets (.ci/run).
# Every target sets the project up by itself when that is missing or older than the lock file.

# The first Python here that Argus runs on; `make PYTHON=/path/to/python …` chooses another.
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(or $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c "$(SUITS)" >/dev/null 2>&1 && echo "$$p" && break; done),python3)
BIN := .venv/bin
# CI leaves nothing out; at a desk the slow ones stay out unless asked for: make test SLOW=1
MARKS := $(if $(ARGUS_CI)$(SLOW),,-m "not slow")

# One worker per core, each with a Redis and a PostgreSQL of its own; whoever is done first takes from the others.
PARALLEL := -n logical --maxprocesses=8 --dist worksteal
# What waits for nobody runs side by side; what watches processes, clocks and deadlines runs alone.
BESIDE := tests/unit tests/contract tests/accuracy
ALONE := tests/integration tests/fault

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check bench format clean ready system-packages

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make the environment anew: .venv from uv.lock, the default weights if reachable
	@$(PYTHON) -m tools.setup

ready:
	@$(PYTHON) -m tools.setup --if-stale

run: ready ## start Argus on http://127.0.0.1:8000; Ctrl-C stops it
	@$(BIN)/argus up

demo: ready ## start Argus with generated cameras and watch events and alerts arrive; Ctrl-C stops it
	@$(BIN)/argus demo

test: ready system-packages ## run the tests (SLOW=1: the slow ones too)
ifdef ARGS
	@$(BIN)/pytest $(MARKS) $(ARGS)
else
	@beside=0; alone=0; \
	$(BIN)/pytest $(MARKS) $(PARALLEL) $(BESIDE) || beside=$$?; \
	$(BIN)/pytest $(MARKS) $(ALONE) || alone=$$?; \
	[ $$beside = 0 ] && [ $$alone = 0 ] || { echo "make test: some tests failed"; exit 1; }
endif
	@echo "make test: all tests passed$(if $(MARKS),; the slow ones were left out (make test SLOW=1))"

check: ready ## check format, lint, types, import contracts and the unit tests
	@$(BIN)/ruff format --check --quiet . || { echo "make check: the files above want 'make format'"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-logo
	@# Types are checked beside the tests, which wait now and then; what is wrong with them is said at the end.
	@said=$$(mktemp); $(BIN)/mypy -p shared -p services -p tools >"$$said" 2>&1 & types=$$!; tests=0; \
	trap 'kill $$types 2>/dev/null; rm -f "$$said"; exit 130' INT TERM HUP; \
	$(BIN)/pytest -q -m "not slow" $(PARALLEL) tests/unit || tests=$$?; \
	wait $$types; types=$$?; cat "$$said"; rm -f "$$said"; [ $$types = 0 ] && [ $$tests = 0 ]
	@echo "make check: format, lint, types, import contracts and unit tests are in order"

bench: ready ## measure Argus against its references on this machine
	@$(BIN)/python -m bench
	@echo "make bench: the table is in bench/report.md, the figures in bench/report.json"

format: ready ## format the code and mend what the linter can
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .
	@echo "make format: the code is formatted"

clean: ## remove the environment and all caches; your data stays
	@rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "make clean: environment and caches are removed; ./data was left alone"

system-packages:
	@tools/system-packages.sh
