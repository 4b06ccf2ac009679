"""What a visitor may have where several people share a studio. Each limit is an option of the server, too, and an
environment variable: `words` is LONGWRITER_LIMIT_WORDS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from longwriter_ui.errors import LimitReached

PREFIX = "LONGWRITER_LIMIT_"


@dataclass(frozen=True)
class Limits:
    """`words` of a piece, as asked for and as planned; `jobs` of one visitor that run or wait; `drafts` and `megabytes`
    of one visitor; `days` after which a draft that was not changed is removed; `queue`: jobs of everybody that wait;
    `requests` a second of one visitor."""

    words: int = 5_000
    jobs: int = 2
    drafts: int = 50
    megabytes: int = 20
    days: int = 30
    queue: int = 100
    requests: int = 20

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> Limits:
        """The usual ones but for those that are named; LimitReached for a value that is no whole number from 1 on."""
        values = {}
        for name in LIMITS:
            typed = environment.get(PREFIX + name.upper(), "").strip()
            if not typed:
                continue
            if not typed.isdecimal() or not 1 <= int(typed) <= 10**9:
                raise LimitReached(f"{PREFIX}{name.upper()}={typed} is no limit.", "Give a whole number from 1 on.")
            values[name] = int(typed)
        return Limits(**values)


LIMITS = tuple(field.name for field in fields(Limits))
