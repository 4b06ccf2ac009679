"""The texts a paragraph has had, and which of them tell something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from longwriter_ui.draft import Author, FinishReason, Version

_PAUSE = 60  # seconds without a new text, after which the person is at something else


@dataclass(frozen=True)
class Past:
    """One version of a paragraph and when it was made (ISO 8601, UTC)."""

    version: Version
    created: str


def told(past: Sequence[Past], present: int | None) -> list[int]:
    """Which of the versions, oldest first, stand for themselves: the one at `present`, and all that did not only lead
    up to the next one."""
    kept: list[int] = []
    for n, each in enumerate(past):
        while kept and kept[-1] != present and _leads_to(past[kept[-1]], each):
            kept.pop()
        kept.append(n)
    return kept


def _leads_to(past: Past, following: Past) -> bool:
    """Whether `past` was typed on the way to an edit of the same minute, or is the stopped beginning of an answer."""
    before, version = past.version, following.version
    if before.author is not version.author:
        return False
    if before.author is Author.MODEL:
        stopped = before.finish not in (FinishReason.STOP, FinishReason.LENGTH)
        return stopped and version.text.strip().startswith(before.text.strip())
    return (datetime.fromisoformat(following.created) - datetime.fromisoformat(past.created)).total_seconds() < _PAUSE
