"""The one rendering of a draft that every format is made from: a title, a language and a Markdown body."""

from __future__ import annotations

import re
from dataclasses import dataclass

from longwriter_ui.draft import Draft

# Characters that neither UTF-8 nor XML can carry: control characters except tab and newline, halves of surrogate pairs.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Document:
    """`body` is the text as it stands in the draft; the subtitles the model wrote as `## x` are its headings."""

    title: str
    language: str
    body: str


def render(draft: Draft) -> Document:
    """The draft as it is now: written paragraphs in order, steps without text left out."""
    return Document(printable(" ".join(draft.title.split())), draft.brief.language, printable(draft.text))


def printable(text: str) -> str:
    """`text` without what no file and no terminal should get: control characters and halves of surrogate pairs."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
