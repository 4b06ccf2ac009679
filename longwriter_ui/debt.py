"""Lengths that add up: what earlier paragraphs ran over or fell short is shared out among those still to be written.

The plan stays what the person made of it: a count there is a wish, and changing it behind the person's back would make
cards stale and the next debt be measured against a moved mark. So the share is only what the model is told in its turn
and held to, computed anew before each paragraph from the plan and the text as they are.
"""

from __future__ import annotations

from longwriter_ui.draft import Draft

_LEAST, _MOST = 0.5, 1.6  # of the planned count; a debt beyond that is not paid by distorting the rest
_WORTH_SAYING = 0.04  # of the planned count; the model is told of no smaller change


def goal_words(draft: Draft, index: int) -> int | None:
    """Words that paragraph `index` should have, so that the piece comes out as long as its plan; None where the plan
    gives it no count."""
    planned = draft.paragraphs[index].step.words
    waiting = [p for p in draft.paragraphs if not p.finished and p.step.words and not p.step.locked]
    if planned is None or draft.paragraphs[index] not in waiting:
        return planned
    debt = sum(p.step.words - draft.count(p.text) for p in draft.paragraphs if p.finished and p.step.words)
    open_words = sum(p.step.words or 0 for p in waiting)
    return round(planned * min(_MOST, max(_LEAST, 1 + debt / open_words)))


def told_words(planned: int | None, goal: int | None) -> int | None:
    """What the model is told: the goal in tens, or the plan's own count where that is nearly the same."""
    if planned is None or goal is None or abs(goal - planned) <= _WORTH_SAYING * planned:
        return planned
    return max(10, round(goal / 10) * 10)
