"""A line of the library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from longwriter_ui.draft import Draft
from longwriter_ui.words import count_words


@dataclass(frozen=True)
class DraftSummary:
    """What the library shows of a draft; `written` of `steps` paragraphs are finished."""

    id: str
    title: str
    language: str
    words: int
    target_words: int
    steps: int
    written: int
    updated: datetime


def matches(draft: Draft, wanted: str) -> bool:
    """Whether a search for `wanted` finds the draft: it is in its title, its instruction or its text."""
    wanted = wanted.strip().casefold()
    return not wanted or any(wanted in text.casefold() for text in (draft.title, draft.brief.instruction, draft.text))


def summary(draft: Draft, updated: str) -> DraftSummary:
    """The draft's line; `updated` is ISO 8601."""
    return DraftSummary(
        draft.id,
        draft.title,
        draft.brief.language,
        count_words(draft.text, draft.brief.language),
        draft.brief.target_words,
        len(draft.paragraphs),
        sum(p.finished for p in draft.paragraphs),
        datetime.fromisoformat(updated),
    )
