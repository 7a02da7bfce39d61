# `make demo` and `make test` need Python 3.11+ with venv, make and git; all else they install.
# TORCH_INDEX names a package index with CPU builds of torch, which are far smaller.

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := $(shell sed -n 's/^\(torch==[^ +]*\).*/\1/p' requirements.lock)
PORT ?= 8000

.PHONY: demo test check bench tts rasa rasa-train lock clean

demo: $(VENV)/run
	PORT=$(PORT) $(BIN)/miantan demo

test: $(VENV)/dev $(VENV)/tts
	bash scripts/test

check: $(VENV)/dev
	bash scripts/check

bench: $(VENV)/dev
	$(BIN)/python -m bench.turns --out bench/results
	$(BIN)/python -m bench.guide_check --out bench/results
	$(BIN)/python -m bench.wechat --out bench/results
	$(BIN)/python -m bench.voice --out bench/results
	$(BIN)/python -m bench.spoken --out bench/results

# Questions read aloud by Coqui TTS: docs/voice.md.
tts: $(VENV)/tts

# Rasa as the parser, in a Python 3.10 environment of its own: docs/rasa.md.
RASA_CONFIG ?= config.yml
RASA_MODEL := .rasa/models/$(subst .,-,$(basename $(RASA_CONFIG))).tar.gz
export RASA_CONFIG

rasa: $(RASA_MODEL)
	@bash scripts/rasa serve

rasa-train: .rasa/made
	@bash scripts/rasa train

$(RASA_MODEL): .rasa/made dialogues/nlu/nlu.yml dialogues/nlu/domain.yml dialogues/nlu/$(RASA_CONFIG)
	@bash scripts/rasa train

.rasa/made: rasa.lock
	@bash scripts/rasa install
	@touch $@

# The parts of the machine that cannot be installed from here are named in one line.
$(VENV)/made:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or newer is missing: install it, or name it with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "Python's venv module is missing: install it (on Debian: python3-venv)" >&2; exit 1; }
	@command -v git > /dev/null || { echo "git is missing: install it" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run: $(VENV)/made requirements.lock pyproject.toml
	$(PIP) install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH)
	$(PIP) install --quiet -c requirements.lock -e .
	@touch $@

$(VENV)/dev: $(VENV)/run
	$(PIP) install --quiet -c requirements.lock -e '.[dev]'
	@touch $@

# torchaudio's own extension links CUDA, and is not needed.
$(VENV)/tts: $(VENV)/run
	$(PIP) install --quiet -c requirements.lock -e '.[tts]'
	rm -f $(VENV)/lib/python3*/site-packages/torchaudio/lib/_torchaudio.abi3.so
	@touch $@

# Pin what is installed now; run it in a fresh environment after changing pyproject.toml.
lock:
	$(PIP) freeze --exclude-editable | sed 's/+cpu$$//' > requirements.lock

clean:
	rm -rf $(VENV) .rasa/venv .rasa/made build dist *.egg-info
