"""The one rendering of a draft that every format is made from: a title page's facts and a Markdown body."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from longwriter_ui.draft import Draft
from longwriter_ui.export import cleaning
from longwriter_ui.export.literal import heading_level, top_heading
from longwriter_ui.export.options import Headings, Options
from longwriter_ui.plan import Step

# Characters that neither UTF-8 nor XML can carry: control characters except tab and newline, halves of surrogate pairs.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_HEADING_MARKS = re.compile(r"^ {0,3}#{1,6}(?=[ \t])")
_FIRST_SENTENCE = re.compile(r"[.!?](?=\s|$)|[。！？]")
_LABELS = {
    "zh": {"contents": "目录", "plan": "写作计划", "words": "{}字"},
    "en": {"contents": "Contents", "plan": "Plan", "words": "{} words"},
}


@dataclass(frozen=True)
class Document:
    """`body` holds the text, with `## x` for headings, and the plan where it was asked for; `words` and `brief` say
    what it was written from."""

    title: str
    language: str
    body: str
    options: Options = field(default_factory=Options)
    words: int = 0
    brief: str = ""
    date: str = ""

    def label(self, name: str) -> str:
        """A word that the file needs and the draft does not have, in the draft's language or else English."""
        return _LABELS.get(self.language, _LABELS["en"])[name]


def render(draft: Draft, options: Options | None = None) -> Document:
    """The draft as it is now: written paragraphs in order, steps without text left out."""
    options = options or Options()
    written = [p for p in draft.paragraphs if p.text.strip()]
    title = printable(" ".join(draft.title.split()))
    texts = [printable(p.text).strip() for p in written]
    if options.clean:
        texts = cleaning.clean(texts, title)
    if options.headings is not Headings.SUBTITLES:
        texts = [_without_headings(text, options.headings is Headings.NONE) for text in texts]
    if options.headings is Headings.STEPS:
        texts = [_under(p.step, text) for p, text in zip(written, texts, strict=True)]
    body = "\n\n".join(text.strip() for text in texts if text.strip())
    if options.clean:
        body = _below_title(body)
    if options.plan and draft.paragraphs:
        body = "\n\n".join(part for part in (body, _plan(draft, body)) if part)
    return Document(
        title=title,
        language=draft.brief.language,
        body=body,
        options=options,
        words=draft.words,
        brief=printable(draft.brief.instruction),
        date=date.today().isoformat(),
    )


def printable(text: str) -> str:
    """`text` without what no file and no terminal should get: control characters and halves of surrogate pairs."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def headings(body: str) -> list[tuple[int, str]]:
    """Level (1 is the highest there is) and words of each heading of a body."""
    top = top_heading(body)
    found = []
    for line in body.split("\n"):
        level, words = heading_level(line), cleaning.heading_of(line)
        if level is not None and words:
            found.append((level - top + 1, words))
    return found


def _without_headings(text: str, every: bool) -> str:
    """Without its headings, or only without the one it begins with while the others make room for the step's."""
    lines = text.split("\n")
    result: list[str] = []
    begun = dropped = False
    for line in lines:
        level = heading_level(line)
        if level is not None and (every or not begun):
            dropped = begun = True
            continue
        if dropped and not line.strip():
            continue  # the blank line below a heading goes with it
        begun, dropped = begun or bool(line.strip()), False
        if level is None:
            result.append(line)
        else:
            result.append(_HEADING_MARKS.sub("#" * max(3, level), line))
    return "\n".join(result).strip("\n")


def _under(step: Step, text: str) -> str:
    """`text` below the first sentence of the step's main point."""
    point = printable(step.main_point)
    end = _FIRST_SENTENCE.search(point)
    title = (point[: end.start()] if end and end.start() else point).strip(" .。:：")
    return f"## {title}\n\n{text}" if title else text


def _below_title(body: str) -> str:
    """With the highest heading one level below the title."""
    by = 2 - top_heading(body, default=2)
    if not by:
        return body
    lines = []
    for line in body.split("\n"):
        level = heading_level(line)
        lines.append(line if level is None else _HEADING_MARKS.sub("#" * min(6, level + by), line))
    return "\n".join(lines)


def _plan(draft: Draft, body: str) -> str:
    """The plan as an appendix: a heading and a numbered list."""
    labels = Document("", draft.brief.language, "")
    lines = [_plan_line(n, step, labels.label("words")) for n, step in enumerate(_named(draft.steps), 1)]
    marks = "#" * top_heading(body, default=2)
    return "\n".join([f"{marks} {labels.label('plan')}", "", *lines])


def _named(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if step.main_point]


def _plan_line(number: int, step: Step, words: str) -> str:
    count = f" ({words.format(step.words)})" if step.words is not None else ""
    return f"{number}. {printable(step.main_point)}{count}"
