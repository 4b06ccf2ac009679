from __future__ import annotations

import pytest

from longwriter_ui.weights.memory import Shape
from longwriter_ui.weights.offload import Offload, fewer, offload

MIB = 1 << 20
SHAPE = Shape(32, 8, 128, 128256, 4096, context=131072, inner=14336)
LAYERS = [125 * MIB] * 32 + [411 * MIB]
SIZE = sum(LAYERS) + 281 * MIB
CONTEXT = 14336
ALL = 33


def layers(free: int | None) -> int:
    return offload(SHAPE, LAYERS, SIZE, CONTEXT, free).layers


@pytest.mark.parametrize(
    ("gigabytes", "least", "most"), [(24, ALL, ALL), (8, ALL, ALL), (4, 10, 20), (1, 0, 0), (0, 0, 0)]
)
def test_as_many_layers_as_the_card_holds(gigabytes: int, least: int, most: int) -> None:
    assert least <= layers(gigabytes << 30) <= most


def test_every_layer_counts_with_its_cache_and_the_room_stays_free() -> None:
    """Each step of a layer and its part of the KV cache is one layer more."""
    each = LAYERS[0] + SHAPE.kv_bytes(CONTEXT) // 32
    free = next(mib for mib in range(0, 16384, 16) if layers(mib * MIB) == 2) * MIB
    assert [layers(free + n * each) for n in range(5)] == [2, 3, 4, 5, 6]
    taken = LAYERS[-1] + each
    assert free - taken >= 512 * MIB


def test_more_memory_never_means_fewer_layers() -> None:
    counts = [layers(mib * MIB) for mib in range(0, 12000, 50)]
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == ALL


def test_the_note_says_what_was_chosen_and_why() -> None:
    assert offload(SHAPE, LAYERS, SIZE, CONTEXT, 24 << 30).note == "All 33 layers are on the graphics card."
    some = offload(SHAPE, LAYERS, SIZE, CONTEXT, 4 << 30)
    assert some.note == f"{some.layers} of 33 layers are on the graphics card: it has 4.3 GB free."
    assert "Nothing" in offload(SHAPE, LAYERS, SIZE, CONTEXT, 1 << 30).note


def test_a_card_that_says_nothing_is_tried_with_everything() -> None:
    plan = offload(SHAPE, LAYERS, SIZE, CONTEXT, None)
    assert plan.layers == ALL and "does not say" in plan.note


def test_where_the_file_does_not_tell_its_layers_its_size_is_spread() -> None:
    """The first file of a split model may hold nothing but the header."""
    told = offload(SHAPE, LAYERS, SIZE, CONTEXT, 4 << 30)
    spread = offload(SHAPE, [0] * 33, SIZE, CONTEXT, 4 << 30)
    assert abs(told.layers - spread.layers) <= 3 and spread.layers > 0


def test_a_card_that_refuses_gets_half_as_many_and_in_the_end_none() -> None:
    plan, seen = Offload(33, 33, ""), []
    while plan.layers:
        plan = fewer(plan)
        seen.append(plan.layers)
    assert seen == [16, 8, 4, 2, 0]
    assert "did not hold 2" in plan.note and plan.note.startswith("Nothing")
