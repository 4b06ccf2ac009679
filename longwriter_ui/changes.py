"""What a view has to know of a draft since it last looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from longwriter_ui.draft import Draft
from longwriter_ui.errors import LongWriterError
from longwriter_ui.progress import Progress
from longwriter_ui.store.journal import Journaled
from longwriter_ui.store.views import Since


@dataclass(frozen=True)
class Changes:
    """What is new in the draft (see store.Since), and how its job is doing."""

    rev: int
    draft: Draft
    head: bool
    order: bool
    changed: frozenset[str]
    deltas: tuple[tuple[str, str], ...]
    progress: Progress | None
    failure: LongWriterError | None
    undo: Journaled | None = None
    redo: Journaled | None = None
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, since: Since, progress: Progress | None, failure: LongWriterError | None) -> Changes:
        """The draft's news with its job's."""
        return cls(
            since.rev,
            since.draft,
            since.head,
            since.order,
            since.changed,
            since.deltas,
            progress,
            failure,
            since.undo,
            since.redo,
            since.places,
        )
