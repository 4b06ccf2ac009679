"""A draft's news as they come, in one response that stays open: JSON lines, each only what differs from the one before.

Fetched one by one, every few words of text would carry headers and figures of many times their size.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
from starlette.responses import StreamingResponse

Json = dict[str, Any]

_BEAT_SECONDS = 0.4  # how often news is looked for; streaming text is stored a little oftener
_FIGURES_SECONDS = 1.2  # how often figures are told that run on with every word
_ALIVE_SECONDS = 5.0  # a line at least as often, so that the page knows that it is still connected
_LIFE_SECONDS = 60.0  # of one response; the page then asks for another
_FIGURES = ("words", "tokens_per_second", "seconds_left", "read_done", "read_left", "wait")
_WHOLE = ("gone", "head", "order", "cards")


class Feed:
    """`poll` gives the whole answer for {"draft", "rev"}: what is new since that revision, and how the job does."""

    def __init__(self, poll: Callable[[Json], Json]) -> None:
        self._poll = poll
        self._closed = False

    def close(self) -> None:
        """End every response, so that the server can end."""
        self._closed = True

    def respond(self, body: Json) -> StreamingResponse:
        """The first line is a whole answer; the last one is that of the moment in which no job runs any more."""
        return StreamingResponse(self._lines(body), media_type="application/x-ndjson")

    async def _lines(self, body: Json) -> AsyncIterator[str]:
        known = await anyio.to_thread.run_sync(self._poll, body)
        yield _line(known)
        began = said = told = time.monotonic()
        while known.get("job") and not self._closed and (now := time.monotonic()) - began < _LIFE_SECONDS:
            await anyio.sleep(_BEAT_SECONDS)
            fresh = await anyio.to_thread.run_sync(self._poll, {**body, "rev": known["rev"]})
            if now - told < _FIGURES_SECONDS:
                fresh = with_figures_of(known, fresh)
            else:
                told = now
            line = difference(known, fresh)
            if line or now - said > _ALIVE_SECONDS:
                said = now
                yield _line(line)
            known = fresh


def with_figures_of(known: Json, fresh: Json) -> Json:
    """`fresh` with the figures that the page knows, where nothing but figures and text is new."""
    before, after = known.get("job"), fresh.get("job")
    if not before or not after or "cards" in fresh:
        return fresh
    if any(before[name] != after[name] for name in after if name not in _FIGURES):
        return fresh
    return fresh | {"job": before, "totals": known["totals"]}


def difference(known: Json, fresh: Json) -> Json:
    """What a page has to be told that knows `known`: whole where a card or the head is new, else field by field.
    Text of the paragraph that the job is at stands under "text"."""
    line: Json = {name: fresh[name] for name in _WHOLE if name in fresh}
    for name in fresh.keys() - set(_WHOLE) - {"draft", "deltas"}:
        if fresh[name] != known.get(name):
            line[name] = _fields(known.get(name), fresh[name]) if name in ("job", "totals") else fresh[name]
    texts: dict[str, str] = {}
    for key, text in fresh.get("deltas", ()):
        texts[key] = texts.get(key, "") + text
    if texts and fresh.get("job") and list(texts) == [fresh["job"]["key"]]:
        line["text"] = texts[fresh["job"]["key"]]
    elif texts:
        line["deltas"] = [list(pair) for pair in texts.items()]
    return line


def _fields(known: Json | None, fresh: Json | None) -> Json | None:
    if not known or not fresh:
        return fresh
    return {name: value for name, value in fresh.items() if value != known[name]}


def _line(answer: Json) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n"
