# Everything a fresh machine needs is Python 3.11 or newer, git and make.
#
# Set-up takes every package from the hashed requirements files. With an empty cache on two cores: uv 7 s for `demo` and
# 9 s for `test`, pip alone 19 s and 34 s. So pip fetches uv (held to its hash too) and uv the rest; where uv cannot
# reach a registry that pip is configured for, pip does it all.
PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate --quiet pyproject.toml
install = $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1) \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)

.PHONY: demo test check setup bench lock clean

demo: .venv/.setup-run
	$(BIN)/integration-engine demo

test: check
	$(BIN)/python -m pytest -n auto --dist worksteal

check: .venv/.setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

setup: .venv/.setup-dev

bench: .venv/.setup-dev
	$(BIN)/python -m benchmarks

# Versions stay as they are where pyproject.toml allows; to renew one: make lock UPGRADE="--upgrade-package pydantic"
lock: .venv/.installer
	$(COMPILE) $(UPGRADE) --output-file requirements.txt
	$(COMPILE:pyproject.toml=--group build) $(UPGRADE) -c requirements.txt --output-file requirements-build.txt
	$(COMPILE) --group dev $(UPGRADE) -c requirements.txt -c requirements-build.txt --output-file requirements-dev.txt

.venv/.installer: requirements-build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv; } || \
		{ echo "This Python has no venv module; on Debian: apt-get install python3-venv"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.txt
	@touch $@

.venv/.setup-run: .venv/.installer requirements.txt pyproject.toml
	$(call install,requirements.txt)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-build-isolation --no-deps --editable .
	@touch $@

.venv/.setup-dev: .venv/.setup-run requirements-dev.txt
	$(call install,requirements-dev.txt)
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
