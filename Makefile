# Everything here runs from the repository root and keeps its things in .venv/ and var/.

.DEFAULT_GOAL := help
.PHONY: help run install test check demo bench photos lock clean
.SILENT:
MAKEFLAGS += --no-print-directory --no-builtin-rules

PORT ?= 8000
# Shells export HOST for their own purposes, so only `make run HOST=...` counts.
HOST = 127.0.0.1
WORKERS ?=
CLOCK ?=
PHOTOS ?=
ARGS =

BIN := .venv/bin
UV := var/uv/bin/uv

# The first Python that really runs (a version manager's shim may only say that it does not), is 3.11 or 3.12 and can
# make environments. The one of .venv comes first, so that the environment stays what it is until PYTHON= says else.
define FIND_PYTHON
chosen= ; found= ; \
for python in $(if $(PYTHON),"$(PYTHON)",.venv/bin/python python3.12 python3.11 python3 python); do \
    version=$$("$$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || continue; \
    case $$version in \
    3.11.*|3.12.*) \
        if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then chosen=$$python; break; fi; \
        version="$$version without ensurepip (Debian: apt install python$${version%.*}-venv)" ;; \
    esac; \
    case ",$$found," in *", $$version,"*) ;; *) found="$$found, $$version" ;; esac; \
done; \
if [ -z "$$chosen" ]; then \
    found=$${found#, }; \
    echo "daogang: needs Python 3.11 or 3.12; found $${found:-none}; name one with" \
        "make $(or $(firstword $(MAKECMDGOALS)),run) PYTHON=/path/to/python3.12" >&2; \
    exit 1; \
fi
endef

PREPARE = $(FIND_PYTHON); "$$chosen" -I -B jobs/local/install.py

help: ## show this list
	echo "Daogang: on-duty attendance of key construction personnel"
	sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

run: ## start everything: database, Redis, demo district, API, workers (PORT=8000 HOST=127.0.0.1 WORKERS=n CLOCK=... PYTHON=...)
	$(PREPARE) runtime
	exec $(BIN)/python -m jobs.dev --with-parent --host "$(HOST)" --port "$(PORT)" $(if $(WORKERS),--workers $(WORKERS)) \
	    $(if $(CLOCK),--clock "$(CLOCK)")

install: ## make .venv and install what the program needs, nothing else
	$(PREPARE) runtime

test: ## run the whole suite (ARGS="-k fence" goes to pytest)
	$(PREPARE) dev photos
	$(BIN)/python -m pytest $(ARGS)

check: ## lint, format, types, import contracts, migrations in step with the models
	$(PREPARE) dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python -m jobs.dev --exec -- $(BIN)/python -m service.cli check-migrations

demo: ## act the demo story against an instance of its own (PHOTOS=DIR: with real photos, DIR/<person>/<image>)
	$(PREPARE) dev photos
	$(BIN)/python -m demo $(if $(PHOTOS),--photos "$(PHOTOS)")

bench: ## run all benchmarks, figures to var/bench/ (PHOTOS=DIR: with the accuracy on these photos, too)
	$(PREPARE) dev photos
	$(BIN)/python -m bench $(if $(PHOTOS),--photos "$(PHOTOS)")

photos: ## download the public photographs that demo and tests use
	$(PREPARE) runtime photos

lock: $(UV) ## pin the .in lists again, with hashes, for every platform
	for list in requirements requirements-dev requirements-photos; do \
	    $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	        --no-emit-package dlib --no-emit-package opencv-python-headless --custom-compile-command "make lock" \
	        $$(if [ $$list = requirements-photos ]; then echo --no-deps; fi) $$list.in -o $$list.txt || exit 1; \
	done

$(UV):
	$(PREPARE) runtime
	$(BIN)/python -m venv var/uv
	var/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

clean: ## remove .venv and caches; var/ with your data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -not -path './var/*' -prune -exec rm -rf {} +
