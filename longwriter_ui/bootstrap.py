"""Puts the studio together: the only module that knows concrete engines."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.config import load_settings
from longwriter_ui.engine.base import Engine, Sampling
from longwriter_ui.engine.header import read_header
from longwriter_ui.errors import ModelFileError
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.paths import DEMO_MODEL, home
from longwriter_ui.studio import Studio

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LlamaCppOpener:
    """Opens GGUF files with llama.cpp. `context` in tokens (None: as the piece needs), `threads` (None: all cores)."""

    context: int | None = None
    threads: int | None = None

    def check(self, path: Path) -> ModelChoice:
        header = read_header(path)
        return ModelChoice(path.resolve(), header.name, header.demonstration)

    def open(self, path: Path) -> Engine:
        from longwriter_ui.engine.llamacpp import LlamaCppEngine

        return LlamaCppEngine.load(path, context=self.context, threads=self.threads)


def build_studio(
    model: Path | None = None,
    *,
    context: int | None = None,
    threads: int | None = None,
    sampling: Sampling | None = None,
) -> Studio:
    """The studio in the person's data directory. `model` None: the one chosen last, else the demonstration model."""
    place = home()
    opener = LlamaCppOpener(context, threads)
    if model is not None:
        return Studio(place, EngineHost(opener, model), sampling)
    chosen = load_settings(place.settings).model
    if chosen is not None:
        try:
            return Studio(place, EngineHost(opener, Path(chosen)), sampling)
        except ModelFileError as error:
            _log.warning("The model chosen last cannot be used, so the demonstration model is: %s", error)
    return Studio(place, EngineHost(opener, DEMO_MODEL if DEMO_MODEL.exists() else None), sampling)
