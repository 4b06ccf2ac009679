"""The model in use: chosen at any time, loaded when a job needs it, swapped only when its successor has loaded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from longwriter_ui.engine.adapter import Adapter
from longwriter_ui.engine.base import Engine, EngineInfo, Proceed
from longwriter_ui.engine.watchdog import PATIENCE, STOPPING, WatchedEngine
from longwriter_ui.errors import EngineError, NotEnoughMemory


@dataclass(frozen=True)
class ModelChoice:
    """A model file and how it names itself, with the adapter that is applied to it, if any."""

    path: Path
    name: str
    demonstration: bool
    adapter: Adapter | None = None


class ModelOpener(Protocol):
    """How models become engines; `bootstrap` gives the one for llama.cpp."""

    def check(self, path: Path) -> ModelChoice:
        """What the file says of itself, from its header alone; ModelFileError when it is no usable model."""
        ...

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        """Load it; LoadCancelled when `proceed` says so."""
        ...


class EngineHost:
    """Holds one engine, under a watchdog; one that has hung is loaded anew. `engine`, `swap` and `unload` are for the
    worker only, the others for everybody."""

    def __init__(
        self, opener: ModelOpener, path: Path | None, patience: float = PATIENCE, stopping: float = STOPPING
    ) -> None:
        """`patience` and `stopping`: see `WatchedEngine`."""
        self._opener = opener
        self._patience, self._stopping = patience, stopping
        self._lock = threading.Lock()
        self._choice = opener.check(path) if path is not None else None
        self._loaded: tuple[ModelChoice, WatchedEngine] | None = None

    @property
    def choice(self) -> ModelChoice | None:
        """The model the next job will use."""
        return self._choice

    def check(self, path: Path) -> ModelChoice:
        """What a file says of itself; ModelFileError when it is no usable model."""
        return self._opener.check(path)

    def choose(self, path: Path) -> ModelChoice:
        """Use another model from the next job on; ModelFileError leaves the present one in place."""
        choice = self._opener.check(path)
        with self._lock:
            self._choice = choice
        return choice

    @property
    def is_loaded(self) -> bool:
        """Whether the chosen model is in memory."""
        return self.loaded is not None

    @property
    def loaded(self) -> Engine | None:
        """The chosen model's engine if it is in memory; for measuring, never for writing."""
        loaded = self._loaded
        return loaded[1] if loaded is not None and loaded[0] == self._choice and not loaded[1].lost else None

    @property
    def in_memory(self) -> ModelChoice | None:
        """The model that is loaded, chosen or not."""
        loaded = self._loaded
        return loaded[0] if loaded is not None else None

    @property
    def info(self) -> EngineInfo | None:
        """About the model in memory."""
        loaded = self._loaded
        return loaded[1].info if loaded is not None else None

    def engine(self, proceed: Proceed | None = None) -> Engine:
        """The chosen model's engine, loaded if need be. A load that fails leaves the previous engine usable."""
        choice = self._choice
        if choice is None:
            raise EngineError("No model is chosen.", "Choose a .gguf file under Models, or with --model.")
        return self.loaded or self._replace(choice, proceed)

    def stand_in(self, choice: ModelChoice) -> Engine:
        """Another model's engine in place of the chosen one's, since memory may not hold both: that one is loaded again
        when it is needed."""
        loaded = self._loaded
        if loaded is not None and loaded[0] == choice and not loaded[1].lost:
            return loaded[1]
        self.unload()
        return self._replace(choice, None)

    def swap(
        self,
        choice: ModelChoice,
        try_it: Callable[[Engine], None],
        proceed: Proceed | None = None,
        *,
        alone: bool = False,
    ) -> None:
        """Load a model, `try_it`, and choose it when nothing was raised; else the choice stays what it was. `alone`:
        memory does not hold both, so the present model goes first and, should this fail, is loaded again when it is
        needed."""
        if alone:
            self.unload()
        self._replace(choice, proceed, try_it)
        with self._lock:
            self._choice = choice

    def unload(self) -> None:
        """Free the memory; the choice stays."""
        previous, self._loaded = self._loaded, None
        if previous is not None:
            previous[1].close()

    def close(self) -> None:
        self.unload()

    def _replace(
        self, choice: ModelChoice, proceed: Proceed | None, try_it: Callable[[Engine], None] | None = None
    ) -> Engine:
        try:
            opened = self._opener.open(choice.path, proceed)
        except MemoryError as error:
            raise NotEnoughMemory(
                f"There is not enough memory to load {choice.name}.",
                "Close other programs, or choose a smaller model or build.",
            ) from error
        engine = WatchedEngine(opened, self._patience, self._stopping)
        if try_it is not None:
            try:
                try_it(engine)
            except EngineError:
                engine.close()
                raise
        previous, self._loaded = self._loaded, (choice, engine)
        if previous is not None and previous[1].inner is not engine.inner:
            previous[1].close()
        return engine
