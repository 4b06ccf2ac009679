"""The recipe: what is trained when, counted in steps so that the same command gives the same model."""

from dataclasses import dataclass
from itertools import pairwise

from .batches import Phase
from .tasks import Size

SEED = 23
MUON_RATE = 0.02
ADAM_RATE = 0.004

_DECISIONS = {
    "find": 0.80,
    "begin": 0.10,
    "plan": 0.03,
    "write": 0.028,
    "single": 0.003,
    "whole": 0.002,
    "drill": 0.01,
    "echo": 0.027,
}
_MORE_PROSE = _DECISIONS | {"find": 0.66, "begin": 0.13, "plan": 0.05, "write": 0.065}
_MOST_PROSE = _MORE_PROSE | {"find": 0.62, "begin": 0.11, "enter": 0.06, "write": 0.12}
PHASES = (
    Phase(600, 4096, {"find": 0.6, "begin": 0.2, "echo": 0.12, "drill": 0.08}, Size(220, 110, 3), 640, copy_steps=True),
    Phase(9000, 4096, _DECISIONS, Size(450, 500, 8), 768, copy_steps=True),
    Phase(2900, 4096, _MORE_PROSE, Size(450, 500, 8), 768, copy_steps=True, late=1),
    Phase(100, 6144, _MORE_PROSE, Size(1800, 1000, 12), 3072, copy_steps=True, late=1),
    Phase(1500, 4096, _MOST_PROSE, Size(450, 500, 8), 768, copy_steps=True, late=2),
    Phase(100, 6144, _MOST_PROSE, Size(1800, 1000, 12), 3072, copy_steps=True, late=2),
)
"""Short exercises first; then the application's own tasks among them, half of the text being decisions (which topic,
where to enter); then more of whole paragraphs, at last in longer conversations; the last two once more after a warm
restart, with more prose again. Copying is exercised to the end. The later phases (`late`) also ask
requests that earlier ones did not."""


@dataclass(frozen=True)
class Schedule:
    """Phases one after the other, and the rates over all of them."""

    phases: tuple[Phase, ...]
    falls: tuple[tuple[float, float], ...] = ((0.455, 1.0), (0.8, 0.25))
    """Points of the rates after the flat part, as the part of all steps and the factor: where they begin to fall, where
    the fall becomes another, and so on; a rise between two is a warm restart."""
    kept: tuple[int, ...] = ()
    """Steps after which the checkpoint is kept beside the last one."""

    @property
    def steps(self) -> int:
        """Of all phases."""
        return sum(phase.steps for phase in self.phases)

    def rate(self, step: int) -> float:
        """The factor on both learning rates at a step, straight between points: a warm-up, flat, then `falls`."""
        steps = self.steps
        falls = tuple((steps * part, factor) for part, factor in self.falls)
        points = ((0, 0.0125), (80, 1.0), *falls, (steps, 0.0))
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


FINISH = PHASES[4]
"""What the last vectors are learnt from (`finish`)."""
_ALL = sum(phase.steps for phase in PHASES)
_RESTART = 12_600
_RATES = ((6800, 1.0), (11_250, 0.3), (_RESTART, 0.0), (12_700, 0.3), (13_300, 0.3 * 1300 / 1900))
DEMO = Schedule(PHASES, falls=tuple((step / _ALL, rate) for step, rate in _RATES), kept=(_RESTART,))
"""The demonstration model's: two falls, the second to nothing, then a warm restart and a last fall, which was planned
for 1,900 steps and from step 13,300 on is steeper, to end within two hours."""
