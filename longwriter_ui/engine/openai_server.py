"""The engine that writes with a model of an OpenAI-compatible server: llama-server, Ollama, LM Studio, vLLM, SGLang.

A conversation is sent as chat messages, so that a server which keeps what it has read reads only what is new; or, for
LongWriter, as the text it was trained on. Ids of tokens are the server's own affair, and so is its cache: sizes are
estimates until the server has counted.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import openai

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Cancel, Chunk, Conversation, EngineInfo, Measure, Request
from longwriter_ui.engine.cache import common_prefix
from longwriter_ui.engine.openai_client import Client, Json, Patience
from longwriter_ui.engine.openai_dialect import OLLAMA, OTHER, Dialect, context_of, dialect_of
from longwriter_ui.engine.openai_errors import Broken, Hung, refused, too_small
from longwriter_ui.engine.openai_exchange import Exchange, Put, text_of
from longwriter_ui.engine.openai_prompt import template_for
from longwriter_ui.engine.openai_reply import Refusal, Reply
from longwriter_ui.errors import EngineError, ServerError
from longwriter_ui.events import Reading
from longwriter_ui.server import Server

_TICK = 0.05  # seconds between two looks at the wish to stop
_CLOSING = 5.0  # seconds that a request may take to end
_NAMED = 20  # models in an error


class OpenAIEngine:
    """A model of a server; see `Engine` in base. Made by `connect`."""

    def __init__(self, client: Client, server: Server, dialect: Dialect, info: EngineInfo, entry: Json) -> None:
        """Takes ownership of the client. `entry`: what the server lists of the model."""
        self._client, self._dialect, self._info, self._entry = client, dialect, info, entry
        chat = info.template == "chat"
        self._exchange = Exchange(client, server, dialect, chat=chat, context=info.context)
        self._lock = threading.Lock()

    @classmethod
    def connect(
        cls, server: Server, patience: Patience | None = None, given_up: Callable[[], bool] = lambda: False
    ) -> OpenAIEngine:
        """Look at the server and its model. ServerError when there is none; LoadCancelled when `given_up`."""
        client = Client(server, patience)
        try:
            entry = _entry(client.run(client.models(), given_up), server)
            dialect, model = dialect_of(entry), str(entry["id"])
            found = server.context or client.run(context_of(dialect, entry, client.look), given_up)
        except BaseException:
            client.close()
            raise
        api = server.api or ("completions" if "longwriter" in model.lower() else "chat")
        info = EngineInfo(
            name=model.rstrip("/").rpartition("/")[2] or model,
            model=model,
            template="chat" if api == "chat" else template_for(model).name,
            vocabulary=model,
            context=found,
            backend=f"{dialect.name} at {server.address}",
            runtime=dialect.name,
        )
        return cls(client, server.with_model(model), dialect, info, entry)

    @property
    def info(self) -> EngineInfo:
        return self._info

    def measure(self, conversation: Conversation) -> Measure:
        """About: with what the server counted of earlier prompts."""
        exchange, text = self._exchange, text_of(conversation)
        total = exchange.tokens(conversation)
        known = common_prefix(text, exchange.sent)
        return Measure(total, max(1, total - exchange.tokens_of(text[:known])))

    def reserve(self, tokens: int) -> None:
        """ContextTooSmall when the server's context is known and cannot hold them."""
        if not self._info.context and self._dialect is OLLAMA:
            context = self._client.run(context_of(self._dialect, self._entry, self._client.look))
            self._info = replace(self._info, context=context)
            self._exchange.context = context
        if self._info.context and tokens > self._info.context:
            raise too_small(tokens, self._info.context)

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        """Write the answer; see `Engine`. What is read is told once it has been."""
        yield from self.stream_together(request.split(), cancel)

    def stream_together(self, requests: Sequence[Request], cancel: Cancel) -> Iterator[Reading | Chunk]:
        """Write several answers, as many at once as the server is asked for."""
        with self._busy():
            sizes = [self.measure(request.conversation) for request in requests]
            self.reserve(max(size.total for size in sizes) + 1)
            shared = len(requests) > 1 and all(request.conversation == requests[0].conversation for request in requests)
            replies = [
                Reply(number, request, size.unread, size.total - size.unread)
                for number, (request, size) in enumerate(zip(requests, sizes, strict=True))
            ]
            unread = sizes[0].unread if shared else sum(size.unread for size in sizes)
            reused = sizes[0].total - sizes[0].unread
            yield Reading(0, unread, reused)
            ended: set[int] = set()
            if not cancel.is_set():
                reading = True
                for chunk in self._followed(lambda put: self._exchange.answers(requests, replies, put), cancel):
                    if reading:
                        yield Reading(unread, unread, reused)
                        reading = False
                    yield chunk
                    if chunk.finish is not None:
                        ended.add(chunk.variant)
            for reply in replies:
                if reply.number not in ended:
                    yield reply.last(FinishReason.CANCELLED)

    def save(self, name: str) -> None:
        """The cache is the server's."""

    def restore(self, name: str, conversation: Conversation) -> None:
        """The cache is the server's."""

    def close(self) -> None:
        """End every request; the engine cannot be used afterwards."""
        self._client.close()

    @contextmanager
    def _busy(self) -> Iterator[None]:
        if not self._lock.acquire(blocking=False):
            raise EngineError("The model is still writing something else.", "Wait for it, or stop it.", retryable=True)
        try:
            yield
        finally:
            self._lock.release()

    def _followed(self, work: Callable[[Put], Coroutine[Any, Any, None]], cancel: Cancel) -> Iterator[Chunk]:
        """What the work in the client's loop tells, until it is done or cancelled. Leaving ends its requests."""
        told: queue.SimpleQueue[Chunk | BaseException | None] = queue.SimpleQueue()
        ended = threading.Event()

        async def run() -> None:
            try:
                await work(told.put)
                told.put(None)
            except BaseException as error:  # the listener's, in another thread
                told.put(error)
            finally:
                ended.set()

        running = self._client.start(run())
        try:
            while not cancel.is_set():
                try:
                    item = told.get(timeout=_TICK)
                except queue.Empty:
                    continue
                if item is None:
                    return
                if isinstance(item, BaseException):
                    raise self._explained(item) from item
                yield item
        finally:
            running.cancel()
            ended.wait(_CLOSING)

    def _explained(self, error: BaseException) -> BaseException:
        """The error for the person; a defect of ours as it is."""
        if isinstance(error, Refusal):
            return refused(str(error), self._client.key)
        if isinstance(error, openai.OpenAIError | Broken | Hung):
            return self._client.explained(error)
        if isinstance(error, asyncio.CancelledError):
            return EngineError("The model was closed.", "Load it again.")
        return error


def listed(server: Server, patience: Patience | None = None) -> tuple[str, ...]:
    """The models that a server has; ServerError when it cannot be asked."""
    return tuple(str(entry["id"]) for entry in _models(server, patience))


def with_only_model(server: Server) -> Server:
    """The server with the only model it has; ServerError when there is none, or a choice."""
    return server.with_model(str(_entry(_models(server), server)["id"]))


def _models(server: Server, patience: Patience | None = None) -> list[Json]:
    client = Client(server, patience)
    try:
        return client.run(client.models())
    finally:
        client.close()


def _entry(found: list[Json], server: Server) -> Json:
    """What the server says of the model that was chosen, or of the only one it has."""
    names = [str(entry["id"]) for entry in found]
    if not server.model and len(found) == 1:
        return found[0]
    for entry in found:
        if server.model and entry["id"] in (server.model, f"{server.model}:latest"):
            return entry
    if server.model and not found:  # there are servers without a list
        return {"id": server.model, "owned_by": OTHER.name}
    shown = ", ".join(names[:_NAMED]) or "none"
    if server.model:
        raise ServerError(f"The server at {server.address} has no model {server.model!r}.", f"It has: {shown}.")
    raise ServerError(f"The server at {server.address} has {len(names)} models: {shown}.", "Name one.")
