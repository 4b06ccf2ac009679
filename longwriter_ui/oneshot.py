"""Cuts the one long answer of `oneshot` mode into the paragraphs of the plan, while it streams."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from longwriter_ui.draft import Author, Draft, FinishReason, Version
from longwriter_ui.engine.base import Chunk
from longwriter_ui.events import ParagraphDone, ParagraphStarted, TextDelta, Usage
from longwriter_ui.loops import good_part

_BREAK = re.compile(r"\n[^\S\n]*\n\s*$")
_FULL = 0.6  # at a blank line, a step with this share of its words is done


class Cutter:
    """Goes to the next step of `todo` at a blank line, once the step it is at has enough words; the last step takes
    all that comes. A cut lies between two tokens, so every paragraph keeps exactly its own."""

    def __init__(self, draft: Draft, todo: Sequence[int], vocabulary: str) -> None:
        self._draft = draft
        self._todo = list(todo)
        self._vocabulary = vocabulary
        self._begun: Version | None = None
        self._text = ""
        self._tokens: list[int] = []
        self._counted = Usage()
        self.wrote = False
        self.finish: FinishReason | None = None

    def add(self, chunk: Chunk) -> Iterator[ParagraphStarted | TextDelta | ParagraphDone]:
        """Events of one more chunk."""
        if chunk.text:
            if self._begun is None:
                yield from self._begin()
            self.wrote = True
            self._text += chunk.text
            self._tokens.extend(chunk.tokens)
            yield TextDelta(self._key, chunk.text, chunk.tokens_per_second)
        if chunk.finish is not None:
            self.finish = chunk.finish
            if self._begun is not None:
                yield self._done(chunk, chunk.finish)
        elif self._begun is not None and len(self._todo) > 1 and _BREAK.search(self._text) and self._is_full():
            yield self._done(chunk, FinishReason.STOP)

    @property
    def _key(self) -> str:
        return self._draft.paragraphs[self._todo[0]].key

    def _begin(self) -> Iterator[ParagraphStarted]:
        paragraph = self._draft.paragraphs[self._todo[0]]
        before = paragraph.version if paragraph.version and not paragraph.finished else None
        known = before is not None and before.vocabulary == self._vocabulary
        self._text = before.text if before else ""
        self._tokens = list(before.tokens) if before and known else []
        self._begun = Version(
            self._text, Author.MODEL, FinishReason.CANCELLED, vocabulary=self._vocabulary, tokens=tuple(self._tokens)
        )
        yield ParagraphStarted(paragraph.key, self._begun)

    def _is_full(self) -> bool:
        target = self._draft.paragraphs[self._todo[0]].step.words or 0
        return self._draft.count(self._text) >= _FULL * target

    def _done(self, chunk: Chunk, finish: FinishReason) -> ParagraphDone:
        assert self._begun is not None
        unfinished = finish in (FinishReason.CANCELLED, FinishReason.LOOP)
        index = self._todo.pop(0) if len(self._todo) > 1 or not unfinished else self._todo[0]
        key = self._draft.paragraphs[index].key
        text = self._text if finish is FinishReason.CANCELLED else self._text.strip(" \t\n")
        whole = not self._begun.text or bool(self._begun.tokens)
        if finish is FinishReason.LOOP:
            others = [p.text for p in self._draft.paragraphs[:index]]
            text, whole = good_part(others, self._text), False
        version = replace(
            self._begun,
            text=text,
            finish=finish,
            tokens=tuple(self._tokens) if whole else (),
            basis=self._draft.basis(index),
        )
        # What comes next is written from this text, so that it is not stale at birth.
        self._draft = self._draft.with_paragraph(replace(self._draft.paragraphs[index], version=version))
        usage = Usage(chunk.read, chunk.reused, chunk.written)
        spent = Usage(
            usage.prompt_read - self._counted.prompt_read,
            usage.prompt_reused - self._counted.prompt_reused,
            usage.written - self._counted.written,
        )
        self._counted, self._begun, self._text, self._tokens = usage, None, "", []
        return ParagraphDone(key, version if text.strip() or finish is FinishReason.LOOP else None, spent)
