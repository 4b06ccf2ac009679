"""Engines for the tests that compare with llama.cpp."""

from tests.engine.conftest import load, make_gguf  # noqa: F401
