"""Puts the studio together: the only module that knows concrete engines."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from longwriter_ui.config import Settings, load_settings
from longwriter_ui.engine.adapter import Adapter, check_adapter, parse_adapter
from longwriter_ui.engine.base import Engine, LengthMode, Proceed, Sampling
from longwriter_ui.engine.header import check_usable, read_header
from longwriter_ui.errors import EngineError, ModelFileError, NotEnoughMemory
from longwriter_ui.host import EngineHost, ModelChoice, Place
from longwriter_ui.limits import Limits
from longwriter_ui.models import parts_of, shape_of
from longwriter_ui.paths import DEMO_MODEL, home, real
from longwriter_ui.server import Server
from longwriter_ui.studio import Studio
from longwriter_ui.weights.fit import WORDS, Machine, context_for, setup_for
from longwriter_ui.weights.memory import given_up
from longwriter_ui.weights.offload import Offload, fewer, offload
from longwriter_ui.weights.split import part_names

if TYPE_CHECKING:
    from longwriter_ui.engine._devices import Device
    from longwriter_ui.engine.oncall import Call

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LlamaCppOpener:
    """Opens GGUF files with llama.cpp. `context` in tokens (None: as the piece needs); `threads` (None: as the settings
    say, else all cores). The settings are read anew for each model. `states` is a folder for KV caches; `machine`
    stands in for this one where given. `adapters` come before those of the settings, by the model's path; `gpu_layers`,
    where given, before what is chosen for it."""

    context: int | None = None
    threads: int | None = None
    settings: Path | None = None
    states: Path | None = None
    machine: Machine | None = None
    adapters: Mapping[Path, Adapter] = field(default_factory=dict)
    gpu_layers: int | None = None

    def check(self, path: Path) -> ModelChoice:
        first, *others = (real(path).with_name(name) for name in part_names(real(path).name))
        missing = [part.name for part in others if not part.is_file()]
        if missing:
            raise ModelFileError(
                f"{first.name} comes in {len(others) + 1} files, and not all are here: {', '.join(missing)}.",
                "Put all of them into one folder.",
            )
        header = read_header(first)
        check_usable(header, first)
        adapter = self._adapter(first)
        if adapter is None:
            return ModelChoice(first, header.name, header.demonstration)
        check_adapter(adapter, header)
        return ModelChoice(first, f"{header.name} + {adapter.label}", header.demonstration, adapter)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        """Load it with what `weights.fit` chooses, and with fewer layers on the graphics card where that refuses."""
        from longwriter_ui.engine.llamacpp import LlamaCppEngine

        settings = load_settings(self.settings) if self.settings else Settings()
        header = read_header(path)
        shape, size = shape_of(header), sum(part.stat().st_size for part in parts_of(path))
        machine = self.machine or Machine.here(path.parent, graphics_memory())
        chosen = settings.gpu_layers if self.gpu_layers is None else self.gpu_layers
        plan, cards = Offload(chosen or 0, len(header.layers), ""), graphics_cards()
        if chosen is None and cards != ():
            free = sum(card.free for card in cards) if cards else None
            plan = offload(
                shape, header.layers, size, min(context_for(WORDS), shape.context or context_for(WORDS)), free
            )
        while True:
            offloaded = plan.layers != 0 and cards != ()
            setup = setup_for(shape, size, machine, offloaded)
            if setup is None:
                raise NotEnoughMemory(
                    f"{header.name} does not fit into this machine's memory.", "Choose a smaller build."
                )
            try:
                return LlamaCppEngine.load(
                    path,
                    context=self.context,
                    threads=self.threads or settings.threads,
                    limit=setup.context,
                    batch=setup.batch,
                    repack=setup.repack,
                    gpu_layers=plan.layers,
                    adapter=self._adapter(path),
                    note=" ".join(filter(None, (plan.note, given_up(size, setup, offloaded)))),
                    template=settings.templates.get(str(path)),
                    states=self.states,
                    proceed=proceed,
                )
            except NotEnoughMemory as error:
                if chosen is not None or not plan.layers:
                    raise
                _log.warning("Fewer layers are tried on the graphics card: %s", error)
                plan = fewer(plan)

    def _adapter(self, path: Path) -> Adapter | None:
        """What is applied to the model at `path`: from the command line, else from the settings."""
        text = load_settings(self.settings).adapters.get(str(path)) if self.settings else None
        return self.adapters.get(path) or (parse_adapter(text) if text else None)


@dataclass(frozen=True)
class CallOpener:
    """Models whose every answer is one call; `local` knows files, `call` and `refusals` see `oncall.Caller`."""

    local: LlamaCppOpener
    call: Call
    refusals: tuple[type[Exception], ...]

    def check(self, path: Path) -> ModelChoice:
        return self.local.check(path)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        from longwriter_ui.engine.oncall import Caller

        return Caller.load(path, self.call, self.refusals, "")


@dataclass(frozen=True)
class Opener:
    """Opens files, and connects to servers."""

    files: LlamaCppOpener

    def check(self, place: Place) -> ModelChoice:
        if isinstance(place, Path):
            return self.files.check(place)
        if not place.model:
            from longwriter_ui.engine.openai_server import with_only_model

            place = with_only_model(place)
        return ModelChoice(place, place.model, demonstration=False)

    def open(self, place: Place, proceed: Proceed | None = None) -> Engine:
        if isinstance(place, Path):
            return self.files.open(place, proceed)
        from longwriter_ui.engine.openai_server import OpenAIEngine

        server = replace(place, context=self.files.context or place.context)
        return OpenAIEngine.connect(server, given_up=lambda: proceed is not None and not proceed(0.0))

    def models_at(self, server: Server) -> tuple[str, ...]:
        from longwriter_ui.engine.openai_server import listed

        return listed(server)


def graphics_cards() -> tuple[Device, ...] | None:
    """The graphics cards that llama.cpp would use; None where it does not tell."""
    from longwriter_ui.engine._devices import devices

    return devices()


def graphics_memory() -> int:
    """Bytes that are free on graphics cards with memory of their own; 0 where llama.cpp is not installed as it should
    be, which is told when a model is loaded."""
    try:
        cards = graphics_cards()
    except (ImportError, OSError, RuntimeError) as error:
        _log.warning("llama.cpp cannot be asked about graphics cards: %s", error)
        return 0
    return sum(card.free for card in cards or () if not card.shared)


def build_studio(
    model: Place | None = None,
    *,
    lora: str | None = None,
    context: int | None = None,
    threads: int | None = None,
    sampling: Sampling | None = None,
    length: LengthMode | None = None,
    limits: Limits | None = None,
) -> Studio:
    """The studio in the person's data directory. `model` None: the one chosen last, else the demonstration model.
    `lora`: PATH[:SCALE] of an adapter for this model. `length` None: as the settings say. `limits`: for visitors, where
    several people share the studio."""
    place = home()
    saved = load_settings(place.settings)
    adapters = {}
    if lora is not None:
        model = model or saved.server or Path(saved.model or DEMO_MODEL)
        if not isinstance(model, Path):
            raise EngineError("A LoRA adapter is applied to a file, not to a server's model.", "Leave --lora out.")
        adapters[real(model).with_name(part_names(real(model).name)[0])] = parse_adapter(lora)
    opener = Opener(LlamaCppOpener(context, threads, place.settings, place.states, adapters=adapters))
    if model is not None:
        return Studio(place, EngineHost(opener, model), sampling, length, graphics_memory, limits)
    chosen = saved.server or (Path(saved.model) if saved.model is not None else None)
    if chosen is not None:
        try:
            return Studio(place, EngineHost(opener, chosen), sampling, length, graphics_memory, limits)
        except ModelFileError as error:
            _log.warning("The model chosen last cannot be used, so the demonstration model is: %s", error)
    try:
        return Studio(
            place,
            EngineHost(opener, DEMO_MODEL if DEMO_MODEL.exists() else None),
            sampling,
            length,
            graphics_memory,
            limits,
        )
    except ModelFileError as error:
        # Drafts can be read and exported without any model.
        _log.warning("The demonstration model cannot be used: %s", error)
        return Studio(place, EngineHost(opener, None), sampling, length, graphics_memory, limits)
