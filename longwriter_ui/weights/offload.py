"""How many layers go to the graphics card: as many as its free memory holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longwriter_ui.engine.usual import BATCH
from longwriter_ui.weights.memory import Shape

_ROOM = 512 << 20  # bytes of a card that are left to the screen and to what llama.cpp does not state


@dataclass(frozen=True)
class Offload:
    """`layers` of `of` on the card, and why so many, for the person."""

    layers: int
    of: int
    note: str


def offload(shape: Shape, layers: Sequence[int], size: int, context: int, free: int | None) -> Offload:
    """`layers` are the bytes of each layer and of the output after them; where the file does not tell them, its `size`
    is spread. `free` bytes of the card (None: it does not say). llama.cpp takes the last layers first."""
    of = len(layers)
    if free is None:
        return Offload(of, of, f"All {of} layers are tried on the graphics card, which does not say what it can hold.")
    known = sum(layers) > size // 2
    output, *inner = reversed(layers) if known else [size // max(of, 1)] * of
    cache = shape.kv_bytes(context) // max(shape.layers, 1)
    left = free - _ROOM - output - BATCH * 4 * shape.tokens - shape.buffer_bytes(BATCH, context)
    count = 0
    for layer in inner:
        left -= layer + cache
        if left < 0:
            break
        count += 1
    if count == of - 1:
        return Offload(of, of, f"All {of} layers are on the graphics card.")
    free_gb = f"{free / 1e9:.1f} GB"
    if not count:
        return Offload(0, of, f"Nothing is on the graphics card: with {free_gb} free it cannot hold enough to help.")
    return Offload(count + 1, of, f"{count + 1} of {of} layers are on the graphics card: it has {free_gb} free.")


def fewer(plan: Offload) -> Offload:
    """What to try where the card refused: half as many, in the end none."""
    layers = plan.layers // 2 if plan.layers > 3 else 0
    where = f"{layers} of {plan.of} layers are on the graphics card" if layers else "Nothing is on the graphics card"
    return Offload(layers, plan.of, f"{where}: its memory did not hold {plan.layers}.")
