"""The engine that runs a GGUF model with llama.cpp, in this process.

It drives llama.cpp's C API directly. One context, one sequence: the KV cache always holds exactly the tokens listed in
a PrefixCache, also after a cancel, an error, or a consumer that stopped iterating, so that the next request pays for
what is new and for nothing else.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine._llama import Abort, backend, llama, physical_cores, start
from longwriter_ui.engine._model import kv_type, open_context, open_model
from longwriter_ui.engine._vocabulary import Vocabulary
from longwriter_ui.engine.base import Cancel, Chunk, Conversation, EngineInfo, Measure, Request
from longwriter_ui.engine.cache import PrefixCache
from longwriter_ui.engine.sampling import Sampler
from longwriter_ui.engine.templates import Template, get_template, guess_template
from longwriter_ui.engine.textstream import Piece, TextStream
from longwriter_ui.errors import ContextTooSmall, EngineError
from longwriter_ui.events import Reading

_FIRST_CONTEXT = 4096  # tokens of context before anything asked for more
_STEP = 1024  # a context grows to multiples of this
_BATCH = 512  # tokens read between two looks at the cancel event
_OK, _NO_ROOM, _ABORTED = 0, 1, 2  # what llama_decode returns
_CLOSE_SECONDS = 10  # how long `close` waits for a stream to end


class LlamaCppEngine:
    """One loaded model; see `Engine` in base. Made by `load`."""

    def __init__(self, model: Any, vocabulary: Vocabulary, template: Template, info: EngineInfo) -> None:
        """Takes ownership of the llama.cpp model; call `_open` before anything else."""
        self._model = model
        self._vocabulary = vocabulary
        self._template = template
        self._info = info
        self._ends = vocabulary.ends(template.stops)
        self._lock = threading.Lock()
        self._abort = Abort()
        self._cache = PrefixCache()
        self._one = (llama.llama_token * 1)()
        self._single = llama.llama_batch_get_one(self._one, 1)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        context: int | None = None,
        threads: int | None = None,
        gpu_layers: int = -1,
        template: str | None = None,
    ) -> LlamaCppEngine:
        """Load a model file. `context` fixes the context in tokens (None: it grows as needed, up to what the model was
        trained for); `gpu_layers` -1 puts all layers on a GPU where there is one; `template` None guesses it.
        ModelFileError says what is wrong with the file."""
        began = time.perf_counter()
        path = Path(path)
        header, model = open_model(path, gpu_layers)
        try:
            vocabulary = Vocabulary(model)
            name = template or guess_template(header.metadata)
            bos, eos = vocabulary.text(vocabulary.bos), vocabulary.text(vocabulary.eos)
            trained = llama.llama_model_n_ctx_train(model)
            info = EngineInfo(
                name=header.name,
                model=path.name,
                template=name,
                vocabulary=header.vocabulary,
                context=min(context or trained, trained),
                backend=backend(gpu_layers != 0 and llama.llama_supports_gpu_offload()),
                demonstration=header.demonstration,
            )
            engine = cls(model, vocabulary, get_template(name, header.metadata, bos, eos), info)
            engine._open(
                info.context if context else min(_FIRST_CONTEXT, info.context),
                threads or physical_cores(),
                kv_type(model, header, info.context),
            )
        except EngineError:
            llama.llama_model_free(model)
            raise
        engine._info = replace(info, load_seconds=time.perf_counter() - began)
        return engine

    @property
    def info(self) -> EngineInfo:
        return self._info

    def measure(self, conversation: Conversation) -> Measure:
        """Tokens of the conversation, without reading it."""
        prompt = self._prompt(conversation)
        return Measure(len(prompt), len(prompt) - self._cache.reusable(prompt))

    def reserve(self, tokens: int) -> None:
        """Make room for a conversation of this many tokens, its answer included. What was read stays read.
        ContextTooSmall when the model, or the context asked for at load, cannot hold them."""
        with self._busy():
            if tokens > self._info.context:
                raise self._too_small(tokens)
            self._grow(tokens)

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        """Write the answer; see `Engine`. Every Reading counts the tokens that have to be read, those reused apart."""
        with self._busy():
            prompt = self._prompt(request.conversation)
            if len(prompt) >= self._info.context:
                raise self._too_small(len(prompt) + 1)
            self._grow(min(len(prompt) + request.max_tokens, self._info.context))
            with (
                Sampler(self._vocabulary.pointer, request.sampling, request.grammar, prompt) as sampler,
                self._abort.watching(cancel),
            ):
                yield from self._answer(prompt, request.max_tokens, sampler, cancel)

    def close(self) -> None:
        """Free the model; the engine cannot be used afterwards. Waits for a stream that is ending."""
        if not self._lock.acquire(timeout=_CLOSE_SECONDS):
            raise _still_writing()
        try:
            if self._model:
                llama.llama_free(self._context)
                llama.llama_model_free(self._model)
                self._context = self._model = None
        finally:
            self._lock.release()

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """llama.cpp must never compute twice on one context."""
        if not self._lock.acquire(blocking=False):
            raise _still_writing()
        try:
            self._check_open()
            yield
        finally:
            self._lock.release()

    def _check_open(self) -> None:
        if not self._model:
            raise EngineError("The model was closed.", "Load it again.")

    def _prompt(self, conversation: Conversation) -> list[int]:
        self._check_open()
        return self._vocabulary.prompt(self._template, self._template.render(conversation))

    def _answer(
        self, prompt: Sequence[int], max_tokens: int, sampler: Sampler, cancel: Cancel
    ) -> Iterator[Reading | Chunk]:
        """Read what is new of the prompt, then write."""
        self._cut(self._cache.reusable(prompt))
        reused = len(self._cache.tokens)
        for done in self._read(prompt[reused:], cancel):
            yield Reading(done, len(prompt) - reused, reused)
        read = len(self._cache.tokens) - reused
        text = TextStream(self._template.stops)
        written = 0
        began = time.perf_counter()

        def chunk(piece: Piece, finish: FinishReason | None = None) -> Chunk:
            ids = (*piece.tokens, *self._vocabulary.tokenise(piece.rest)) if piece.rest else piece.tokens
            speed = written / max(time.perf_counter() - began, 1e-9)
            return Chunk(piece.text + piece.rest, ids, read, reused, written, speed, finish)

        finish = FinishReason.CANCELLED if len(self._cache.tokens) < len(prompt) else None
        while finish is None:
            if written >= max_tokens or len(self._cache.tokens) >= self._info.context:
                finish = FinishReason.LENGTH
                break
            token = sampler.sample(self._context)
            if token in self._ends:
                finish = FinishReason.STOP
                break
            written += 1
            if text.push(token, self._vocabulary.piece(token)):
                finish = FinishReason.STOP
                break
            piece = text.take()
            if piece is not None:
                yield chunk(piece)
            if cancel.is_set() or not self._decode_one(token):
                finish = FinishReason.CANCELLED
        yield chunk(text.finish(ended=finish is FinishReason.STOP), finish)

    def _read(self, tokens: Sequence[int], cancel: Cancel) -> Iterator[int]:
        """Decode tokens of a prompt in batches, yielding how many are done; ends early when cancelled."""
        yield 0
        for start_at in range(0, len(tokens), _BATCH):
            batch = tokens[start_at : start_at + _BATCH]
            ids = (llama.llama_token * len(batch))(*batch)
            if cancel.is_set() or not self._decode(llama.llama_batch_get_one(ids, len(batch)), batch):
                return
            yield start_at + len(batch)

    def _decode_one(self, token: int) -> bool:
        self._one[0] = token
        return self._decode(self._single, (token,))

    def _decode(self, batch: Any, tokens: Sequence[int]) -> bool:
        """Decode a batch and note its tokens; False when it was aborted, after which none of them is in the cache."""
        code = llama.llama_decode(self._context, batch)
        if code == _OK:
            self._cache.added(tokens)
            return True
        # A part of the batch may be in the cache; this takes it out.
        self._cut(len(self._cache.tokens))
        if code == _ABORTED:
            return False
        if code == _NO_ROOM:
            raise EngineError("The context is full.", "Ask for a shorter piece.")
        raise EngineError(f"llama.cpp failed while computing (code {code}). {start().text}", retryable=True)

    def _cut(self, length: int) -> None:
        """Keep the first `length` tokens of the cache. Where llama.cpp cannot remove a part (recurrent models) or
        holds something else than it should, nothing is kept."""
        memory = llama.llama_get_memory(self._context)
        removed = llama.llama_memory_seq_rm(memory, 0, length, -1)
        if removed and llama.llama_memory_seq_pos_max(memory, 0) == length - 1:
            self._cache.cut(length)
        else:
            llama.llama_memory_clear(memory, False)
            self._cache.cut(0)

    def _open(self, size: int, threads: int, kv: int) -> None:
        """Make the first context."""
        self._threads, self._kv = threads, kv
        self._use(open_context(self._model, size, threads, _BATCH, kv), size)

    def _use(self, context: Any, size: int) -> None:
        self._context, self._size = context, size
        self._abort.attach(context)

    def _grow(self, tokens: int) -> None:
        """Make the context hold at least `tokens`, with what is in it."""
        if tokens <= self._size:
            return
        size = min(-(-tokens // _STEP) * _STEP, self._info.context)
        state = (ctypes.c_uint8 * llama.llama_state_seq_get_size(self._context, 0))()
        llama.llama_state_seq_get_data(self._context, state, len(state), 0)
        # Freed before the new one is made: two contexts at once may be more than the memory holds.
        llama.llama_free(self._context)
        try:
            self._use(open_context(self._model, size, self._threads, _BATCH, self._kv), size)
        except EngineError:
            self._use(open_context(self._model, self._size, self._threads, _BATCH, self._kv), self._size)
            raise
        finally:
            if not llama.llama_state_seq_set_data(self._context, state, len(state), 0):
                self._cut(0)

    def _too_small(self, needed: int) -> ContextTooSmall:
        available = self._info.context
        return ContextTooSmall(
            f"The piece needs {needed:,} tokens of context, and only {available:,} can be had.",
            "Ask for a shorter piece, raise the context in the settings if it is set there, or choose a model that was "
            "trained for a longer context. Another mode does not help: each of them has to see the text so far.",
            needed=needed,
            available=available,
        )


def _still_writing() -> EngineError:
    return EngineError("The model is still writing something else.", "Wait for it, or stop it.", retryable=True)
