"""The recipe: what is trained when, counted in steps so that the same command gives the same model."""

from itertools import pairwise

from .batches import Phase
from .tasks import Size

SEED = 20
MUON_RATE = 0.02
ADAM_RATE = 0.004
RATES = (
    *((0, 0.0125), (79, 1.0), (756, 1.0), (799, 0.953), (800, 1.0), (1050, 1.0)),
    *((1499, 0.226), (1500, 0.6), (1599, 0.521), (1649, 0.385), (1740, 0.0)),
)
"""The factor on both rates by step, straight between these points: a warm-up, flat, then two falls.

The shipped run had a fixed time on a machine whose load changed, so its end was moved twice; the points tell what it
did.
"""

PHASES = (
    Phase(100, 4096, {"echo": 0.75, "drill": 0.25}, Size(220, 110, 3), 640, copy_steps=True),
    Phase(200, 4096, {"drill": 1.0}, Size(220, 110, 3), 640, copy_steps=True),
    Phase(
        1400,
        4608,
        {"plan": 0.42, "write": 0.42, "single": 0.08, "whole": 0.04, "drill": 0.04},
        Size(900, 500, 10),
        1536,
        copy_steps=True,
    ),
    Phase(40, 6144, {"plan": 0.60, "write": 0.28, "single": 0.07, "whole": 0.05}, Size(4200, 1000, 20), 6144),
)


STEPS = sum(phase.steps for phase in PHASES)


def rate(step: int) -> float:
    """The factor on the learning rates at a step."""
    for (first, low), (last, high) in pairwise(RATES):
        if step <= last:
            return low + (high - low) * (step - first) / (last - first)
    return 0.0


def phase_at(step: int) -> Phase:
    """The phase that a step belongs to."""
    for phase in PHASES:
        if step < phase.steps:
            return phase
        step -= phase.steps
    return PHASES[-1]
