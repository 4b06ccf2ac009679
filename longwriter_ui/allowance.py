"""Keeps visitors to their limits. Drafts without an owner belong to the person whose machine it is, and have none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from longwriter_ui.draft import Draft
from longwriter_ui.errors import LimitReached
from longwriter_ui.limits import Limits
from longwriter_ui.store.owners import Owners

_TRUSTED_SECONDS = 30.0  # how long a size that was added up is only added to
_SLACK = 1.2  # plans rarely add up to exactly what was asked for
_SWEEP_SECONDS = 3600.0
_MEGABYTE = 1_000_000


class Allowance:
    """What the visitors of `owners` may have; each method raises LimitReached with what can be done about it."""

    def __init__(self, limits: Limits, owners: Owners) -> None:
        self.limits = limits
        self._owners = owners
        self._sizes: dict[str, tuple[int, float]] = {}  # by owner, with when they were added up
        self._lock = threading.Lock()
        self._swept = float("-inf")

    def draft(self, owner: str | None, words: int, size: int) -> None:
        """Refuse one more draft of so many words and bytes."""
        if owner is None:
            return
        self._words(words, self.limits.words)
        if len(self._owners.drafts(owner)) >= self.limits.drafts:
            raise LimitReached(
                f"You have {self.limits.drafts:,} drafts already, the most this studio keeps for you.",
                "Export one and delete it for good; those in the trash count, too.",
            )
        self.growth(owner, size)

    def growth(self, owner: str | None, size: int) -> None:
        """Refuse so many bytes more."""
        self.growing(owner)(size)

    def growing(self, owner: str | None) -> Callable[[int], None]:
        """What refuses so many bytes more, without asking the store: it may be called within a change of it."""
        if owner is None:
            return lambda size: None
        trusted = self._sizes.get(owner)
        if trusted is None or time.monotonic() - trusted[1] > _TRUSTED_SECONDS:
            # Not under the lock, which a change of the store takes.
            found = self._owners.size(owner), time.monotonic()
            with self._lock:
                if len(self._sizes) > 10_000:
                    self._sizes.clear()  # they are only a shortcut
                if self._sizes.get(owner) is trusted:
                    self._sizes[owner] = found
            trusted = found

        def refuse(size: int) -> None:
            with self._lock:
                known, since = self._sizes.get(owner, trusted)
                # What is refused counts for nothing, or a visitor could not even delete and go on.
                if full := known + size > self.limits.megabytes * _MEGABYTE:
                    self._sizes.pop(owner, None)
                else:
                    self._sizes[owner] = (known + size, since)
            if full:
                raise LimitReached(
                    f"Your drafts take more than {self.limits.megabytes:,} MB, the most this studio keeps for you.",
                    "Export some and delete them for good; every version counts.",
                )

        return refuse

    def job(self, owner: str | None, draft: Draft, running: int, waiting: int) -> None:
        """Refuse one more job on `draft` where the visitor has `running` that have not ended and, of everybody's,
        `waiting` wait."""
        if owner is None:
            return
        self._words(sum(step.words or 0 for step in draft.steps), self.limits.words * _SLACK)
        if running >= self.limits.jobs:
            raise LimitReached(
                f"You have {running:,} pieces in work already, the most at a time here.", "Wait for one, or stop it."
            )
        if waiting >= self.limits.queue:
            raise LimitReached(f"{waiting:,} pieces wait to be written already.", "Try again in a while.")
        self.growth(owner, 0)

    def outdated(self) -> list[str]:
        """Drafts that are too old to be kept, told once an hour."""
        with self._lock:
            if time.monotonic() - self._swept < _SWEEP_SECONDS:
                return []
            self._swept = time.monotonic()
        return self._owners.unchanged_since(datetime.now(timezone.utc) - timedelta(days=self.limits.days))

    def _words(self, words: int, most: float) -> None:
        if words > most:
            raise LimitReached(
                f"The piece has {words:,} words; at most {self.limits.words:,} are written here.",
                "Ask for fewer, or run the studio on a machine of your own.",
            )
