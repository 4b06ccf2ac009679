"""The sampler chain of llama.cpp for one answer, with an optional grammar.

The grammar is asked about the token that was sampled, and only when it refuses that one are all candidates filtered
and sampled again: a grammar over a whole vocabulary at every token would cost more than the model itself.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from longwriter_ui.engine._llama import llama
from longwriter_ui.engine.base import Sampling
from longwriter_ui.errors import EngineError

_PENALTY_WINDOW = 256  # tokens a repeat penalty looks back over
_DRY_WINDOW = 32_768  # DRY looks back over the whole draft
_DRY_BASE, _DRY_ALLOWED = 1.75, 2
_DRY_BREAKERS = (b"\n", b":", b'"', b"*")
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Sampler:
    """Samples the tokens of one answer; to be used as a context manager, which frees it."""

    def __init__(self, vocab: Any, sampling: Sampling, grammar: str | None = None, before: Sequence[int] = ()) -> None:
        """`before` is the prompt, which penalties look back over. EngineError when the grammar cannot be parsed."""
        self._size = llama.llama_vocab_n_tokens(vocab)
        self._grammar: Any = None
        if grammar is not None:
            # An empty grammar would mean no grammar to llama.cpp.
            if grammar.strip():
                self._grammar = llama.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
            if not self._grammar:
                raise EngineError("The grammar that holds the answer to its form cannot be parsed.")
            self._fresh = np.zeros(self._size, _CANDIDATE)
            self._fresh["id"] = np.arange(self._size, dtype=np.int32)
            self._candidates = self._fresh.copy()
        parameters = llama.llama_sampler_chain_default_params()
        parameters.no_perf = True
        self._chain = llama.llama_sampler_chain_init(parameters)
        self._penalties = _penalties(vocab, self._size, sampling)
        for part in (*self._penalties, *_choice(sampling)):
            llama.llama_sampler_chain_add(self._chain, part)
        self._seen = list(before[-_DRY_WINDOW:]) if self._penalties else []
        self._look_back()

    def __enter__(self) -> Sampler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free it."""
        llama.llama_sampler_free(self._chain)
        if self._grammar:
            llama.llama_sampler_free(self._grammar)

    def sample(self, context: Any, without: Iterable[int] = (), row: int = -1) -> int:
        """The next token after the last one decoded; the sampler has taken note of it. With `without`, instead of the
        one that was sampled there already, none of these. `row` of the last batch, where that had several."""
        if without:
            if self._penalties:
                self._seen.pop()
                self._look_back()
            values = llama.llama_get_logits_ith(context, row)
            for token in without:
                values[token] = -math.inf
        token = self._held(context, row) if self._grammar else llama.llama_sampler_sample(self._chain, context, row)
        if self._penalties:
            self._seen.append(token)
        return token

    def _held(self, context: Any, row: int) -> int:
        """The next token that the grammar allows."""
        logits = np.ctypeslib.as_array(llama.llama_get_logits_ith(context, row), (self._size,))
        token = self._pick(logits, constrained=False)
        if not self._allowed(token):
            token = self._pick(logits, constrained=True)
            if not self._allowed(token):
                raise EngineError("No token of this model's vocabulary fits the grammar here.")
        llama.llama_sampler_accept(self._chain, token)
        llama.llama_sampler_accept(self._grammar, token)
        return token

    def _look_back(self) -> None:
        """Let the penalties see what there is of the text, and nothing else."""
        for part in self._penalties:
            llama.llama_sampler_reset(part)
            for token in self._seen[-_DRY_WINDOW:]:
                llama.llama_sampler_accept(part, token)

    def _pick(self, logits: np.ndarray, *, constrained: bool) -> int:
        # The samplers sort and shorten the array they are given, so it is made anew each time.
        self._candidates[:] = self._fresh
        self._candidates["logit"] = logits
        array = _array(self._candidates.ctypes.data, self._size)
        if constrained:
            llama.llama_sampler_apply(self._grammar, ctypes.byref(array))
        llama.llama_sampler_apply(self._chain, ctypes.byref(array))
        return array.data[array.selected].id

    def _allowed(self, token: int) -> bool:
        single = llama.llama_token_data(id=token, logit=1.0, p=0.0)
        array = _array(ctypes.addressof(single), 1)
        llama.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return not math.isinf(single.logit)


def _array(address: int, size: int) -> Any:
    data = ctypes.cast(address, ctypes.POINTER(llama.llama_token_data))
    return llama.llama_token_data_array(data=data, size=size, selected=-1, sorted=False)


def _penalties(vocab: Any, size: int, sampling: Sampling) -> list[Any]:
    """What remembers the tokens before."""
    parts: list[Any] = []
    if sampling.repeat_penalty != 1.0:
        parts.append(llama.llama_sampler_init_penalties(size, _PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0))
    if sampling.dry_multiplier > 0:
        breakers = (ctypes.c_char_p * len(_DRY_BREAKERS))(*_DRY_BREAKERS)
        parts.append(
            llama.llama_sampler_init_dry(
                vocab, sampling.dry_multiplier, _DRY_BASE, _DRY_ALLOWED, _DRY_WINDOW, breakers, len(breakers)
            )
        )
    return parts


def _choice(sampling: Sampling) -> list[Any]:
    if sampling.temperature <= 0:
        return [llama.llama_sampler_init_greedy()]
    parts: list[Any] = []
    if sampling.top_k > 0:
        parts.append(llama.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1:
        parts.append(llama.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        parts.append(llama.llama_sampler_init_min_p(sampling.min_p, 1))
    parts.append(llama.llama_sampler_init_temp(sampling.temperature))
    # The largest 32-bit seed means "random" to llama.cpp; this keeps every seed a seed.
    parts.append(llama.llama_sampler_init_dist(sampling.seed % 0xFFFFFFFF))
    return parts
