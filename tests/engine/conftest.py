"""Engines on the tiny model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from longwriter_ui.engine.llamacpp import LlamaCppEngine
from tests.tiny_gguf import write_tiny_gguf


@pytest.fixture
def load() -> Iterator[Callable[..., LlamaCppEngine]]:
    """Loads engines and closes them at the end."""
    loaded: list[LlamaCppEngine] = []

    def load_one(path: Path, **options: object) -> LlamaCppEngine:
        engine = LlamaCppEngine.load(path, **options)  # type: ignore[arg-type]
        loaded.append(engine)
        return engine

    yield load_one
    for engine in loaded:
        engine.close()


@pytest.fixture
def make_gguf(tmp_path: Path) -> Callable[..., Path]:
    """Writes variants of the tiny model."""
    return lambda **options: write_tiny_gguf(tmp_path / f"{len(list(tmp_path.iterdir()))}.gguf", **options)
