# make run     the page          make run ARGS="--port 8000"
# make test    all tests         make test ARGS="-k plan"
# make check   lint, format and types
# make bench   the benchmarks that finish in ten minutes; bench/README.md says what they mean
# make faults  the long form of the fault tests, some hours; docs/reliability.md says what they prove
# make clean   removes .venv
#
# PYTHON picks the interpreter (3.10 or newer). CMAKE_ARGS picks the build of llama.cpp, for example
# CMAKE_ARGS="-DGGML_CUDA=on" make run; it counts when .venv is made, so run `make clean` before changing it.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
CMAKE_ARGS ?= -DLLAVA_BUILD=OFF
export CMAKE_ARGS

BIN := $(VENV)/bin

.PHONY: run test check bench faults clean

run: $(VENV)/.installed
	$(BIN)/python app.py $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev
	$(BIN)/python bench/decode.py --json
	$(BIN)/python bench/alternatives.py --json
	$(BIN)/python bench/resume.py --json
	$(BIN)/python bench/session.py --json
	$(BIN)/python bench/length.py --json --pieces 6

faults: $(VENV)/.installed-dev
	$(BIN)/python -m tests.faults.everything

clean:
	rm -rf $(VENV)

# The stamps are newer than what they were made from, so a second `make run` installs nothing.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed; name one with make PYTHON=...")'
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: requirements.txt $(VENV)/.made
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $@
