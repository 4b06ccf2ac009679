"""The engine that runs a GGUF model with llama.cpp, in this process.

It drives llama.cpp's C API directly: what of a prompt is in the KV cache already is never read again, a token becomes
text as soon as it makes whole characters, and a cancel, an error, or a consumer that stops iterating leaves everything
ready for the next request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine._branches import Branch, Ends, room_for, write_together
from longwriter_ui.engine._context import MOST_TOGETHER, Context, kv_type
from longwriter_ui.engine._llama import backend, cores, llama, suitable_threads
from longwriter_ui.engine._model import open_adapter, open_model
from longwriter_ui.engine._shelf import StateShelf
from longwriter_ui.engine._vocabulary import Vocabulary
from longwriter_ui.engine.adapter import Adapter
from longwriter_ui.engine.base import Cancel, Chunk, Conversation, EngineInfo, Measure, Proceed, Request
from longwriter_ui.engine.sampling import Sampler
from longwriter_ui.engine.templates import Template, get_template, guess_template
from longwriter_ui.engine.textstream import Piece, TextStream
from longwriter_ui.engine.usual import usual_batch
from longwriter_ui.engine.watch import Watch
from longwriter_ui.errors import ContextTooSmall, EngineError
from longwriter_ui.events import Reading

_FIRST_CONTEXT = 4096  # tokens of context before anything asked for more
_FIRST_ROOM = 512  # tokens of an answer that there is room for before it begins; more is made when it gets there
_CLOSE_SECONDS = 10  # how long `close` waits for a stream to end


class LlamaCppEngine:
    """One loaded model; see `Engine` in base. Made by `load`."""

    def __init__(
        self,
        model: Any,
        vocabulary: Vocabulary,
        template: Template,
        context: Context,
        info: EngineInfo,
        shelf: StateShelf | None,
    ) -> None:
        """Takes ownership of the llama.cpp model and the context."""
        self._model = model
        self._vocabulary = vocabulary
        self._template = template
        self._context = context
        self._info = info
        self._shelf = shelf
        self._ending = Ends(vocabulary, template.stops)
        self._ends, self._leads_to_end = self._ending.tokens, self._ending.leads
        self._lock = threading.Lock()
        self._freeing = threading.Lock()  # `measure` is asked in other threads, while something is written, too

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        context: int | None = None,
        threads: int | None = None,
        limit: int | None = None,
        batch: int | None = None,
        repack: bool | None = None,
        gpu_layers: int = -1,
        adapter: Adapter | None = None,
        note: str = "",
        template: str | None = None,
        states: Path | None = None,
        states_limit: int = 4 << 30,
        proceed: Proceed | None = None,
    ) -> LlamaCppEngine:
        """Load a model file. `context` fixes the context in tokens (None: it grows as needed, up to what the model was
        trained for, and to `limit`, what memory holds); `batch` and `repack`: None as suits the model; `gpu_layers` are
        put on a graphics card (-1: all), and `note` says why so many; `adapter` is applied to the model; `template`
        None guesses it; `states` is a folder for KV caches (None: none are kept), of `states_limit` bytes at most;
        `proceed` hears how far loading is. ModelFileError says what is wrong with the file; NotEnoughMemory."""
        began = time.perf_counter()
        path = Path(path)
        header, model = open_model(path, gpu_layers, proceed, repack)
        offloaded = gpu_layers != 0 and llama.llama_supports_gpu_offload()
        try:
            vocabulary = Vocabulary(model, header.metadata)
            chosen = template or guess_template(header.metadata)
            ends = vocabulary.text(vocabulary.bos), vocabulary.text(vocabulary.eos)
            form = get_template(chosen, header.metadata, *ends)
            trained = llama.llama_model_n_ctx_train(model)
            most = min(context or limit or trained, trained)
            first = most if context else min(_FIRST_CONTEXT, most)
            used = threads or suitable_threads(model)
            lora = (open_adapter(model, header, adapter), adapter.scale) if adapter else None
            at_once = batch or usual_batch(header.size, offloaded)
            room = Context(model, first, most, used, kv_type(model, header), at_once, threads or cores(), lora)
        except EngineError:
            llama.llama_model_free(model)
            raise
        info = EngineInfo(
            name=f"{header.name} + {adapter.label}" if adapter else header.name,
            model=path.name,
            adapter=adapter.identity if adapter else "",
            template=chosen,
            vocabulary=header.vocabulary,
            context=most,
            backend=backend(offloaded),
            demonstration=header.demonstration,
            threads=used,
            runtime=f"llama.cpp {llama.__version__}",
            note=note,
            load_seconds=time.perf_counter() - began,
        )
        shelf = StateShelf(states, states_limit, path, adapter) if states else None
        return cls(model, vocabulary, form, room, info, shelf)

    @property
    def info(self) -> EngineInfo:
        return self._info

    def measure(self, conversation: Conversation) -> Measure:
        """Tokens of the conversation, without reading it."""
        prompt = self._prompt(conversation)
        return Measure(len(prompt), len(prompt) - self._context.reusable(prompt))

    def reserve(self, tokens: int) -> None:
        """Make room for a conversation of this many tokens, its answer included. What was read stays read.
        ContextTooSmall when the model, or the context asked for at load, cannot hold them."""
        with self._busy():
            if tokens > self._info.context:
                raise self._too_small(tokens)
            self._context.grow(tokens)

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        """Write the answer; see `Engine`. A Reading's total is what has to be read; what is reused comes on top."""
        if request.variants > 1:
            yield from self.stream_together(request.split(), cancel)
            return
        with self._busy():
            prompt = self._prompt(request.conversation)
            if len(prompt) >= self._info.context:
                raise self._too_small(len(prompt) + 1)
            self._context.adopt(prompt)
            # An answer may be much shorter than its limit, and memory may not hold that limit.
            self._context.grow(min(len(prompt) + min(request.max_tokens, _FIRST_ROOM), self._info.context))
            with self._sampler(request, prompt) as sampler, self._context.watching(cancel):
                yield from self._answer(prompt, request.max_tokens, sampler, Watch(request), cancel)

    def stream_together(self, requests: Sequence[Request], cancel: Cancel) -> Iterator[Reading | Chunk]:
        """Write several answers, as many at a time as there is room for; see `Engine`."""
        waiting = list(enumerate(requests))
        while waiting:
            group = self._fitting([request for _, request in waiting])
            numbers = [number for number, _ in waiting[:group]]
            chosen = [request for _, request in waiting[:group]]
            del waiting[:group]
            events = self.stream(chosen[0], cancel) if group == 1 else self._stream_group(chosen, cancel)
            if numbers[0] == 0:  # the first group, in which the numbers are right
                yield from events
                continue
            for event in events:
                yield replace(event, variant=numbers[event.variant]) if isinstance(event, Chunk) else event

    def _fitting(self, requests: Sequence[Request]) -> int:
        """How many of the requests, from the first on, fit into one batch; room is made for them."""
        with self._busy():
            prompts = [self._prompt(request.conversation) for request in requests[:MOST_TOGETHER]]
            self._context.adopt(prompts[0])
            for count in range(len(prompts), 1, -1):
                needed = room_for(prompts[:count], requests)
                if needed <= self._info.context and self._context.can_hold(needed):
                    return count
            return 1

    def _stream_group(self, requests: Sequence[Request], cancel: Cancel) -> Iterator[Reading | Chunk]:
        with self._busy(), ExitStack() as stack:
            prompts = [self._prompt(request.conversation) for request in requests]
            branches = []
            for number, (request, prompt) in enumerate(zip(requests, prompts, strict=True)):
                sampler = stack.enter_context(self._sampler(request, prompt))
                branches.append(Branch(number, request, prompt, sampler, self._ending, self._info.context))
            stack.enter_context(self._context.watching(cancel))
            yield from write_together(self._context, branches, cancel)

    def save(self, name: str) -> None:
        """Keep the KV cache on disk under a name."""
        with self._busy():
            if self._shelf is not None:
                self._shelf.save(self._context, name)

    def restore(self, name: str, conversation: Conversation) -> None:
        """Bring back the KV cache kept under a name, unless most of the conversation is in the present one."""
        with self._busy():
            prompt = self._prompt(conversation)
            if self._shelf is not None and self._context.reusable(prompt) < len(prompt) // 2:
                self._shelf.restore(self._context, name, prompt)

    def close(self) -> None:
        """Free the model; the engine cannot be used afterwards. Waits for a stream that is ending."""
        with self._alone(_CLOSE_SECONDS), self._freeing:
            if self._model:
                self._context.close()
                llama.llama_model_free(self._model)
                self._model = None

    @contextmanager
    def _alone(self, patience: float) -> Iterator[None]:
        if not self._lock.acquire(timeout=patience):
            raise EngineError("The model is still writing something else.", "Wait for it, or stop it.", retryable=True)
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _busy(self) -> Iterator[None]:
        with self._alone(0):
            self._check_open()
            yield

    def _check_open(self) -> None:
        if not self._model:
            raise EngineError("The model was closed.", "Load it again.")

    def _prompt(self, conversation: Conversation) -> list[int]:
        with self._freeing:
            self._check_open()
            return self._vocabulary.prompt(self._template, self._template.render(conversation))

    def _sampler(self, request: Request, prompt: Sequence[int]) -> Sampler:
        return Sampler(self._vocabulary.pointer, request.sampling, request.grammar, prompt)

    def _answer(
        self, prompt: Sequence[int], max_tokens: int, sampler: Sampler, watch: Watch, cancel: Cancel
    ) -> Iterator[Reading | Chunk]:
        """Read what is new of the prompt, then write."""
        context = self._context
        context.cut(context.reusable(prompt))
        reused = len(context.tokens)
        for done in context.read(prompt[reused:], cancel):
            yield Reading(done, len(prompt) - reused, reused)
        read = len(context.tokens) - reused
        text = TextStream(self._template.stops)
        written, began = 0, time.perf_counter()

        def chunk(piece: Piece, finish: FinishReason | None = None) -> Chunk:
            ids = (*piece.tokens, *self._vocabulary.tokenise(piece.rest)) if piece.rest else piece.tokens
            speed = written / max(time.perf_counter() - began, 1e-9)
            return Chunk(piece.text + piece.rest, ids, read, reused, written, speed, finish)

        finish = FinishReason.CANCELLED if reused + read < len(prompt) else None
        while finish is None:
            if cancel.is_set():
                finish = FinishReason.CANCELLED
            elif written >= max_tokens or len(context.tokens) >= self._info.context:
                finish = FinishReason.LENGTH
            elif (token := self._next(sampler, watch)) is None:
                finish = FinishReason.STOP
            else:
                written += 1
                if text.push(token, self._vocabulary.piece(token)):
                    finish = FinishReason.STOP
                elif (piece := text.take()) is not None:
                    yield chunk(piece)
                    finish = None if watch.idle else watch.add(piece.text)
                # The last token of an answer that reached its length is left for whoever goes on with it.
                if finish is None and written < max_tokens and not cancel.is_set():
                    if not context.extend(min(len(prompt) + max_tokens, self._info.context)):
                        finish = FinishReason.LENGTH
                    elif not context.add(token):
                        finish = FinishReason.CANCELLED
        yield chunk(text.finish(ended=finish is FinishReason.STOP), finish)

    def _next(self, sampler: Sampler, watch: Watch) -> int | None:
        """The next token of the answer; None where it ends."""
        token = sampler.sample(self._context.pointer)
        if watch.idle:
            return None if token in self._ends else token
        if token in self._ends and watch.must_go_on():
            token = sampler.sample(self._context.pointer, self._leads_to_end)
        return None if token in self._ends or watch.ends_before(self._vocabulary.text_of(token)) else token

    def _too_small(self, needed: int) -> ContextTooSmall:
        available = self._info.context
        return ContextTooSmall(
            f"The piece needs {needed:,} tokens of context, and only {available:,} can be had.",
            "Ask for a shorter piece, leave --context out if it was given, or choose a model that was trained for a "
            "longer context, or a smaller one where memory is what lacks. Of the ways of writing only Parallel needs "
            "less: it does without the text so far.",
            needed=needed,
            available=available,
        )
