"""Where sentences end, in English and Chinese and languages that use their marks."""

from __future__ import annotations

import re

_CLOSERS = "\"'”’»)]）」』】*_"
_WESTERN_END = re.compile(rf"[.!?…][{re.escape(_CLOSERS)}]*$")
_CHINESE_END = re.compile(rf"[。！？…][{re.escape(_CLOSERS)}]*$")
_LAST = frozenset(".!?…。！？" + _CLOSERS)  # characters that a sentence can end with
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"'])(?:Mr|Mrs|Ms|Dr|St|Prof|vs|No|Fig|approx|ca|cf|al|etc|e\.g|i\.e|[A-Z])\.$", re.IGNORECASE
)
# A mark with what closes behind it, where a blank or the end follows, or any Chinese mark.
_END = re.compile(rf"(?:[.!?…][{re.escape(_CLOSERS)}]*(?=\s|$))|(?:[。！？][{re.escape(_CLOSERS)}]*)")


def ends_sentence(before: str, after: str) -> bool:
    """Whether a sentence ends between the end of `before` and the beginning of `after` ("" is the end of all).

    >>> ends_sentence("It rained.", " Then"), ends_sentence("It cost 3.", "5"), ends_sentence("Dr.", " Lee")
    (True, False, False)
    """
    end = before.rstrip()
    if end[-1:] not in _LAST:  # nearly always, and asked at every token
        return False
    if _CHINESE_END.search(end):
        return not after or len(end) < len(before) or after[0] not in _CLOSERS + "。！？…"
    if not _WESTERN_END.search(end) or _ABBREVIATION.search(end[-12:]):
        return False
    if not after or len(end) < len(before):
        return True
    return after[0].isspace() and not after.lstrip()[:1].islower()


def last_sentence_end(text: str) -> int:
    """How much of `text` is whole sentences: the offset after the last one, 0 where there is none."""
    ends = [match.end() for match in _END.finditer(text) if ends_sentence(text[: match.end()], text[match.end() :])]
    return ends[-1] if ends else 0
