"""Which pieces are fit to train on; the reasons are the names in the manifest."""

from __future__ import annotations

from dataclasses import dataclass

from longwriter_ui.evaluate.length import length_score
from longwriter_ui.export.cleaning import is_label

FAILED = "failed"
LONG_PLAN = "plan of more than {} steps"
SHORT = "fewer than {:,} words"
WRONG_LENGTH = "length score below {:g}"
LABELS = "labels of the plan in the text"


@dataclass(frozen=True)
class Filter:
    """The bounds; the defaults are the paper's. `least_words` is the shortest piece, `least_score` the lowest length
    score, `most_steps` the longest plan."""

    least_words: int = 2_000
    least_score: float = 80.0
    most_steps: int = 50

    def reason(self, asked: int, written: int, steps: int, paragraphs: list[str], problem: str) -> str:
        """Why a piece is dropped; empty for one that is kept. Lengths in words."""
        if problem:
            return FAILED
        if steps > self.most_steps:
            return LONG_PLAN.format(self.most_steps)
        if written < self.least_words:
            return SHORT.format(self.least_words)
        if length_score(asked, written) < self.least_score:
            return WRONG_LENGTH.format(self.least_score)
        if any(is_label(line) for text in paragraphs for line in text.splitlines()):
            return LABELS
        return ""
