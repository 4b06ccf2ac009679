"""What the store tells of a draft: what is new since a revision, and the texts of the past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from longwriter_ui.draft import Draft, Version
from longwriter_ui.store import journal


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
