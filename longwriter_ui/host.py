"""The model in use, a file or one behind a server: chosen at any time, loaded when a job needs it, swapped only when
its successor has loaded."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from longwriter_ui.engine.adapter import Adapter
from longwriter_ui.engine.base import Engine, EngineInfo, Proceed
from longwriter_ui.engine.watchdog import PATIENCE, STOPPING, WatchedEngine
from longwriter_ui.errors import EngineError, LoadCancelled, ModelFileError, NotLoaded, ServerError
from longwriter_ui.server import Server

Place = Path | Server  # where a model is


@dataclass(frozen=True)
class ModelChoice:
    """A model and how it names itself, with the adapter that is applied to it, if any."""

    place: Place
    name: str
    demonstration: bool
    adapter: Adapter | None = None

    @property
    def path(self) -> Path | None:
        """Its file; None where it is behind a server."""
        return self.place if isinstance(self.place, Path) else None

    @property
    def server(self) -> Server | None:
        return self.place if isinstance(self.place, Server) else None

    @property
    def label(self) -> str:
        """What tells it from others in records: the name of its file, or model and address."""
        return self.place.name if isinstance(self.place, Path) else self.place.label


class ModelOpener(Protocol):
    """How models become engines; `bootstrap` gives the one for llama.cpp and for servers."""

    def check(self, place: Place) -> ModelChoice:
        """What the file says of itself, from its header alone; ModelFileError when it is no usable model. A server is
        asked only where no model of it was named."""
        ...

    def open(self, place: Place, proceed: Proceed | None = None) -> Engine:
        """Load it, or connect; LoadCancelled when `proceed` says so."""
        ...

    def models_at(self, server: Server) -> tuple[str, ...]:
        """What the server lists; ServerError."""
        ...


class EngineHost:
    """Holds one engine, under a watchdog; one that has hung is loaded anew. `engine`, `swap` and `unload` are for the
    worker only, the others for everybody."""

    def __init__(
        self, opener: ModelOpener, place: Place | None, patience: float = PATIENCE, stopping: float = STOPPING
    ) -> None:
        """`patience` and `stopping`: see `WatchedEngine`."""
        self._opener = opener
        self._patience, self._stopping = patience, stopping
        self._lock = threading.Lock()
        self._choice = opener.check(place) if place is not None else None
        self._loaded: tuple[ModelChoice, WatchedEngine] | None = None

    @property
    def choice(self) -> ModelChoice | None:
        """The model the next job will use."""
        return self._choice

    def check(self, place: Place) -> ModelChoice:
        """What a file says of itself; ModelFileError when it is no usable model."""
        return self._opener.check(place)

    def models_at(self, server: Server) -> tuple[str, ...]:
        """The models that a server has; ServerError when it cannot be asked."""
        return self._opener.models_at(server)

    def beside(self, place: Place) -> Engine:
        """An engine besides the one in use, for whoever asks; it is theirs to close."""
        return self._opener.open(place)

    def choose(self, place: Place) -> ModelChoice:
        """Use another model from the next job on; EngineError leaves the present one in place."""
        choice = self._opener.check(place)
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
        """The chosen model's engine, loaded if need be. LoadCancelled when `proceed` says so; ModelFileError,
        ServerError or NotLoaded where it cannot be had, which leaves the previous engine usable."""
        choice = self._choice
        if choice is None:
            raise NotLoaded("No model is chosen.", "Choose a .gguf file under Models, or with --model.")
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
            opened = self._opener.open(choice.place, proceed)
        except MemoryError as error:
            raise NotLoaded(
                f"There is not enough memory to load {choice.name}.",
                "Close other programs, or choose a smaller model or build.",
            ) from error
        except (LoadCancelled, ModelFileError, ServerError):
            raise
        except EngineError as error:
            raise NotLoaded(error.message, error.hint) from error
        # How long a server may be silent is for its own engine to say.
        patience = self._patience if choice.server is None else math.inf
        engine = WatchedEngine(opened, patience, self._stopping)
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
