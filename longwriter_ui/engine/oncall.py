"""An engine whose every answer is one call to a place where the model can be loaded, such as a graphics card that is
lent for seconds at a time (ZeroGPU). Nothing is loaded on this side, so it can be forked from at any time.

`Caller` is this side; `Callee` is the other one, which the platform runs in a process of its own and may throw away
after any call. What has been read is kept there for as long as it lives.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Cancel, Chunk, Conversation, Engine, EngineInfo, Measure, Proceed, Request
from longwriter_ui.engine.header import read_header
from longwriter_ui.errors import ContextTooSmall, EngineError
from longwriter_ui.events import Reading

MOST_CONTEXT = 32_768  # tokens; what models for long texts were made with
_WIDE = "\u2e7f"  # above it a character is a token or so; below, a token has about four

Items = Iterator[Reading | Chunk]
Call = Callable[[str, tuple[Request, ...]], Items]  # the model's path, and what to write together


class Opener(Protocol):
    """How the other side opens the model."""

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine: ...


class Callee:
    """The other side: keeps the model it loaded last."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._loaded: tuple[str, Engine] | None = None

    def answer(self, path: str, requests: tuple[Request, ...]) -> Items:
        """What the engine streams; it ends early when the caller closes it."""
        if self._loaded is None or self._loaded[0] != path:
            previous, self._loaded = self._loaded, None
            if previous is not None:
                previous[1].close()  # first: the card need not hold both
            self._loaded = (path, self._opener.open(Path(path)))
        engine = self._loaded[1]
        needed = max(engine.measure(request.conversation).total + request.max_tokens for request in requests)
        engine.reserve(min(needed, engine.info.context))
        never = threading.Event()
        if len(requests) == 1:
            yield from engine.stream(requests[0], never)
        else:
            yield from engine.stream_together(requests, never)


@dataclass(frozen=True)
class Caller:
    """The engine on this side. `refusals`: what the call raises when it cannot be had now, in words for people."""

    path: Path
    info: EngineInfo
    call: Call
    refusals: tuple[type[Exception], ...]

    @classmethod
    def load(cls, path: Path, call: Call, refusals: tuple[type[Exception], ...], note: str) -> Caller:
        """From the file's header alone."""
        header = read_header(path)
        architecture = header.metadata.get("general.architecture")
        own = header.metadata.get(f"{architecture}.context_length", MOST_CONTEXT)
        context = min(own, MOST_CONTEXT) if isinstance(own, int) else MOST_CONTEXT
        info = EngineInfo(
            header.name, path.name, "", header.vocabulary, context, "on call", header.demonstration, note=note
        )
        return cls(path, info, call, refusals)

    def measure(self, conversation: Conversation) -> Measure:
        """An estimate on the safe side; all of it may have to be read."""
        total = 0
        for turn in conversation:
            total += 8 + sum(len(part.tokens) or estimate(part.text) for part in turn.parts)
        return Measure(total, total)

    def reserve(self, tokens: int) -> None:
        if tokens > self.info.context:
            raise ContextTooSmall(
                f"The piece needs a context of {tokens:,} tokens; {self.info.context:,} can be had here.",
                "Ask for a shorter piece.",
                needed=tokens,
                available=self.info.context,
            )

    def stream(self, request: Request, cancel: Cancel) -> Items:
        yield from self.stream_together((request,), cancel)

    def stream_together(self, requests: Sequence[Request], cancel: Cancel) -> Items:
        for request in requests:
            self.reserve(self.measure(request.conversation).total)
        last: dict[int, Chunk] = {n: Chunk("", (), 0, 0, 0, 0.0, variant=n) for n in range(_answers(requests))}
        try:
            with closing(_closable(self.call(str(self.path), tuple(requests)))) as items:
                for item in items:
                    if isinstance(item, Chunk):
                        last[item.variant] = item
                    yield item
                    if cancel.is_set():
                        break
        except self.refusals as error:
            raise EngineError(
                f"No graphics card can be had now: {getattr(error, 'message', error)}",
                "What is written is kept. Continue later, or sign in where more time is given to you.",
                retryable=True,
            ) from error
        for chunk in last.values():
            if chunk.finish is None and cancel.is_set():
                yield replace(chunk, text="", tokens=(), finish=FinishReason.CANCELLED)

    def save(self, name: str) -> None:
        """What was read is on the other side only."""

    def restore(self, name: str, conversation: Conversation) -> None:
        """As above."""

    def close(self) -> None:
        """There is nothing on this side."""


def estimate(text: str) -> int:
    """Tokens of a text, rather too many than too few."""
    wide = sum(char > _WIDE for char in text)
    return wide + (len(text) - wide) // 3 + 1


def _answers(requests: Sequence[Request]) -> int:
    return requests[0].variants if len(requests) == 1 else len(requests)


def _closable(items: Items) -> Any:
    """The platform's own iterators are generators, too; a list's iterator has nothing to close."""
    return items if hasattr(items, "close") else (item for item in items)
