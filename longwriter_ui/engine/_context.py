"""A llama.cpp context with one sequence of its own, and the exact list of the tokens in its KV cache.

Whatever happens (a cancel, an error, growth), `tokens` is what the cache holds. Answers that were written beside it
stay in sequences of theirs until the next prompt shows which of them it goes on from; that one becomes the context's
own. llama.cpp must never compute twice at the same time on one context: the engine's lock sees to that.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from longwriter_ui.engine._llama import Abort, configure, llama, start
from longwriter_ui.engine._threads import FastestThreads
from longwriter_ui.engine.base import Cancel
from longwriter_ui.engine.cache import PrefixCache, common_prefix
from longwriter_ui.engine.header import Header
from longwriter_ui.engine.usual import BATCH_F16
from longwriter_ui.errors import EngineError, NotEnoughMemory

_STEP = 1024  # a context grows to multiples of this
MOST_TOGETHER = 8  # answers written in one batch
_OK, _NO_ROOM, _ABORTED, _NO_MEMORY = 0, 1, 2, -2  # what llama_decode returns


class Context:
    """Made for `size` tokens at first; grows to `limit` at most. `batch`: most tokens to read at once."""

    def __init__(
        self,
        model: Any,
        size: int,
        limit: int,
        threads: int,
        kv_type: int,
        batch: int,
        most_threads: int = 0,
        adapter: tuple[Any, float] | None = None,
    ) -> None:
        """`most_threads`: so many may be tried for batches of several answers (0: as many as for anything else);
        `adapter`: what llama.cpp applies to the model, and its scale."""
        self._adapter = adapter
        self._several = FastestThreads(threads, most_threads or threads)
        self._model, self._limit, self._threads, self._kv_type = model, limit, threads, kv_type
        self.step = batch
        self._abort = Abort()
        self._cache = PrefixCache()
        self._beside: dict[int, PrefixCache] = {}  # sequences that are there besides the context's own
        self._token = (llama.llama_token * 1)()
        self._single = llama.llama_batch_get_one(self._token, 1)
        self.pointer: Any = None
        self.size = 0
        self._open(size)

    @property
    def tokens(self) -> Sequence[int]:
        """What is in the KV cache."""
        return self._cache.tokens

    def close(self) -> None:
        llama.llama_free(self.pointer)
        self.pointer, self._beside = None, {}

    def reusable(self, prompt: Sequence[int]) -> int:
        """How many tokens of the prompt need not be read."""
        return max(cache.reusable(prompt) for cache in (self._cache, *self._beside.values()))

    def keep(self, sequence: int, tokens: Sequence[int]) -> None:
        """Leave a sequence beside the context's own, of which the first `tokens` are known, for `adopt`."""
        memory = llama.llama_get_memory(self.pointer)
        llama.llama_memory_seq_rm(memory, sequence, len(tokens), -1)
        if tokens and llama.llama_memory_seq_pos_max(memory, sequence) == len(tokens) - 1:
            # A new one, since `reusable` may be asked in another thread.
            self._beside = {**self._beside, sequence: PrefixCache(list(tokens))}
        else:
            llama.llama_memory_seq_rm(memory, sequence, -1, -1)

    def adopt(self, prompt: Sequence[int]) -> None:
        """Of the sequences that are there, make the one that has most of the prompt the context's own, and keep no
        other."""
        if not self._beside:
            return
        memory = llama.llama_get_memory(self.pointer)
        best = max(self._beside, key=lambda i: self._beside[i].reusable(prompt), default=0)
        if best and self._beside[best].reusable(prompt) > self._cache.reusable(prompt):
            found = self._beside[best].tokens
            self.cut(common_prefix(self._cache.tokens, found))
            llama.llama_memory_seq_cp(memory, best, 0, len(self._cache.tokens), len(found))
            self._cache.added(found[len(self._cache.tokens) :])
        for sequence in self._beside:
            llama.llama_memory_seq_rm(memory, sequence, -1, -1)
        self._beside = {}

    def watching(self, cancel: Cancel) -> AbstractContextManager[None]:
        """Within this a cancel stops what is being computed, at once on the CPU."""
        return self._abort.watching(cancel)

    def read(self, tokens: Sequence[int], cancel: Cancel) -> Iterator[int]:
        """Decode tokens of a prompt in batches, yielding how many are done; ends early when cancelled."""
        yield 0
        for first in range(0, len(tokens), self.step):
            batch = tokens[first : first + self.step]
            ids = (llama.llama_token * len(batch))(*batch)
            if cancel.is_set() or not self.decode(llama.llama_batch_get_one(ids, len(batch)), batch):
                return
            yield first + len(batch)

    def add(self, token: int) -> bool:
        """Decode one token; False when it was aborted."""
        self._token[0] = token
        return self.decode(self._single, (token,))

    def cut(self, length: int) -> None:
        """Keep the first `length` tokens. Where llama.cpp cannot remove a part (recurrent models), or holds something
        else than it should, nothing is kept."""
        memory = llama.llama_get_memory(self.pointer)
        removed = llama.llama_memory_seq_rm(memory, 0, length, -1)
        if removed and llama.llama_memory_seq_pos_max(memory, 0) == length - 1:
            self._cache.cut(length)
        else:
            llama.llama_memory_clear(memory, False)
            self._cache.cut(0)
            self._beside = {}

    def grow(self, tokens: int) -> None:
        """Make room for at least `tokens`, keeping what is in the context's own sequence. EngineError when the memory
        does not suffice; the context then stays as it was."""
        if not self.pointer:
            self._open(max(self.size, min(-(-tokens // _STEP) * _STEP, self._limit)))
        if tokens <= self.size:
            return
        state = (ctypes.c_uint8 * llama.llama_state_seq_get_size(self.pointer, 0))()
        llama.llama_state_seq_get_data(self.pointer, state, len(state), 0)
        # Freed before the new one is made: two contexts at once may be more than the memory holds.
        self.close()
        before = self.size
        try:
            self._open(min(-(-tokens // _STEP) * _STEP, self._limit))
        except EngineError:
            self._open(before)
            raise
        finally:
            if not self.pointer:
                self._cache.cut(0)  # not even the old size could be had again; the next request tries anew
            elif not llama.llama_state_seq_set_data(self.pointer, state, len(state), 0):
                self.cut(0)

    def can_hold(self, tokens: int) -> bool:
        """Whether there is room for `tokens`; it is made where memory has it."""
        try:
            self.grow(tokens)
        except NotEnoughMemory:
            return False
        return True

    def extend(self, most: int) -> bool:
        """Whether there is room for one more token; it is made, with some to spare, up to `most`. What it holds stays,
        but not the logits of its last token."""
        held = len(self.tokens)
        if held < self.size:
            return True
        # Not twice as much, since it may be needed for the last sentence only.
        return held < most and self.can_hold(min(self.size + self.size // 4, most)) and len(self.tokens) == held

    @property
    def limit(self) -> int:
        """The most tokens it can grow to."""
        return self._limit

    def settings(self) -> str:
        """What a state in this context depends on besides the model."""
        return f"llama.cpp {llama.__version__}, KV type {self._kv_type}"

    def state_size(self) -> int:
        """Bytes of what `save` would write."""
        return llama.llama_state_seq_get_size(self.pointer, 0)

    def save(self, path: Path, tokens: Sequence[int]) -> bool:
        """Write the KV cache to a file."""
        ids = (llama.llama_token * len(tokens))(*tokens)
        return llama.llama_state_seq_save_file(self.pointer, str(path).encode(), 0, ids, len(tokens)) > 0

    def load(self, path: Path, count: int) -> list[int] | None:
        """Replace the KV cache by that of a file of `count` tokens; None, and nothing is in it, when it has others."""
        self.adopt(())
        self.cut(0)
        ids, found = (llama.llama_token * count)(), ctypes.c_size_t(0)
        read = llama.llama_state_seq_load_file(self.pointer, str(path).encode(), 0, ids, count, ctypes.byref(found))
        if not read or found.value != count:
            llama.llama_memory_clear(llama.llama_get_memory(self.pointer), True)
            return None
        self._cache.added(list(ids))
        self.cut(count)
        return list(self._cache.tokens) if len(self._cache.tokens) == count else None

    def decode_several(self, batch: Any, tokens: Sequence[int]) -> bool:
        """As `decode` does, a batch of one token each of several sequences, with as many threads as it goes fastest
        with."""
        threads = self._several.threads
        if threads != self._threads:
            llama.llama_set_n_threads(self.pointer, self._threads, threads)
        began = time.perf_counter()
        try:
            return self.decode(batch, tokens)
        finally:
            self._several.took(time.perf_counter() - began)
            if threads != self._threads:
                llama.llama_set_n_threads(self.pointer, self._threads, self._threads)

    def decode(self, batch: Any, tokens: Sequence[int]) -> bool:
        """Compute a batch, of which `tokens` are the context's own; False when it was aborted."""
        code = llama.llama_decode(self.pointer, batch)
        if code == _OK:
            self._cache.added(tokens)
            return True
        # A part of the batch may be in the cache; this takes it out.
        self.cut(len(self._cache.tokens))
        if code == _ABORTED:
            return False
        if code == _NO_ROOM:
            raise EngineError("The context is full.", "Ask for a shorter piece.")
        if code == _NO_MEMORY:
            raise NotEnoughMemory(
                "The memory did not suffice to compute.",
                "Close other programs, or choose a smaller model.",
                retryable=True,
            )
        raise EngineError(
            f"llama.cpp failed while computing (code {code}). {start().text}".rstrip(),
            "The text so far is kept: go on from there. If it happens again, load the model anew, or choose another.",
            retryable=True,
        )

    def _open(self, size: int) -> None:
        log = start()
        log.clear()
        parameters = llama.llama_context_default_params()
        flash = self._kv_type != llama.GGML_TYPE_F16
        configure(
            parameters,
            n_ctx=size,
            n_batch=self.step,
            # Without flash attention the scores of a whole batch, for each head and token, are in memory at once.
            n_ubatch=self.step if flash else min(self.step, BATCH_F16),
            n_seq_max=MOST_TOGETHER,
            n_threads=self._threads,
            n_threads_batch=self._threads,
            type_k=self._kv_type,
            type_v=self._kv_type,
            flash_attn_type=llama.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash else llama.LLAMA_FLASH_ATTN_TYPE_DISABLED,
            kv_unified=True,
            # A sliding-window model would otherwise forget what a shorter prefix needs.
            swa_full=True,
            no_perf=True,
        )
        pointer = llama.llama_init_from_model(self._model, parameters)
        if not pointer:
            raise NotEnoughMemory(
                f"A context of {size:,} tokens cannot be had: {log.text}",
                "Ask for a shorter piece, close other programs to free memory, or choose a smaller model.",
            )
        self.pointer, self.size = pointer, size
        self._abort.attach(pointer)
        if self._adapter is not None:
            adapters = (llama.llama_adapter_lora_p_ctypes * 1)(self._adapter[0])
            if llama.llama_set_adapters_lora(pointer, adapters, 1, (ctypes.c_float * 1)(self._adapter[1])):
                raise EngineError(f"llama.cpp does not apply the adapter. {log.text}", "Load the model without it.")


def kv_type(model: Any, header: Header) -> int:
    """q8_0 where its blocks of 32 values fit the heads, else f16.

    q8_0 takes half the memory. It is also what makes a cached context the same as a cold one: on a CPU, flash attention
    over f16 sums a batch and a single token in different ways (logits differed by 0.1 in a trained model), over q8_0
    in one way (they did not differ). So f16 goes without flash attention. Measured on a small model with 1,300 tokens
    of context, q8_0 wrote 1.8 times as fast and read half as fast; an answer is mostly writing.
    """
    width = llama.llama_model_n_embd(model) // max(llama.llama_model_n_head(model), 1)
    key, value = header.number("attention.key_length", width), header.number("attention.value_length", width)
    return llama.GGML_TYPE_F16 if key % 32 or value % 32 else llama.GGML_TYPE_Q8_0
