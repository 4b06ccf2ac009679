"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

# A word with its punctuation apart, a Chinese character, or a run of white space.
_PIECE = re.compile(r"\s+|[\u3040-\u30ff\u4e00-\u9fff]|[^\W\u3040-\u30ff\u4e00-\u9fff]+(?:['’\-][^\W_]+)*|[^\w\s]|_")


def differences(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Pieces as (kind, text) with kind "same", "del" or "ins": those that are not "ins" make `old`, those that are not
    "del" make `new`. A gap of nothing but white space between two changes is taken as changed too.

    >>> differences("a red boat", "a blue boat")
    (('same', 'a '), ('del', 'red'), ('ins', 'blue'), ('same', ' boat'))
    """
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    found: list[tuple[str, str]] = []
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    pending = ["", ""]
    for n, (kind, a, b, c, d) in enumerate(blocks):
        gap = "".join(before[a:b])
        inside = 0 < n < len(blocks) - 1
        if kind == "equal" and not (inside and gap.isspace() and "\n" not in gap):
            _flush(found, pending)
            found.append(("same", gap))
        else:
            pending[0] += gap
            pending[1] += "".join(after[c:d])
    _flush(found, pending)
    return tuple(found)


def _flush(found: list[tuple[str, str]], pending: list[str]) -> None:
    for kind, i in (("del", 0), ("ins", 1)):
        if pending[i]:
            found.append((kind, pending[i]))
        pending[i] = ""
