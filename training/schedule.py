"""The recipe: what is trained when, counted in steps so that the same command gives the same model."""

from dataclasses import dataclass
from itertools import pairwise

from .batches import Phase
from .tasks import Size

SEED = 21
MUON_RATE = 0.02
ADAM_RATE = 0.004

_WHOLE_JOURNEY = {
    "find": 0.46,
    "begin": 0.19,
    "plan": 0.11,
    "write": 0.12,
    "single": 0.015,
    "whole": 0.01,
    "drill": 0.055,
    "echo": 0.04,
}
_MORE_PROSE = _WHOLE_JOURNEY | {"find": 0.36, "begin": 0.14, "plan": 0.12, "write": 0.27}
_MORE_DECISIONS = _WHOLE_JOURNEY | {"find": 0.42, "begin": 0.24, "plan": 0.10, "write": 0.17}
PHASES = (
    Phase(
        400,
        4096,
        {"find": 0.5, "begin": 0.15, "echo": 0.2, "drill": 0.15},
        Size(220, 110, 3),
        640,
        copy_steps=True,
    ),
    Phase(2100, 4096, _WHOLE_JOURNEY, Size(450, 500, 8), 768, copy_steps=True),
    Phase(1100, 4096, _MORE_PROSE, Size(450, 500, 8), 768, copy_steps=True),
    Phase(830, 4096, _MORE_DECISIONS, Size(450, 500, 8), 768, copy_steps=True),
    Phase(120, 6144, _MORE_DECISIONS, Size(1800, 700, 12), 3072, copy_steps=True),
)
"""Short exercises first; then the application's own tasks among them, then more of whole paragraphs, then more of the
decisions (which topic, where to enter), at last in longer conversations. Copying is exercised to the end."""


@dataclass(frozen=True)
class Schedule:
    """Phases one after the other, and the rates over all of them."""

    phases: tuple[Phase, ...]

    @property
    def steps(self) -> int:
        """Of all phases."""
        return sum(phase.steps for phase in self.phases)

    def rate(self, step: int) -> float:
        """The factor on both learning rates at a step, straight between points: a warm-up, flat, then two falls."""
        steps = self.steps
        points = ((0, 0.0125), (80, 1.0), (steps * 0.4, 1.0), (steps * 0.8, 0.25), (steps, 0.0))
        for (first, low), (last, high) in pairwise(points):
            if step <= last:
                return low + (high - low) * (step - first) / (last - first)
        return 0.0

    def phase_at(self, step: int) -> Phase:
        """The phase that a step belongs to."""
        for phase in self.phases:
            if step < phase.steps:
                return phase
            step -= phase.steps
        return self.phases[-1]


DEMO = Schedule(PHASES)
"""The demonstration model's."""
