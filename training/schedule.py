"""The recipe: what is trained when, counted in steps so that the same command gives the same model."""

from dataclasses import dataclass
from itertools import pairwise

from .batches import Phase
from .tasks import Size

SEED = 20
MUON_RATE = 0.02
ADAM_RATE = 0.004

_WHOLE_JOURNEY = {"plan": 0.40, "write": 0.36, "single": 0.08, "whole": 0.06, "drill": 0.10}
PHASES = (
    Phase(350, 4096, {"echo": 0.3, "drill": 0.7}, Size(220, 110, 3), 640, copy_steps=True),
    Phase(1700, 6144, _WHOLE_JOURNEY, Size(600, 500, 8), 1152, copy_steps=True),
    Phase(300, 8192, _WHOLE_JOURNEY, Size(2200, 700, 14), 3072, copy_steps=True),
    Phase(60, 8192, _WHOLE_JOURNEY, Size(4200, 1000, 20), 6144, copy_steps=True),
)
"""Copying first, on short exercises; then the application's own tasks, longer and longer."""


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
