"""Asking one model of a server: which fields a request has, what is done where the server refuses some of them, where
a stream breaks off, and where several answers can be had from one request. Runs in the client's loop.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

import openai

from longwriter_ui.engine.base import Chunk, Conversation, Request, Role, assistant
from longwriter_ui.engine.estimate import TokenCount
from longwriter_ui.engine.openai_client import Client, Json
from longwriter_ui.engine.openai_dialect import Dialect, refused_fields
from longwriter_ui.engine.openai_errors import Broken, Hung, overflow, status_of, too_small
from longwriter_ui.engine.openai_prompt import messages, raw, template_for
from longwriter_ui.engine.openai_reply import Reply
from longwriter_ui.server import Server

Put = Callable[[Chunk], None]

_TURN = 4  # tokens of a turn's markers, about
_MENDED = 2  # times that an answer which broke off is gone on with
_LEAST = 16  # tokens; for fewer there is no use in asking
_BEGINNING = 1000  # characters of a prompt that tell a piece from others
_FORMS = {"response_format", "grammar", "structured_outputs", "ebnf"}


class Exchange:
    """What is asked of one model, and what is known of it: the fields it refuses, the size of its tokens. `context` is
    that of the server in tokens (0: not known)."""

    def __init__(self, client: Client, server: Server, dialect: Dialect, *, chat: bool, context: int) -> None:
        self.context = context
        self.sent = ""  # what the server has read and written last
        self._client, self._model, self._dialect, self._chat = client, server.model, dialect, chat
        self._refused: set[str] = set()
        self._count = TokenCount()
        self._slots = asyncio.Semaphore(min(server.at_once, dialect.at_once))

    def tokens(self, conversation: Conversation) -> int:
        """About: with what the server counted of earlier prompts."""
        return self.tokens_of(text_of(conversation)) + _TURN * len(conversation)

    def tokens_of(self, text: str) -> int:
        return self._count.of(text)

    async def answers(self, requests: Sequence[Request], replies: Sequence[Reply], put: Put) -> None:
        """Fill in every reply; the first error is raised when the others are done."""
        if len(requests) > 1 and self._may_share(requests):
            await self._several(requests[0], replies, put)
        waiting = [(one, reply) for one, reply in zip(requests, replies, strict=True) if reply.finish is None]
        ends = await asyncio.gather(*(self._one(one, reply, put) for one, reply in waiting), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    def _may_share(self, requests: Sequence[Request]) -> bool:
        """Whether the answers differ in their seeds alone, and the server may know `n`."""

        def seedless(request: Request) -> Request:
            return replace(request, sampling=replace(request.sampling, seed=0))

        first = seedless(requests[0])
        known = self._dialect.several and "n" not in self._refused
        return known and all(seedless(one) == first for one in requests)

    async def _several(self, request: Request, replies: Sequence[Reply], put: Put) -> None:
        """All answers of one request. Where the server gives but one, the others have no finish yet."""
        async with self._slots:
            while "n" not in self._refused:
                path, body = self._request(request, replies[0], request.max_tokens)
                for reply in replies[1:]:
                    self._request(request, reply, 0)  # for what is told to the reply
                try:
                    await self._read(path, {**body, "n": len(replies)}, replies, put)
                    break
                except openai.APIError as error:
                    if overflow(error) is not None:
                        return  # each by itself will know what to do
                    self._give_up(error, {**body, "n": len(replies)})
                except Broken:
                    if any(reply.text for reply in replies) and not self._can_mend(request):
                        raise
                    return
        if replies[0].finish is not None and not replies[-1].text:
            self._refused.add("n")  # it does nothing there

    async def _one(self, request: Request, reply: Reply, put: Put) -> None:
        """One answer to its end, mended where the stream breaks off and the server can go on with it."""
        async with self._slots:
            broken, limit = 0, request.max_tokens
            while reply.finish is None:
                path, body = self._request(request, reply, limit)
                try:
                    if broken and not reply.text:
                        await self._client.ask(path, body)  # a stream that is empty may hide an error
                    await self._read(path, body, [reply], put)
                    if reply.finish is None:
                        raise Broken("")
                except openai.APIError as error:
                    if (over := overflow(error)) is None:
                        self._give_up(error, body)
                    else:
                        limit = self._shorter(over, request, int(body["max_tokens"]))
                except Broken:
                    broken += 1
                    if broken > _MENDED or (reply.text and not self._can_mend(request)):
                        raise
        self.sent = text_of(request.conversation) + reply.text

    async def _read(self, path: str, body: Json, replies: Sequence[Reply], put: Put) -> None:
        """The stream of one request, up to its end or until no answer needs more of it."""
        broken: Broken | Hung | None = None
        try:
            async with aclosing(self._client.events(path, body, _session(body))) as events:
                async for event in events:
                    self._take(event, body, replies, put)
                    if all(reply.broken_off for reply in replies):
                        break
        except (Broken, Hung) as error:
            broken = error
        for reply in replies:
            if reply.finish is not None:
                put(reply.last(reply.finish))
        if broken is not None and any(reply.finish is None for reply in replies):
            raise broken

    def _take(self, event: Json, body: Json, replies: Sequence[Reply], put: Put) -> None:
        for choice in event.get("choices") or ():
            index = choice.get("index", 0) if isinstance(choice, dict) else -1
            if 0 <= index < len(replies) and not replies[index].broken_off:
                for chunk in replies[index].add(choice):
                    put(chunk)
        if isinstance(usage := event.get("usage"), dict):
            self._learn(body, usage)
            if len(replies) == 1:
                replies[0].count(usage)

    def _learn(self, body: Json, usage: Json) -> None:
        tokens = usage.get("prompt_tokens")
        if isinstance(tokens, int):
            text = body["prompt"] if "prompt" in body else "".join(line["content"] for line in body["messages"])
            self._count.learn(text, tokens)

    def _request(self, request: Request, reply: Reply, limit: int) -> tuple[str, Json]:
        """Where to, and what is asked: `limit` tokens at most, after what there is of the reply. What the reply has to
        leave out is told to it."""
        conversation = _with(request.conversation, reply.text)
        form, is_json = self._dialect.form(request) if self._chat or self._dialect.grammar else ({}, False)
        form = {name: value for name, value in form.items() if name not in self._refused}
        is_json = is_json and bool(form)
        body: Json = {
            "model": self._model,
            "max_tokens": self._room(conversation, limit - reply.written),
            "stream": True,
            "stream_options": {"include_usage": True},
            **self._dialect.sampling(request),
            **form,
        }
        if self._chat:
            goes_on = self._dialect.goes_on if conversation[-1].role is Role.ASSISTANT else {}
            body |= {"messages": messages(conversation, request.form if is_json else None)}
            body |= self._dialect.chat | (goes_on or {})
            if not reply.text:
                reply.expect(request.form if is_json else None, request.begun if goes_on is None else "")
        else:
            template = template_for(self._model)
            body |= {"prompt": raw(template, conversation), "stop": list(template.stops)}
        path = "/chat/completions" if self._chat else "/completions"
        return path, {name: value for name, value in body.items() if name not in self._refused}

    def _can_mend(self, request: Request) -> bool:
        """Whether an answer that broke off can be gone on with: not in the middle of a form."""
        formed = request.grammar is not None or request.form is not None
        return not formed and not (self._chat and self._dialect.goes_on is None)

    def _room(self, conversation: Conversation, limit: int) -> int:
        """The tokens asked for, no more than the context holds."""
        left = self.context - self.tokens(conversation) if self.context else limit
        return max(min(limit, left), _LEAST)

    def _shorter(self, over: tuple[int, int], request: Request, asked: int) -> int:
        """Tokens to ask for where the prompt and the answer together were too much; ContextTooSmall where the prompt
        alone is. `over`: tokens of the prompt and of the context, as far as the server tells."""
        prompt, available = over
        left = available - prompt - 1
        if prompt and _LEAST <= left < asked:
            return left
        needed = max(prompt, self.tokens(request.conversation), available) + 1
        raise too_small(needed, available or self.context)

    def _give_up(self, error: openai.APIError, body: Json) -> None:
        """Leave out what the server complains of, from now on; the error again where that is nothing that could be
        left out."""
        status = status_of(error)
        fields = refused_fields(f"{error.message} {error.param or ''}", body) if status else set()
        if not fields and status in (400, 422, 501):
            fields = _FORMS & body.keys()
        if not fields:
            raise error
        self._refused |= fields


def _session(body: Json) -> str:
    """The same for all requests of a piece, which begin alike, so that one replica of several gets them."""
    beginning = body["prompt"] if "prompt" in body else body["messages"][0]["content"]
    return hashlib.sha256(beginning[:_BEGINNING].encode(errors="replace")).hexdigest()[:16]


def text_of(conversation: Conversation) -> str:
    return "".join(turn.text for turn in conversation)


def _with(conversation: Conversation, more: str) -> Conversation:
    """The conversation with more of its answer."""
    if not more:
        return conversation
    if conversation[-1].role is Role.ASSISTANT:
        return (*conversation[:-1], assistant(conversation[-1].text + more))
    return (*conversation, assistant(more))
