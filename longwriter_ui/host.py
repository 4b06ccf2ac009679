"""The model in use: chosen at any time, loaded when a job needs it, swapped only when its successor has loaded."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from longwriter_ui.engine.base import Engine
from longwriter_ui.errors import EngineError


@dataclass(frozen=True)
class ModelChoice:
    """A model file and how it names itself."""

    path: Path
    name: str
    demonstration: bool


class ModelOpener(Protocol):
    """How models become engines; `bootstrap` gives the one for llama.cpp."""

    def check(self, path: Path) -> ModelChoice:
        """What the file says of itself, from its header alone; ModelFileError when it is no usable model."""
        ...

    def open(self, path: Path) -> Engine:
        """Load it."""
        ...


class EngineHost:
    """Holds one engine. `engine()` is for the worker only; `choose` and `choice` for everybody."""

    def __init__(self, opener: ModelOpener, path: Path | None) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._choice = opener.check(path) if path is not None else None
        self._loaded: tuple[ModelChoice, Engine] | None = None

    @property
    def choice(self) -> ModelChoice | None:
        """The model the next job will use."""
        return self._choice

    def choose(self, path: Path) -> ModelChoice:
        """Use another model from the next job on; ModelFileError leaves the present one in place."""
        choice = self._opener.check(path)
        with self._lock:
            self._choice = choice
        return choice

    @property
    def is_loaded(self) -> bool:
        """Whether the chosen model is in memory."""
        return self._loaded is not None and self._loaded[0] == self._choice

    @property
    def loaded(self) -> Engine | None:
        """The chosen model's engine if it is in memory; for measuring, never for writing."""
        loaded = self._loaded
        return loaded[1] if loaded is not None and loaded[0] == self._choice else None

    def engine(self) -> Engine:
        """The chosen model's engine, loaded if need be. A load that fails leaves the previous engine usable."""
        choice = self._choice
        if choice is None:
            raise EngineError("No model is chosen.", "Choose a .gguf file under Models, or with --model.")
        if self._loaded is not None and self._loaded[0] == choice:
            return self._loaded[1]
        engine = self._opener.open(choice.path)
        previous, self._loaded = self._loaded, (choice, engine)
        if previous is not None:
            previous[1].close()
        return engine

    def close(self) -> None:
        if self._loaded is not None:
            self._loaded[1].close()
            self._loaded = None
