"""Text as it comes in from people and files."""

from __future__ import annotations

import re

# NUL ends strings in C; half a surrogate pair (a torn emoji, bytes that are no UTF-8) can be stored nowhere.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean_text(text: str) -> str:
    """`text` without the characters that no store or file can hold, with lines ending in a newline."""
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n"))
