"""Models that come in several files, named ...-00001-of-00003.gguf; llama.cpp opens them by the first."""

from __future__ import annotations

import re

_PART = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$")


def part_names(name: str) -> tuple[str, ...]:
    """The names of all files of the model that has a file of this name, the first first."""
    match = _PART.match(name)
    if match is None:
        return (name,)
    return tuple(f"{match['stem']}-{n:05}-of-{match['count']}.gguf" for n in range(1, int(match["count"]) + 1))


def is_later_part(name: str) -> bool:
    """Whether the file is a part other than the first."""
    match = _PART.match(name)
    return match is not None and int(match["number"]) != 1
