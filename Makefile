# Everything a contributor runs. Needs make and Python 3.11 or newer with its `venv` module; the rest is installed into $(VENV).

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
# The first that really runs: a name on the PATH may be a shim of pyenv for a version that is not active.
PYTHON313 ?= $(shell for python in python3.13 $(HOME)/.pyenv/versions/3.13*/bin/python3.13; do \
	"$$python" -c '' 2>/dev/null && echo "$$python" && break; done)

BIN := $(VENV)/bin

# Tools whose requirements contradict ours, or that need Python 3.13, have environments of their own. They lie inside
# $(VENV) because `sam build` copies every folder of the root but a few well-known ones, and that is one of those.
TOOLS := $(VENV)/tools
TOOL_NAMES := checkov lambda localstack peers sam

# What the resources of Google look like to Terraform: typed bindings of its provider, of which one file is kept.
TERRAFORM_BINDINGS := 16.12.1
TERRAFORM_STAMP := $(TOOLS)/terraform-$(TERRAFORM_BINDINGS).stamp

# pyright brings its own program and node from the Python packages: nothing is fetched and no newer version is advertised.
export PYRIGHT_PYTHON_GLOBAL_NODE := 0
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run tools test check format bench golden soak pins clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## play a year of the example application; LIVE=1 serves it over HTTP, with its schedules
	$(if $(LIVE),PAYMENTS_KEY=not-a-real-key $(BIN)/python -m purista_serverless run,$(BIN)/python -m examples.enterprise_billing_cycle)

tools: $(TOOL_NAMES:%=$(TOOLS)/%.stamp) $(TERRAFORM_STAMP) ## install the tools of the connected tests: SAM, checkov, LocalStack ... (1.4 GB)

test: $(VENV)/dev.stamp ## run all tests; skips are listed with their reasons (PYTEST_ARGS='tests/unit -k name')
	$(BIN)/python -m pytest -n 2 --dist loadscope $(PYTEST_ARGS)

check: $(VENV)/dev.stamp ## check format, style, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp ## format the code and repair what can be repaired safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp ## run every benchmark; fails when one misses its bar
	@failed=; for file in benchmarks/bench_*.py; do \
		name=$$(basename $$file .py); echo "== $$name"; \
		$(BIN)/python -m benchmarks.$$name || failed="$$failed $$name"; \
	done; test -z "$$failed" || { echo "missed:$$failed"; exit 1; }

golden: $(VENV)/dev.stamp ## write the golden files anew; review the difference before you commit it
	$(BIN)/python -m pytest -n 2 --update-golden $(PYTEST_ARGS)

soak: $(VENV)/dev.stamp ## run the long randomised tests, and the schedule's properties over many more examples
	PURISTA_SOAK=1 $(BIN)/python -m pytest -m soak $(PYTEST_ARGS)
	PURISTA_SOAK=1 $(BIN)/python -m pytest -n 2 tests/unit/schedule

pins: $(VENV)/dev.stamp ## write the installed versions into requirements.txt and requirements/
	$(BIN)/python -m pip freeze --all --exclude pip --exclude purista-serverless | sort -f > requirements/dev.txt
	@for file in requirements.txt requirements/run.txt; do \
		for name in $$(sed 's/==.*//' $$file); do grep -i "^$$name==" requirements/dev.txt; done > requirements/new.txt; \
		mv requirements/new.txt $$file; done
	@for name in $(TOOL_NAMES); do test ! -e $(TOOLS)/$$name.stamp || \
		$(TOOLS)/$$name/bin/python -m pip freeze --all --exclude pip | sort -f > requirements/tools-$$name.txt; done

clean: ## remove the environment, caches and build results
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment, filled in two steps, so that `make run` on a fresh clone installs a handful of packages only.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "error: '$(PYTHON)' is not Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "error: '$(PYTHON)' cannot make an environment; install its venv package (Debian: python3-venv)" >&2; exit 1; }

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -r requirements/run.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet -r requirements/dev.txt
	@touch $@

$(TOOLS)/%.stamp: TOOL_PYTHON = $(abspath $(BIN)/python)
$(TOOLS)/lambda.stamp $(TOOLS)/localstack.stamp: TOOL_PYTHON = $(PYTHON313)

# Without its Python a tool is left out, and the tests that need it are skipped with a reason: nothing else depends on it.
$(TOOLS)/%.stamp: requirements/tools-%.txt | $(VENV)/bin/python
	@rm -rf $(TOOLS)/$*
	@if test -z "$(TOOL_PYTHON)"; then \
		echo "skipped: $* needs Python 3.13; install it (pyenv install 3.13) or name it: make tools PYTHON313=/path/to/python3.13"; \
	else \
		$(TOOL_PYTHON) -m venv $(TOOLS)/$* && \
		$(TOOLS)/$*/bin/python -m pip install --quiet --no-deps -r $< && \
		touch $@; \
	fi

$(TERRAFORM_STAMP): | $(VENV)/bin/python
	@rm -rf $(TOOLS)/terraform && mkdir -p $(TOOLS)/terraform
	@if ! command -v npm >/dev/null; then \
		echo "skipped: terraform needs npm (Debian: npm) for the schema of Google's provider"; \
	else \
		cd $(TOOLS)/terraform && npm pack --silent @cdktf/provider-google@$(TERRAFORM_BINDINGS) >/dev/null && \
		tar -xzf *.tgz package/.jsii package/LICENSE && rm -f *.tgz && touch $(abspath $(TERRAFORM_STAMP)); \
	fi
