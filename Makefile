# Everything a stranger needs: `make demo` shows the product, `make test` proves it. `make help` lists the rest.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --quiet --disable-pip-version-check
PYTHON ?= $(shell command -v python3.11 || echo python3)
INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev
SHELF := $(VENV)/box

# The task goes through the environment, word for word: no shell and no make may read quotes or dollars in it.
override TASK := $(value TASK)
override ONCE := $(value ONCE)
override FILES := $(value FILES)
override OUT := $(value OUT)
override DATA := $(value DATA)
export TASK ONCE DATA FILES OUT

.DEFAULT_GOAL := help
.PHONY: help demo up down test lint format bench evals lock venv sandbox pgbouncer

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

demo: $(INSTALLED) sandbox ## give the agents a task and watch them: TASK="..." for your own, FILES="a.csv" to go in with it, OUT=folder to keep its files and a transcript, PROJECT=name for the next release of one, ONCE=1 to stop after the result
	@exec $(PY) manage.py demo

up: $(INSTALLED) sandbox ## run everything in the background
	@exec $(PY) manage.py up

down: $(INSTALLED) ## stop what `make up` started
	@exec $(PY) manage.py down

test: $(INSTALLED_DEV) sandbox pgbouncer ## run every test, without network or keys
	@exec $(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --cov --cov-report=term --cov-fail-under=90

lint: $(INSTALLED_DEV) ## check style, types, the direction of imports and missing migrations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run

format: $(INSTALLED_DEV) ## put the code into the house's format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(INSTALLED_DEV) ## measure; each benchmark prints a table, with DATA=folder (recorded outcomes) two more
	@for file in $$(grep -l __main__ benchmarks/*.py); do \
	  grep -q '"--data"' "$$file" && { [ -n "$$DATA" ] || continue; set -- --data "$$DATA"; } || set --; \
	  PYTHONPATH=. $(PY) "$$file" "$$@" || exit 1; done

evals: $(INSTALLED) sandbox ## run the agents' evaluation sets by rules alone; with MODEL=built-in the small model answers
	@$(PY) manage.py evals run --model $${MODEL:-none}

lock: $(INSTALLED_DEV) ## pin the newest packages that fit requirements*.in, with their hashes
	$(PIP) uv
	@for name in requirements requirements-dev; do $(COMPILE) $$name.in --output-file $$name.txt || exit 1; done
	@for name in requirements-embedded requirements-judge; do $(COMPILE) --no-deps $$name.in --output-file $$name.txt || exit 1; done
	@$(COMPILE) requirements-box.in --output-file requirements-box.txt
COMPILE := $(VENV)/bin/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --python-version 3.11

venv: $(INSTALLED) ## install the packages into .venv, as pinned

$(INSTALLED): requirements.txt requirements-embedded.txt requirements-box.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 is needed, and $(PYTHON) is not: install python3.11, or run make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) has no venv: install it (Debian: apt-get install python3-venv) and run this again" >&2; exit 1; }
	@echo "installing the packages into $(VENV) (once) ..."
	@$(PYTHON) -m venv --clear $(VENV)  # another interpreter may have made it
	@$(PIP) --no-deps -r requirements.txt  # the lock is whole: a newer release of anything must not enter the resolution
	@$(PIP) --no-deps -r requirements-embedded.txt
	@$(PIP) --no-deps --no-compile --target $(SHELF) -r requirements-box.txt  # what code in a box may import
	@$(PY) -c 'import os, sysconfig; open(sysconfig.get_path("purelib") + "/miosa.pth", "w").write(os.getcwd())'  # for benchmarks/*.py
	@touch $@

$(INSTALLED_DEV): $(INSTALLED) requirements-dev.txt requirements-judge.txt
	@echo "installing the packages for tests and checks (once) ..."
	@$(PIP) --no-deps -r requirements-dev.txt
	@$(PIP) --no-deps -r requirements-judge.txt
	@touch $@

# Code that agents write runs in bubblewrap. Without it that one thing is refused, and everything else works.
sandbox: $(INSTALLED)
	@command -v bwrap >/dev/null || $(call GET,bubblewrap,bwrap) || \
	  echo "bubblewrap is not installed, so agents cannot run code; everything else works (Debian: apt-get install bubblewrap)" >&2

# Tests prove what docs/operations.md says of PgBouncer with a real one; where it is missing they are skipped by name.
pgbouncer: $(INSTALLED)
	@command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || $(call GET,pgbouncer,/usr/sbin/pgbouncer) || \
	  echo "pgbouncer is not installed, so its tests are skipped (Debian: apt-get install pgbouncer)" >&2

# $(call GET,package,program): once, as root, where there is apt-get; RUNLEVEL=1 keeps a package from starting its service.
GET = { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ ! -e $(VENV)/$(1)-tried ] \
	  && touch $(VENV)/$(1)-tried && echo "installing $(1) (once) ..." && $(call APT,$(1)) >/dev/null 2>&1 && command -v $(2) >/dev/null; }
APT = { RUNLEVEL=1 timeout 90 apt-get install -qq -y $(1) || { timeout 60 apt-get update -qq && RUNLEVEL=1 timeout 90 apt-get install -qq -y $(1); }; }
