"""Edits of the text, and of what belongs to the draft as a whole. Every new text is a new version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from longwriter_ui.draft import Author, Draft, FinishReason, Mode, Paragraph, Status, Version
from longwriter_ui.edits.fields import MAX_TEXT, Op, check_was, index_of, number_of, paragraph_of, settled, text_of
from longwriter_ui.errors import EditError

MAX_FIND = 1_000
MAX_REPLACED = 20_000_000  # characters of all texts that one replacement changes; no book has as many


@dataclass(frozen=True)
class Place:
    """Where something was found: the `nth` time (from 1) in the paragraph `key`."""

    key: str
    nth: int


def with_text(draft: Draft, key: str, text: str, finish: FinishReason | None = None) -> Draft:
    """The draft with `text` as the person's own words; empty: the paragraph is only planned again. `finish`: how the
    text ended where its end comes from; None: in the paragraph itself, as the person leaves it."""
    return with_texts(draft, {key: text}, finish)


def with_texts(draft: Draft, texts: Mapping[str, str], finish: FinishReason | None = None) -> Draft:
    """The same for several paragraphs, by key."""
    found = ((p.key, p.text, texts.get(p.key, p.text)) for p in draft.paragraphs)
    changed = {key for key, old, text in found if text != old or (key in texts and not text.strip())}
    if not changed:
        return draft
    new = tuple(_retold(p, texts[p.key], finish) if p.key in changed else p for p in draft.paragraphs)
    bases = replace(draft, paragraphs=new).bases()  # in one pass, with the new texts before each paragraph
    based = (
        replace(p, version=replace(p.version, basis=basis)) if p.key in changed and p.version else p
        for p, basis in zip(new, bases, strict=True)
    )
    return replace(draft, paragraphs=tuple(based))


def _retold(paragraph: Paragraph, text: str, finish: FinishReason | None) -> Paragraph:
    if not text.strip():
        return replace(paragraph, status=Status.PLANNED, version=None, problem="")
    # The prompt stays, so that the conversation around the edited answer remains what the model was asked.
    before = paragraph.version
    version = Version(
        text,
        Author.USER,
        finish=finish or _finish(paragraph, text),
        prompt=before.prompt if before else "",
        rest=before.rest if before else "",
    )
    return replace(paragraph, status=Status.WRITTEN, version=version, problem="")


def with_version(draft: Draft, key: str, version: Version) -> Draft:
    """The draft with an earlier version in place again."""
    paragraph = settled(draft.paragraphs[index_of(draft, key)])
    return draft.with_paragraph(replace(paragraph, status=Status.WRITTEN, version=version, problem=""))


def edit_text(draft: Draft, op: Op) -> Draft:
    paragraph = settled(paragraph_of(draft, op))
    text = text_of(op, "text", MAX_TEXT)
    check_was(op, paragraph.text, text)
    return with_text(draft, paragraph.key, text)


def keep(draft: Draft, op: Op) -> Draft:
    paragraph = settled(paragraph_of(draft, op))
    if paragraph.version is None:
        raise EditError("There is no text to keep yet.")
    version = replace(paragraph.version, basis=draft.basis(draft.index(paragraph.key)), finish=FinishReason.STOP)
    return draft.with_paragraph(replace(paragraph, status=Status.WRITTEN, version=version, problem=""))


def choose(draft: Draft, op: Op) -> Draft:
    paragraph = settled(paragraph_of(draft, op))
    version = paragraph.offered[number_of(op, "number", len(paragraph.offered)) - 1]
    chosen = replace(paragraph, status=Status.WRITTEN, version=version, problem="", offered=())
    return draft.with_paragraph(chosen)


def dismiss(draft: Draft, op: Op) -> Draft:
    return draft.with_paragraph(replace(paragraph_of(draft, op), offered=()))


def find(draft: Draft, wanted: str, *, case: bool = False) -> tuple[Place, ...]:
    """Where `wanted` stands in the texts, in order; small and capital letters are the same unless `case`."""
    pattern = _pattern(wanted, case)
    return tuple(
        Place(paragraph.key, n)
        for paragraph in draft.paragraphs
        for n, _ in enumerate(pattern.finditer(paragraph.text), 1)
    )


def replace_text(draft: Draft, op: Op) -> Draft:
    """One place where `key` and `nth` name it, else every place in every text that nobody is writing."""
    pattern = _pattern(text_of(op, "find", MAX_FIND), op.get("case") is True)
    text = text_of(op, "text", MAX_TEXT)
    one = settled(paragraph_of(draft, op)).key if "key" in op else None
    texts, total = {}, 0
    for paragraph in draft.paragraphs:
        if one not in (None, paragraph.key) or paragraph.status is Status.WRITING:
            continue
        found = list(pattern.finditer(paragraph.text))
        if one is not None:
            nth = number_of(op, "nth", len(found))
            found = found[nth - 1 : nth]
        if not found:
            continue
        length = len(paragraph.text) + sum(len(text) - (match.end() - match.start()) for match in found)
        if length > MAX_TEXT:
            raise EditError(f"A paragraph has at most {MAX_TEXT:,} characters.")
        total += length
        if total > MAX_REPLACED:
            raise EditError(
                f"Texts of more than {MAX_REPLACED:,} characters would change at once.",
                "Replace the places one by one.",
            )
        ends = [0, *(match.end() for match in found)]
        before = (paragraph.text[end : match.start()] for end, match in zip(ends, found, strict=False))
        texts[paragraph.key] = text.join((*before, paragraph.text[ends[-1] :]))
    return with_texts(draft, texts)


def set_title(draft: Draft, op: Op) -> Draft:
    title = " ".join(text_of(op, "title", 300).split())
    return replace(draft, title=title or draft.brief.title)


def set_mode(draft: Draft, op: Op) -> Draft:
    try:
        return replace(draft, mode=Mode(op.get("mode")))
    except ValueError as error:
        raise EditError(f"Unknown mode {op.get('mode')!r}.", f"Use {', '.join(m.value for m in Mode)}.") from error


def set_manner(draft: Draft, op: Op) -> Draft:
    values = op.get("values")
    if not isinstance(values, dict):
        raise EditError("The edit lacks its values.")
    return replace(draft, manner=draft.manner.with_values(values))


def _finish(paragraph: Paragraph, text: str) -> FinishReason:
    """A stopped answer whose text was only corrected is still to be continued; one that was brought to the end of a
    sentence is done."""
    stopped = paragraph.version is not None and not paragraph.finished
    whole = text.rstrip().endswith((".", "!", "?", "…", "。", "！", "？", '"', "'", "”", "’", "」", ")", "）"))
    return FinishReason.CANCELLED if stopped and not whole else FinishReason.STOP


def _pattern(wanted: str, case: bool) -> re.Pattern[str]:
    if not wanted:
        raise EditError("There is nothing to look for.", "Type what to find.")
    return re.compile(re.escape(wanted), 0 if case else re.IGNORECASE)
