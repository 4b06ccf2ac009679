"""What the store tells of a draft: a line of the library, what is new since a revision, a text of the past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from longwriter_ui.draft import Draft, Version
from longwriter_ui.store import journal
from longwriter_ui.words import count_words


@dataclass(frozen=True)
class DraftSummary:
    """A line of the library. `written` of `steps` paragraphs have text."""

    id: str
    title: str
    language: str
    words: int
    target_words: int
    steps: int
    written: int
    updated: datetime


@dataclass(frozen=True)
class Since:
    """What is new in a draft: whether its own fields or its order changed, the cards that did, and the text that
    came for the others, as (key, text) in order. `undo` and `redo` name what these would do now; `places` says for
    each changed card which of how many texts it shows."""

    rev: int
    draft: Draft
    head: bool
    order: bool
    changed: frozenset[str]
    deltas: tuple[tuple[str, str], ...]
    undo: journal.Journaled | None = None
    redo: journal.Journaled | None = None
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class PastText:
    """One text a paragraph has had, and when it was made."""

    version: Version
    created: datetime
    present: bool


def summary_of(draft: Draft, updated: str) -> DraftSummary:
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
