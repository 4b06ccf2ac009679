"""Several answers written together: their prompts share what they have in common, and each step of writing computes
one token of every answer in one batch. Reading the weights is what a step costs, and it is done once for all of them.

Each answer is a sequence of its own in the context, with its own sampler. The context's own sequence is the first
answer's; the others stay beside it until the next request.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine._context import Context
from longwriter_ui.engine._llama import llama
from longwriter_ui.engine._vocabulary import Vocabulary
from longwriter_ui.engine.base import Cancel, Chunk, Request
from longwriter_ui.engine.cache import common_prefix
from longwriter_ui.engine.sampling import Sampler
from longwriter_ui.engine.textstream import Piece, TextStream
from longwriter_ui.engine.watch import Watch
from longwriter_ui.events import Reading


class Branch:
    """One of the answers: `tokens` are those computed in its sequence, `pending` the one to be computed next."""

    def __init__(
        self, number: int, request: Request, prompt: Sequence[int], sampler: Sampler, ends: Ends, context_limit: int
    ) -> None:
        self.number = number
        self.prompt = prompt
        self.tokens = 0
        self.read = 0
        self.finish: FinishReason | None = None
        self.pending: int | None = None
        self._ends = ends
        self._limit = min(request.max_tokens, context_limit - len(prompt))
        self._written = 0
        self._began = 0.0
        self._text = TextStream(ends.stops)
        self._watch = Watch(request)
        self._sampler = sampler

    def step(self, context: Any, row: int) -> list[Chunk]:
        """Sample from a row of the last batch; the text that comes of it, and the last chunk when the answer ends."""
        self._began = self._began or time.perf_counter()
        self.pending = None
        if self._written >= self._limit:
            return [self.end(FinishReason.LENGTH)]
        token = self._sampler.sample(context, row=row)
        if token in self._ends.tokens and self._watch.must_go_on():
            token = self._sampler.sample(context, self._ends.leads, row)
        vocabulary = self._ends.vocabulary
        if token in self._ends.tokens or (not self._watch.idle and self._watch.ends_before(vocabulary.text_of(token))):
            return [self.end(FinishReason.STOP)]
        self._written += 1
        if self._text.push(token, vocabulary.piece(token)):
            return [self.end(FinishReason.STOP)]
        chunks = []
        piece = self._text.take()
        if piece is not None:
            chunks.append(self._chunk(piece))
            if not self._watch.idle and (finish := self._watch.add(piece.text)):
                return [*chunks, self.end(finish)]
        if self._written >= self._limit:
            return [*chunks, self.end(FinishReason.LENGTH)]
        self.pending = token
        return chunks

    def end(self, finish: FinishReason) -> Chunk:
        """The last chunk."""
        self.finish, self.pending = finish, None
        return self._chunk(self._text.finish(ended=finish is FinishReason.STOP), finish)

    def _chunk(self, piece: Piece, finish: FinishReason | None = None) -> Chunk:
        ids = (*piece.tokens, *self._ends.vocabulary.tokenise(piece.rest)) if piece.rest else piece.tokens
        speed = self._written / max(time.perf_counter() - self._began, 1e-9) if self._began else 0.0
        # What was read for others is reused here, but not what a cancel kept from being read.
        reused = min(self.tokens, len(self.prompt)) - self.read
        return Chunk(piece.text + piece.rest, ids, self.read, reused, self._written, speed, finish, self.number)


class Ends:
    """How answers of a model end: by tokens or texts. `leads` are the tokens that may not come in the place of an end
    that is held back; of themselves they may, for most brackets begin no "[INST]"."""

    def __init__(self, vocabulary: Vocabulary, stops: Sequence[str]) -> None:
        self.vocabulary = vocabulary
        self.stops = stops
        self.tokens = vocabulary.ends(stops)
        self.leads = self.tokens.union(*(vocabulary.tokenise(stop)[:1] for stop in stops))


def write_together(context: Context, branches: Sequence[Branch], cancel: Cancel) -> Iterator[Reading | Chunk]:
    """Read what the prompts have in common once and what each has of its own, then write all answers."""
    first = branches[0]
    shared = min(len(first.prompt) - 1, *(common_prefix(first.prompt, b.prompt) for b in branches))
    shared = min(shared, *(len(b.prompt) - 1 for b in branches))
    context.cut(min(context.reusable(first.prompt), shared))
    kept = len(context.tokens)
    total = shared - kept + sum(len(b.prompt) - shared for b in branches)
    done = 0
    sequences = Sequences(context, len(branches))
    try:
        for part in context.read(first.prompt[kept:shared], cancel):
            done = part
            yield Reading(done, total, kept)
        first.read = done
        if len(context.tokens) == shared:
            sequences.share(shared)
            for branch in branches:
                branch.tokens = shared
        for branch in branches:
            tail = branch.prompt[shared:]
            if cancel.is_set() or branch.tokens < shared:
                break
            for part in sequences.read(branch.number, tail):
                branch.read += part
                branch.tokens += part
                done += part
                yield Reading(done, total, kept)
            if branch.tokens < len(branch.prompt):
                break
            yield from branch.step(context.pointer, -1)
        first.tokens = len(context.tokens)
        while waiting := [b for b in branches if b.pending is not None]:
            tokens = [b.pending for b in waiting if b.pending is not None]
            if cancel.is_set() or not sequences.add([b.number for b in waiting], tokens):
                break
            for row, branch in enumerate(waiting):
                branch.tokens += 1
                yield from branch.step(context.pointer, row)
        for branch in branches:
            if branch.finish is None:
                yield branch.end(FinishReason.CANCELLED)
    finally:
        sequences.close()


class Sequences:
    """The sequences of one batch in a context; sequence 0 is the context's own. `held` are the tokens of each."""

    def __init__(self, context: Context, count: int) -> None:
        self._context = context
        self._batch = llama.llama_batch_init(max(count, context.step), 0, 1)
        # Asking a ctypes structure for its fields, and these for theirs, is slow; at each token it would show.
        self._token, self._position, self._logits = self._batch.token, self._batch.pos, self._batch.logits
        self._sequence = [self._batch.seq_id[i] for i in range(max(count, context.step))]
        for i in range(max(count, context.step)):
            self._batch.n_seq_id[i] = 1
        self.held: list[list[int]] = [[] for _ in range(count)]

    def share(self, length: int) -> None:
        """Give every sequence the first `length` tokens of the context's own."""
        memory = llama.llama_get_memory(self._context.pointer)
        for i, held in enumerate(self.held):
            if i:
                llama.llama_memory_seq_cp(memory, 0, i, 0, length)
            held[:] = self._context.tokens[:length]

    def read(self, sequence: int, tokens: Sequence[int]) -> Iterator[int]:
        """Compute tokens of a prompt, yielding how many a batch had; the last one's logits are kept. Ends early when it
        was aborted."""
        for first in range(0, len(tokens), self._context.step):
            piece = tokens[first : first + self._context.step]
            last = first + len(piece) == len(tokens)
            if not self._decode([sequence] * len(piece), piece, len(piece) - last):
                return
            yield len(piece)

    def add(self, sequences: Sequence[int], tokens: Sequence[int]) -> bool:
        """Compute one token of each of the sequences; False when it was aborted."""
        return self._decode(sequences, tokens, 0)

    def close(self) -> None:
        """Leave the other sequences beside the context's own, and all as long as is known of them."""
        llama.llama_batch_free(self._batch)
        self._context.cut(len(self._context.tokens))
        for i, held in enumerate(self.held[1:], 1):
            self._context.keep(i, held)

    def _decode(self, sequences: Sequence[int], tokens: Sequence[int], logits_from: int) -> bool:
        """Compute one batch; the logits of its tokens from position `logits_from` in it on are kept."""
        for i, (token, sequence) in enumerate(zip(tokens, sequences, strict=True)):
            held = self.held[sequence]
            self._token[i], self._position[i], self._logits[i] = token, len(held), i >= logits_from
            self._sequence[i][0] = sequence
            held.append(token)
        self._batch.n_tokens = len(tokens)
        own = [token for token, sequence in zip(tokens, sequences, strict=True) if sequence == 0]
        computed = False
        try:
            several = logits_from == 0 and len(tokens) > 1  # else it is a prompt, or one token
            computed = (self._context.decode_several if several else self._context.decode)(self._batch, own)
        finally:
            if not computed:
                for sequence in sequences:
                    self.held[sequence].pop()
        return computed


def room_for(prompts: Sequence[Sequence[int]], requests: Sequence[Request]) -> int:
    """Tokens of context that answers written together take at most; what their prompts share is there once."""
    shared = min(common_prefix(prompts[0], prompt) for prompt in prompts)
    answers = sum(request.max_tokens for request, _ in zip(requests, prompts, strict=False))
    return shared + sum(len(prompt) - shared for prompt in prompts) + answers
