"""One answer of a server as it comes in: from its pieces to chunks, watched as every answer is."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, JsonForm, Request
from longwriter_ui.engine.watch import Watch

Json = dict[str, Any]

_PIECE = re.compile(r"\s*\S+|\s+$")  # as tokenisers do, a blank belongs to the word after it
_ENDS = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH, "eos": FinishReason.STOP}
_THINKING = ("<think>", "</think>")


class Refusal(Exception):
    """The server withholds the answer; its text is the reason, where one was given."""


class Reply:
    """One answer. `chunks` come from its events; after the last one `finish` is set."""

    def __init__(self, number: int, request: Request, unread: int, reused: int) -> None:
        """`unread` and `reused`: tokens of the prompt, as far as they are known before the server tells."""
        self.number = number
        self.text = ""  # as it was sent
        self.finish: FinishReason | None = None
        self.broken_off = False  # by us: there is no need to hear the rest
        self._watch = Watch(request)
        self._read, self._reused = unread, reused
        self.written = 0
        self._began: float | None = None
        self._filters: list[_Filter] = [_WithoutThoughts()]

    def expect(self, form: JsonForm | None, begun: str) -> None:
        """The answer may come as JSON, or say what it begins with once more."""
        more: list[_Filter] = [_Lines(form)] if form is not None else []
        self._filters = [_WithoutThoughts(), *more, *([_WithoutBeginning(begun)] if begun else [])]

    def add(self, choice: Json) -> Iterator[Chunk]:
        """A choice of an event. Refusal where the server withholds it."""
        delta = choice.get("delta")
        said = delta if isinstance(delta, dict) else choice
        if said.get("refusal"):
            raise Refusal(str(said["refusal"]))
        text = said.get("content") or said.get("text")
        if isinstance(text, str) and text:
            self._began = self._began or time.perf_counter()
            self.written += 1
            self.text += text
            yield from self._shown(text)
        elif said.get("reasoning_content") or said.get("reasoning"):
            self._began = self._began or time.perf_counter()
            self.written += 1
        reason = choice.get("finish_reason")
        if reason in ("content_filter", "refusal"):
            raise Refusal("")
        if reason and self.finish is None:
            self.finish = _ENDS.get(str(reason), FinishReason.STOP)
            yield from self._shown("", last=True)

    def count(self, usage: Json) -> None:
        """What the server says that it cost."""
        prompt, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        if isinstance(prompt, int):
            self._reused = cached if isinstance(cached, int) else 0
            self._read = prompt - self._reused
        if isinstance(written, int) and written >= self.written:
            self.written = written

    def last(self, finish: FinishReason) -> Chunk:
        """The chunk that ends it."""
        self.finish = finish
        return self._chunk("", finish)

    def _shown(self, text: str, *, last: bool = False) -> Iterator[Chunk]:
        for each in self._filters:
            text = each.add(text) + (each.rest() if last else "")
        if self._watch.idle:
            if text:
                yield self._chunk(text)
            return
        shown = ""
        for piece in _PIECE.findall(text):
            if self._watch.ends_before(piece):
                self.finish, self.broken_off = FinishReason.STOP, True
            elif ended := self._watch.add(piece):
                self.finish, self.broken_off = ended, True
                shown += piece
            else:
                shown += piece
                continue
            break
        if shown:
            yield self._chunk(shown)

    def _chunk(self, text: str, finish: FinishReason | None = None) -> Chunk:
        seconds = time.perf_counter() - self._began if self._began is not None else 0.0
        speed = self.written / seconds if seconds > 0.01 else 0.0
        return Chunk(text, (), self._read, self._reused, self.written, speed, finish, self.number)


class _Filter:
    """Changes text as it comes; `rest` is what it still holds at the end."""

    def add(self, text: str) -> str:
        return text

    def rest(self) -> str:
        return ""


class _WithoutThoughts(_Filter):
    """Leaves out what a model thinks aloud before it answers."""

    def __init__(self) -> None:
        self._held, self._open, self._thought = "", True, False

    def add(self, text: str) -> str:
        if not self._open:
            return text
        self._held += text
        begun, (first, end) = self._held.lstrip(), _THINKING
        if not self._thought and begun.startswith(first) and end in begun:
            self._held, self._thought = begun.partition(end)[2], True
        if self._thought:
            self._held = self._held.lstrip()
            waits = not self._held
        else:
            waits = first.startswith(begun) or begun.startswith(first)
        return "" if waits else self.rest()

    def rest(self) -> str:
        held, self._held, self._open = self._held, "", False
        return held if self._thought or not held.lstrip().startswith(_THINKING[0]) else ""


class _WithoutBeginning(_Filter):
    """Leaves out the text that the answer begins with where it comes again."""

    def __init__(self, begun: str) -> None:
        self._begun, self._held = begun.strip(), ""
        self._open = bool(self._begun)

    def add(self, text: str) -> str:
        if not self._open:
            return text
        self._held += text
        came = self._held.lstrip()
        if self._begun.startswith(came):
            return ""
        return self.rest()

    def rest(self) -> str:
        if not self._open:
            return ""
        self._open = False
        came = self._held.lstrip()
        return came[len(self._begun) :] if came.startswith(self._begun) else self._held


class _Lines(_Filter):
    """From the items of a JSON answer to their lines, each as soon as it is whole. A server that writes no JSON after
    all is taken at its word."""

    def __init__(self, form: JsonForm) -> None:
        self._form, self._held, self._count = form, "", 0
        self._head = re.compile(rf'"{re.escape(form.items)}"\s*:\s*\[')
        self._inside = self._plain = False

    def add(self, text: str) -> str:
        if self._plain:
            return text
        self._held += text
        if not self._inside:
            begun = self._held.lstrip()
            if begun and not begun.startswith(("{", "`")):
                self._plain = True
                return self._held
            found = self._head.search(self._held)
            if found is None:
                return ""
            self._inside, self._held = True, self._held[found.end() :]
        return "".join(self._items())

    def _items(self) -> Iterator[str]:
        while True:
            self._held = self._held.lstrip(" \t\r\n,")
            try:
                item, end = json.JSONDecoder().raw_decode(self._held)
            except ValueError:
                return  # it is not whole yet
            self._held = self._held[end:]
            if isinstance(item, dict):
                self._count += 1
                line = self._form.line(self._count, item)
                yield line if self._count == 1 else f"\n{line}"
