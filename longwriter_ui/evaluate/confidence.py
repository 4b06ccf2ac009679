"""How sure a mean is: its confidence interval by the bootstrap.

The sample is drawn again from itself, with replacement, many times over; between the quantiles of the means of these
lies what the mean might as well have been. The same seed gives the same interval.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

DRAWS = 2_000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean of `count` values, and the bounds of its interval; all alike where there is only one value."""

    mean: float
    low: float
    high: float
    count: int


def interval(values: Sequence[float], seed: int = 0) -> Interval | None:
    """The mean of `values` with its 95 % interval; None where there are none."""
    if not values:
        return None
    chance = random.Random(seed)
    means = sorted(fmean(chance.choices(values, k=len(values))) for _ in range(DRAWS))
    tail = (1 - LEVEL) / 2
    low, high = means[round(tail * (DRAWS - 1))], means[round((1 - tail) * (DRAWS - 1))]
    return Interval(fmean(values), low, high, len(values))


def difference(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Interval | None:
    """By how much the second of two runs over the same prompts is ahead: values of one prompt stand at one place."""
    return interval([b - a for a, b in zip(first, second, strict=True)], seed)
