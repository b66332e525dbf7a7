.DEFAULT_GOAL := help
SHELL := bash
PORT ?= 8000
BIN := .venv/bin
# On two cores four processes: half of their time they wait for servers and browsers.
TESTS_AT_ONCE ?= 4
# What leaves work for later, and does it.
WORKED := tests/work tests/mail tests/vault tests/casework tests/enrolment tests/messaging tests/accounts/test_forgotten.py tests/accounts/test_forgotten_link.py
# Where Python may not keep its bytecode, as in many containers, each process started here would compile the same for seconds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test test-engines check bench stress messages lock sbom release

help: ## say what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | while IFS='|' read -r t d; do printf '  make %-13s %s\n' "$$t" "$$d"; done

setup: ## from a bare checkout to a .venv with everything locked in it
	@scripts/setup

demo: setup ## a portal to try, on http://127.0.0.1:8000 (PORT and ADHERENTS_DATA_DIR are respected)
	@PORT=$(PORT) $(BIN)/adherents demo --port $(PORT)

test: setup ## every test: on SQLite with a real browser, then on a real PostgreSQL
	@scripts/system-packages browser
	@scripts/system-packages clamd
	@scripts/system-packages nginx
	@scripts/system-packages haproxy
	@scripts/system-packages pgbouncer
	@scripts/system-packages ssh-keygen
	@scripts/system-packages systemd
	@$(BIN)/pytest -q -n $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder
	@TEST_DATABASE=postgresql $(BIN)/pytest -q -n $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder

# Not part of `make test`: the engines that a large installation runs on.
test-engines: setup ## on the engines of a large installation: PostgreSQL behind PgBouncer, every sweep by a message, and the drill
	@scripts/system-packages rabbitmq
	@scripts/system-packages pgbouncer
	@TEST_POOLER=pgbouncer TEST_DATABASE=postgresql $(BIN)/pytest -q -n $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder
	@TEST_WORK=celery TEST_POOLER=pgbouncer TEST_DATABASE=postgresql $(BIN)/pytest -q -n $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder $(WORKED)
	@TEST_WORK=rabbitmq $(BIN)/pytest -q tests/work tests/mail
	@TEST_ENGINES=1 $(BIN)/pytest -q -m engines

check: setup ## ruff, mypy, import-linter, djlint, biome, the linter of migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --lint --quiet src
	@scripts/biome check --error-on-warnings
	@$(BIN)/python -m scripts.lint_migrations

bench: setup ## the figures, one JSON line each with its baseline
	@$(BIN)/python -m bench

stress: setup ## the long proofs, one JSON line each: processes killed by hundreds, documents treated by thousands (two hours)
	@$(BIN)/python -m stress

messages: setup ## refresh each room's translation files (needs gettext)
	@for room in src/adherents/*/locale; do (cd $$(dirname $$room) && DJANGO_SETTINGS_MODULE=adherents.config.settings ../../../$(BIN)/django-admin makemessages --locale en --no-location --no-wrap --verbosity 0); done

lock: setup ## write requirements/*.txt anew from requirements/*.in
	@VIRTUAL_ENV=$$PWD/.venv $(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url requirements/base.in -o requirements/base.txt
	@VIRTUAL_ENV=$$PWD/.venv $(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url requirements/celery.in -o requirements/celery.txt
	@VIRTUAL_ENV=$$PWD/.venv $(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url requirements/traces.in -c requirements/base.txt -o requirements/traces.txt
	@VIRTUAL_ENV=$$PWD/.venv $(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url requirements/anymail.in -o requirements/anymail.txt
	@VIRTUAL_ENV=$$PWD/.venv $(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url requirements/age.in -o requirements/age.txt
	@VIRTUAL_ENV=$$PWD/.venv $(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url requirements/pictures.in -o requirements/pictures.txt
	@VIRTUAL_ENV=$$PWD/.venv $(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url requirements/dev.in -c requirements/base.txt -c requirements/traces.txt -o requirements/dev.txt

sbom: setup ## the software bill of materials (CycloneDX): build/espace-adherents.cdx.json
	@$(BIN)/python scripts/sbom.py

# The publisher's SSH key signs the release: RELEASE_KEY=/path/to/key make release. UNSIGNED=1 builds one to look at.
release: setup ## dist/: wheel, sdist, SBOM, files for deploying, chart, checksums, signature; made twice, installed and served
	@[ -n "$(RELEASE_KEY)$(UNSIGNED)" ] || { echo "release: not signed. Set RELEASE_KEY to the file of an SSH key (ssh-keygen -t ed25519), or UNSIGNED=1 to build without." >&2; exit 1; }
	@$(BIN)/python -m scripts.release $(if $(RELEASE_KEY),--sign "$(RELEASE_KEY)")
	@$(BIN)/python -m scripts.wheel_serves
	@if [ "$$(id -u)" = 0 ]; then $(BIN)/python -m scripts.container_steps; else echo "release: the image's steps were not run: that takes root, or a container engine." >&2; fi
