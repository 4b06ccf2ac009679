"""How a model is opened: within the memory there is, with as many layers on a graphics card as that holds.

There is no card here: what llama.cpp tells of cards, and how it refuses, is stood in for where they would be.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui import bootstrap
from longwriter_ui.bootstrap import LlamaCppOpener
from longwriter_ui.config import Settings, save_settings
from longwriter_ui.engine import _devices, usual
from longwriter_ui.engine._devices import Device
from longwriter_ui.engine.header import read_header
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.errors import ContextTooSmall, NotEnoughMemory
from longwriter_ui.models import shape_of
from longwriter_ui.paths import home
from longwriter_ui.weights.fit import Machine, setup_for

GB = 10**9
ROOMY = Machine(32 * GB, 24 * GB, 100 * GB)
CARD = Device("A card", 8 * GB, 8 * GB, shared=False)


class Loads:
    """Stands in for loading with a card that refuses more than `holds` layers."""

    def __init__(self, holds: int) -> None:
        self.holds = holds
        self.tried: list[int] = []
        self.notes: list[str] = []
        self.batches: list[int] = []

    def __call__(self, path: Path, *, gpu_layers: int, note: str, batch: int, **others: Any) -> str:
        self.batches.append(batch)
        self.tried.append(gpu_layers)
        self.notes.append(note)
        if gpu_layers > self.holds:
            raise NotEnoughMemory("The card is full.")
        return "an engine"


def with_card(monkeypatch: pytest.MonkeyPatch, holds: int, cards: tuple[Device, ...] | None = (CARD,)) -> Loads:
    loads = Loads(holds)
    monkeypatch.setattr(bootstrap, "graphics_cards", lambda: cards)
    monkeypatch.setattr(LlamaCppEngine, "load", loads)
    return loads


def opener() -> LlamaCppOpener:
    return LlamaCppOpener(settings=home().settings, machine=ROOMY)


def test_a_card_that_holds_all_layers_gets_them(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = with_card(monkeypatch, holds=99)
    opener().open(tiny_gguf)
    assert loads.tried == [3] and loads.notes == ["All 3 layers are on the graphics card."]


def test_a_card_that_is_nearly_full_gets_none(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = with_card(monkeypatch, 99, (replace(CARD, free=100_000_000),))
    opener().open(tiny_gguf)
    assert loads.tried == [0] and "Nothing is on the graphics card" in loads.notes[0]


@pytest.mark.parametrize("cards", [(CARD,), None])
def test_a_card_that_refuses_is_asked_for_less_and_then_the_processor_does_it(
    tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch, cards: tuple[Device, ...] | None
) -> None:
    loads = with_card(monkeypatch, 0, cards)
    opener().open(tiny_gguf)
    assert loads.tried == [3, 0] and "did not hold 3" in loads.notes[-1]


def test_a_large_model_reads_large_batches_while_layers_are_on_the_card(
    tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = with_card(monkeypatch, 0)
    monkeypatch.setattr(usual, "_LARGE", 1)
    opener().open(tiny_gguf)
    assert loads.tried == [3, 0] and loads.batches == [512, 128]


def test_a_machine_that_refuses_without_a_card_is_out_of_memory(
    tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = with_card(monkeypatch, -1)
    with pytest.raises(NotEnoughMemory):
        opener().open(tiny_gguf)
    assert loads.tried == [3, 0]


def test_a_number_of_layers_that_was_set_is_what_is_tried(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_settings(home().settings, Settings(gpu_layers=2))
    loads = with_card(monkeypatch, 1)
    with pytest.raises(NotEnoughMemory):
        opener().open(tiny_gguf)
    assert loads.tried == [2]


def test_without_a_card_nothing_is_said_of_one(tiny_gguf: Path) -> None:
    assert _devices.devices() == ()
    engine = opener().open(tiny_gguf)
    assert engine.info.note == "" and engine.info.backend.startswith("CPU")
    engine.close()


def test_ggml_tells_the_memory_of_a_device() -> None:
    """Of the processor here, by the way that a card's is asked for."""
    call = _devices._functions()
    found = [_devices._device(call, call["get"](number), integrated=False) for number in range(call["count"]())]
    assert found and all(0 < device.free <= device.total for device in found)


def test_memory_limits_the_context_and_the_piece_is_refused_before_it_begins(tiny_gguf: Path) -> None:
    header, size = read_header(tiny_gguf), tiny_gguf.stat().st_size
    plenty = setup_for(shape_of(header), size, ROOMY, offloaded=False)
    assert plenty is not None and plenty.context == 8192
    need = replace(plenty, batch=32, context=2048).bytes_for(shape_of(header), size)
    scarce = Machine(need + (512 << 20), need, GB)
    engine = replace(opener(), machine=scarce).open(tiny_gguf)
    try:
        assert engine.info.context == 2048
        assert "large batches (32 tokens" in engine.info.note
        with pytest.raises(ContextTooSmall, match="memory"):
            engine.reserve(4096)
    finally:
        engine.close()


def test_a_model_larger_than_the_machine_is_refused_without_loading(
    tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = with_card(monkeypatch, 99)
    with pytest.raises(NotEnoughMemory, match="does not fit"):
        replace(opener(), machine=Machine(600 << 20, 10**6, GB)).open(tiny_gguf)
    assert not loads.tried


def test_cards_with_memory_of_their_own_count_and_a_broken_installation_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "graphics_cards", lambda: (CARD, replace(CARD, shared=True)))
    assert bootstrap.graphics_memory() == CARD.free

    def missing() -> None:
        raise ImportError("No module named 'llama_cpp'")

    monkeypatch.setattr(bootstrap, "graphics_cards", missing)
    assert bootstrap.graphics_memory() == 0
