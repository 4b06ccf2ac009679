"""Puts the studio together: the only module that knows concrete engines."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.config import Settings, load_settings
from longwriter_ui.engine.base import Engine, LengthMode, Proceed, Sampling
from longwriter_ui.engine.header import check_usable, read_header
from longwriter_ui.errors import ModelFileError
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.paths import DEMO_MODEL, home
from longwriter_ui.studio import Studio
from longwriter_ui.weights.split import part_names

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LlamaCppOpener:
    """Opens GGUF files with llama.cpp. `context` in tokens (None: as the piece needs); `threads` (None: as the settings
    say, else all cores). The settings are read anew for each model. `states` is a folder for KV caches."""

    context: int | None = None
    threads: int | None = None
    settings: Path | None = None
    states: Path | None = None

    def check(self, path: Path) -> ModelChoice:
        first, *others = (path.resolve().with_name(name) for name in part_names(path.resolve().name))
        missing = [part.name for part in others if not part.is_file()]
        if missing:
            raise ModelFileError(
                f"{first.name} comes in {len(others) + 1} files, and not all are here: {', '.join(missing)}.",
                "Put all of them into one folder.",
            )
        header = read_header(first)
        check_usable(header, first)
        return ModelChoice(first, header.name, header.demonstration)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        from longwriter_ui.engine.llamacpp import LlamaCppEngine

        settings = load_settings(self.settings) if self.settings else Settings()
        return LlamaCppEngine.load(
            path,
            context=self.context,
            threads=self.threads or settings.threads,
            gpu_layers=-1 if settings.gpu_layers is None else settings.gpu_layers,
            template=settings.templates.get(str(path)),
            states=self.states,
            proceed=proceed,
        )


def build_studio(
    model: Path | None = None,
    *,
    context: int | None = None,
    threads: int | None = None,
    sampling: Sampling | None = None,
    length: LengthMode | None = None,
) -> Studio:
    """The studio in the person's data directory. `model` None: the one chosen last, else the demonstration model.
    `length` None: as the settings say."""
    place = home()
    opener = LlamaCppOpener(context, threads, place.settings, place.states)
    if model is not None:
        return Studio(place, EngineHost(opener, model), sampling, length)
    chosen = load_settings(place.settings).model
    if chosen is not None:
        try:
            return Studio(place, EngineHost(opener, Path(chosen)), sampling, length)
        except ModelFileError as error:
            _log.warning("The model chosen last cannot be used, so the demonstration model is: %s", error)
    try:
        return Studio(place, EngineHost(opener, DEMO_MODEL if DEMO_MODEL.exists() else None), sampling, length)
    except ModelFileError as error:
        # Drafts can be read and exported without any model.
        _log.warning("The demonstration model cannot be used: %s", error)
        return Studio(place, EngineHost(opener, None), sampling, length)
