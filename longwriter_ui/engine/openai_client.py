"""One server over HTTP, asked from an event loop in a thread of its own: there, a wait of any kind can be ended at
once, which closes the connection, so that the server stops computing.

A request that fails before anything came of it is tried again, with longer and longer pauses or as the server says.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import anyio
import openai

from longwriter_ui.engine.openai_errors import Broken, Hung, explained, pause_before, status_of
from longwriter_ui.engine.openai_keys import key_for
from longwriter_ui.errors import EngineError, LoadCancelled
from longwriter_ui.server import Server

Json = dict[str, Any]

_T = TypeVar("_T")
SESSION_HEADER = "X-Session-ID"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TICK = 0.05  # seconds between two looks at the wish to stop
_CLOSING = 5.0  # seconds that a thread is waited for

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """Seconds: for a connection, for the first word (a small machine reads a long prompt for minutes), between two
    words, for a list; and how long pauses may be in all before a server that is `busy`, or `gone`, is given up."""

    connect: float = 10.0
    first: float = 900.0
    between: float = 120.0
    listing: float = 30.0
    busy: float = 120.0
    gone: float = 8.0


class Client:
    """One server. `close` ends its thread."""

    def __init__(self, server: Server, patience: Patience | None = None) -> None:
        self.address = server.address
        self.key = key_for(server.address)
        self._patience = patience or Patience()
        # What this computer serves to itself goes through no proxy. A redirection would take the key elsewhere.
        near = urlsplit(self.address).hostname in _LOOPBACK
        self._openai = openai.AsyncOpenAI(
            base_url=self.address,
            api_key=self.key or "none",  # the client insists on one; servers of one's own take any
            max_retries=0,
            timeout=openai.Timeout(None, connect=self._patience.connect),
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False, trust_env=not near),
        )
        # These are for OpenAI's own server; the client takes them from the environment.
        self._openai.organization = self._openai.project = None
        self._loop = asyncio.new_event_loop()
        self._running: set[concurrent.futures.Future[Any]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="longwriter-server", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        """Run in the loop; cancelling the future ends it at its next wait."""
        if self._loop.is_closed():
            work.close()
            raise EngineError("The model was closed.", "Load it again.")
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return running

    def run(self, work: Coroutine[Any, Any, _T], given_up: Callable[[], bool] = lambda: False) -> _T:
        """Run in the loop and wait for it; LoadCancelled when `given_up` says so."""
        running = self.start(work)
        while not concurrent.futures.wait([running], _TICK).done:
            if given_up():
                running.cancel()
                raise LoadCancelled("The server is not waited for any more.", retryable=True)
        return running.result()

    def close(self) -> None:
        """End everything that is going on."""
        if self._loop.is_closed():
            return
        for running in tuple(self._running):
            running.cancel()
        concurrent.futures.wait([asyncio.run_coroutine_threadsafe(self._end(), self._loop)], _CLOSING)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSING)
        if not self._thread.is_alive():
            self._loop.close()

    async def models(self) -> list[Json]:
        """What the server lists, an "id" and what else it says in each."""
        answer = await self._retried(lambda: self._openai.get("/models", cast_to=object))
        listed = answer.get("data") if isinstance(answer, dict) else None
        found = [model for model in listed or [] if isinstance(model, dict) and isinstance(model.get("id"), str)]
        if not found and not isinstance(listed, list):
            raise explained(ValueError("no list"), self.address, self.key)
        return found

    async def look(self, path: str) -> Json:
        """What the server says at a path beside its interface; empty where it has none."""
        url = f"{self.address.removesuffix('/v1')}{path}"
        try:
            found = await _within(self._patience.listing, self._openai.get(url, cast_to=object))
        except (openai.OpenAIError, Hung, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    async def ask(self, path: str, body: Json) -> None:
        """The same request in one piece, for the sake of the error that a stream may not tell."""
        whole = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
        try:
            await self._post(path, whole)
        except openai.APIConnectionError:  # of a connection that was kept open, and is not any more
            await self._post(path, whole)

    async def _post(self, path: str, body: Json) -> None:
        request = self._openai.post(path, body={**body, "max_tokens": 1}, cast_to=object)
        await _within(self._patience.first, request)

    async def events(self, path: str, body: Json, session: str = "") -> AsyncGenerator[Json, None]:
        """The events of a streamed answer. `session` is for a router that sends those which share it to one replica.
        What the client raises, where another try is no use; Broken when the stream breaks off, Hung when nothing comes
        any more."""
        attempt, waited = 0, 0.0
        while True:
            begun = False
            try:
                async with aclosing(self._streamed(path, body, session)) as events:
                    async for event in events:
                        begun = begun or _speaks(event)
                        yield event
                return
            except (openai.OpenAIError, Broken) as error:
                pause = None if begun else pause_before(error, attempt)
                if pause is None or waited + pause > self._limit(error):
                    raise
                _log.info("The server at %s is asked again in %.1f s: %s", self.address, pause, type(error).__name__)
                await asyncio.sleep(pause)
                attempt, waited = attempt + 1, waited + pause

    async def _streamed(self, path: str, body: Json, session: str) -> AsyncGenerator[Json, None]:
        patience = self._patience
        stream: openai.AsyncStream[object] = await _within(
            patience.first,
            self._openai.post(
                path,
                body=body,
                cast_to=object,
                options={"headers": {SESSION_HEADER: session}},
                stream=True,
                stream_cls=openai.AsyncStream[object],
            ),
        )
        async with stream:
            limit = patience.first
            while True:
                try:
                    event = await _within(limit, anext(stream))
                except StopAsyncIteration:
                    return
                except openai.APIConnectionError as error:
                    raise Broken("") from error
                except openai.APIError as error:  # told in the stream itself
                    if 400 <= status_of(error) < 500:
                        raise
                    raise Broken(error.message) from error
                except (ValueError, TypeError, AttributeError) as error:  # no JSON, or JSON of another form
                    raise Broken("") from error
                if not isinstance(event, dict):
                    raise Broken("")
                yield event
                if _speaks(event):
                    limit = patience.between

    async def _retried(self, ask: Callable[[], Coroutine[Any, Any, object]]) -> object:
        attempt, waited = 0, 0.0
        while True:
            try:
                return await _within(self._patience.listing, ask())
            except (openai.OpenAIError, Hung, ValueError) as error:
                pause = pause_before(error, attempt)
                if pause is None or waited + pause > self._limit(error):
                    raise explained(error, self.address, self.key) from error
                await asyncio.sleep(pause)
                attempt, waited = attempt + 1, waited + pause

    def _limit(self, error: Exception) -> float:
        return self._patience.busy if isinstance(error, openai.APIStatusError) else self._patience.gone

    async def _end(self) -> None:
        # A task that is cancelled a second time would leave its connection open, so they are only waited for.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=_CLOSING / 2)
        await self._openai.close()
        await self._loop.shutdown_default_executor()

    def explained(self, error: Exception) -> EngineError:
        """The error for the person."""
        return explained(error, self.address, self.key)


async def _within(seconds: float, work: Coroutine[Any, Any, _T]) -> _T:
    # Not asyncio.wait_for: up to Python 3.11 it loses a cancellation that comes together with a result.
    try:
        with anyio.fail_after(seconds):
            return await work
    except TimeoutError as error:
        raise Hung(seconds) from error


def _speaks(event: Json) -> bool:
    """Whether there is any text in it, if only what the model thinks."""
    choices = event.get("choices")
    for choice in choices if isinstance(choices, list) else []:
        if isinstance(choice, dict):
            delta = choice.get("delta")
            said = delta if isinstance(delta, dict) else choice
            if any(said.get(name) for name in ("content", "text", "reasoning_content", "reasoning", "refusal")):
                return True
    return False
