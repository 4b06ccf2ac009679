"""The recipe: what is trained when, counted in steps so that the same command gives the same model."""

from .batches import Phase
from .tasks import Size

SEED = 20
MUON_RATE = 0.02
ADAM_RATE = 0.004
WARMUP = 80
DECAY = 0.55
"""The share of the steps, at the end, over which the rates fall to zero."""

PHASES = (
    Phase(100, 4096, {"echo": 0.75, "drill": 0.25}, Size(220, 110, 3), 640, copy_steps=True),
    Phase(200, 4096, {"drill": 1.0}, Size(220, 110, 3), 640, copy_steps=True),
    Phase(
        1100,
        4608,
        {"plan": 0.42, "write": 0.42, "single": 0.08, "whole": 0.04, "drill": 0.04},
        Size(900, 500, 10),
        1536,
        copy_steps=True,
    ),
    Phase(280, 6144, {"plan": 0.60, "write": 0.28, "single": 0.07, "whole": 0.05}, Size(4200, 1000, 20), 6144),
)


STEPS = sum(phase.steps for phase in PHASES)


def rate(step: int) -> float:
    """The factor on the learning rates: a short warm-up, flat, then a straight line to zero."""
    return min(1.0, (step + 1) / WARMUP, (STEPS - step) / (DECAY * STEPS))


def phase_at(step: int) -> Phase:
    """The phase that a step belongs to."""
    for phase in PHASES:
        if step < phase.steps:
            return phase
        step -= phase.steps
    return PHASES[-1]
