"""An engine that writes what a script says: for tests of everything above the engine, and for demonstrations of
faults. It keeps the whole contract: counts, prefix reuse, cancelling, limits, a context that can be too small. Only the
end of the script cannot be held back.

A token is a character; its id is the character's code point.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Cancel, Chunk, Conversation, EngineInfo, Measure, Request, Role
from longwriter_ui.engine.watch import Watch
from longwriter_ui.errors import ContextTooSmall, EngineError
from longwriter_ui.events import Reading

Script = Callable[[Request], str]

_READ_BATCH = 512
_SHELF = 8  # states that are kept; those of long ago go first
_PIECE = re.compile(r"^\s+|\S+\s*")  # as tokenizers do, a blank line comes before the word after it


class ScriptedEngine:
    """Answers each request with `script(request)`, whole words at `words_per_second` (0: at once), which may be changed
    while it writes."""

    def __init__(
        self, script: Script, *, words_per_second: float = 0.0, context: int = 1_000_000, name: str = "Scripted"
    ) -> None:
        self._script = script
        self.words_per_second = words_per_second
        self._kept: tuple[int, ...] = ()
        self._saved: dict[str, tuple[int, ...]] = {}
        self._streaming = False
        self.info = EngineInfo(name, "scripted", "scripted", "code-points", context, "script")

    def measure(self, conversation: Conversation) -> Measure:
        tokens = _tokens(conversation)
        return Measure(len(tokens), len(tokens) - _reusable(tokens, self._kept))

    def reserve(self, tokens: int) -> None:
        if tokens > self.info.context:
            raise ContextTooSmall(
                f"The piece needs a context of {tokens:,} tokens; this engine has {self.info.context:,}.",
                "Ask for a shorter piece.",
                needed=tokens,
                available=self.info.context,
            )

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        if request.variants > 1:
            yield from self.stream_together(request.split(), cancel)
            return
        if self._streaming:
            raise EngineError("The engine is busy with another request.", "Wait until it is done.", retryable=True)
        self._streaming = True
        try:
            yield from self._stream(request, cancel)
        finally:
            self._streaming = False

    def stream_together(self, requests: Sequence[Request], cancel: Cancel) -> Iterator[Reading | Chunk]:
        """One after the other; only the numbers tell."""
        for number, request in enumerate(requests):
            for event in self.stream(request, cancel):
                yield replace(event, variant=number) if isinstance(event, Chunk) else event

    def save(self, name: str) -> None:
        self._saved = dict([*((n, kept) for n, kept in self._saved.items() if n != name), (name, self._kept)][-_SHELF:])

    def restore(self, name: str, conversation: Conversation) -> None:
        tokens = _tokens(conversation)
        if _reusable(tokens, self._kept) < len(tokens) // 2:
            self._kept = self._saved.get(name, self._kept)

    def close(self) -> None:
        self._kept = ()

    def _stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        prompt = _tokens(request.conversation)
        self.reserve(len(prompt) + 1)
        reused = _reusable(prompt, self._kept)
        read = len(prompt) - reused
        self._kept = prompt[:reused]
        for done in range(0, read, _READ_BATCH):
            yield Reading(done, read, reused)
            self._kept = prompt[: reused + min(done + _READ_BATCH, read)]
            if cancel.is_set():
                yield Chunk("", (), len(self._kept) - reused, reused, 0, 0.0, FinishReason.CANCELLED)
                return
        yield Reading(read, read, reused)

        answer = self._script(request)
        limit = min(request.max_tokens, self.info.context - len(prompt))
        finish = FinishReason.STOP if len(answer) <= limit else FinishReason.LENGTH
        watch = Watch(request)
        began, written = time.monotonic(), 0
        for piece in _PIECE.findall(answer[:limit]):
            if cancel.is_set():
                finish = FinishReason.CANCELLED
                break
            if watch.ends_before(piece):
                finish = FinishReason.STOP
                break
            if speed := self.words_per_second:
                time.sleep(1 / speed)
            tokens = tuple(map(ord, piece))
            self._kept += tokens
            written += len(tokens)
            yield Chunk(piece, tokens, read, reused, written, written / max(time.monotonic() - began, 1e-9))
            if ended := watch.add(piece):
                finish = ended
                break
        yield Chunk("", (), read, reused, written, written / max(time.monotonic() - began, 1e-9), finish)


def _tokens(conversation: Conversation) -> tuple[int, ...]:
    """One marker before each user turn and one before each answer, so that turns never run together."""
    ids: list[int] = []
    for turn in conversation:
        ids.append(1 if turn.role is Role.USER else 2)
        for part in turn.parts:
            ids.extend(part.tokens or map(ord, part.text))
    if conversation[-1].role is Role.USER:
        ids.append(2)
    return tuple(ids)


def _reusable(prompt: tuple[int, ...], kept: tuple[int, ...]) -> int:
    """The last token is always read again: that is what an engine needs to have something to sample from."""
    return min(_common(prompt, kept), len(prompt) - 1)


def _common(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))
