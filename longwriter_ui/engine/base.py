"""The contract of every engine: one primitive, `stream`.

A conversation is a tuple of turns. When its last turn is the user's, the engine answers it; when it is the
assistant's, the engine goes on writing that answer. The engine keeps the longest prefix it has read before, so a
conversation that only grew costs only what is new.

`stream` first yields Reading while the prompt is read, then Chunks of text; the last Chunk carries the finish
reason and the final counts. Cancelling is setting an event; afterwards the engine is usable at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Protocol

from longwriter_ui.draft import FinishReason
from longwriter_ui.events import Reading
from longwriter_ui.sentences import last_sentence_end

_NEXT_SEED = 104_729  # between the seeds of variants
_SENTENCE = 30  # characters, within which there are headings ("1. The harbour") and words before the text


class Role(str, Enum):
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True)
class Part:
    """A piece of a turn. `tokens` are the ids the model generated for it; empty: the engine tokenises `text`.
    Ids count only in the vocabulary they were generated in; the caller drops those of another model."""

    text: str
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True)
class Turn:
    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


Conversation = tuple[Turn, ...]


def user(*parts: str | Part) -> Turn:
    """A user's turn; strings become parts without tokens."""
    return Turn(Role.USER, tuple(Part(p) if isinstance(p, str) else p for p in parts))


def assistant(*parts: str | Part) -> Turn:
    """An assistant's turn; strings become parts without tokens."""
    return Turn(Role.ASSISTANT, tuple(Part(p) if isinstance(p, str) else p for p in parts))


@dataclass(frozen=True)
class Sampling:
    """Sampler settings; the defaults are the LongWriter model card's. `repeat_penalty` 1.0 and `dry_multiplier` 0.0
    are off; temperature 0 is greedy."""

    temperature: float = 0.5
    top_p: float = 0.8
    top_k: int = 50
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    dry_multiplier: float = 0.0
    seed: int = 0


class LengthMode(str, Enum):
    """How an answer is kept to its length: not at all, near it, or as near as whole sentences allow."""

    OFF = "off"
    GENTLE = "gentle"
    STRICT = "strict"


@dataclass(frozen=True)
class LengthGoal:
    """How many words the whole answer is to have, counted as its language counts them."""

    words: int
    language: str
    mode: LengthMode


@dataclass(frozen=True)
class JsonForm:
    """What a grammar holds an answer to, for servers that know JSON schemas only: an object that matches `schema` and
    has a list `items`. `line` makes the text of the item at a position (from 1), so that the answer reads as the
    grammar would have had it; `asked` tells the model."""

    schema: Mapping[str, Any]
    items: str
    line: Callable[[int, Mapping[str, Any]], str]
    asked: str


@dataclass(frozen=True)
class Request:
    """One answer to be written: at most `max_tokens` tokens, within `grammar` (GBNF) where one is given (`form` is the
    same as JSON), with about as many words as `length` says. An answer that is being continued counts from its
    beginning. `guarded`: it ends with the reason LOOP when it comes to repeat itself or what the conversation has of
    earlier answers, except `source`, the text it is another version of. `asker` matches what only those who ask say,
    with a colon within: the answer ends where it comes to that. `variants`: so many answers are written together, each
    with a seed of its own."""

    conversation: Conversation
    sampling: Sampling
    max_tokens: int
    grammar: str | None = None
    length: LengthGoal | None = None
    guarded: bool = False
    source: str = ""
    asker: re.Pattern[str] | None = None
    variants: int = 1
    form: JsonForm | None = None

    def split(self) -> tuple[Request, ...]:
        """A request for each variant; the first has the seed that one alone would have."""
        seeds = [(self.sampling.seed + i * _NEXT_SEED) & 0xFFFFFFFF for i in range(self.variants)]
        return tuple(replace(self, sampling=replace(self.sampling, seed=seed), variants=1) for seed in seeds)

    @property
    def answers(self) -> tuple[str, ...]:
        """What was written before: answers, and what other turns quote of them, which they do with its ids."""
        return tuple(
            part.text
            for turn in self.conversation
            for part in turn.parts
            if (part.tokens or turn.role is Role.ASSISTANT) and part.text != self.source
        )

    def own(self, text: str, known: int = 0) -> int:
        """How many characters of an answer's text are its own: those before it asks for something itself, as far as
        that does not end within the `known` ones. Before it has a sentence, nothing is a question, for many models say
        their step again before they write."""
        for match in self.asker.finditer(text) if self.asker else ():
            if match.end() > known and last_sentence_end(text[: match.start()]) >= _SENTENCE:
                return match.start()
        return len(text)

    @property
    def begun(self) -> str:
        """The text of the answer that is being continued; empty for a new one."""
        last = self.conversation[-1]
        return last.text if last.role is Role.ASSISTANT else ""


@dataclass(frozen=True)
class Chunk:
    """New text with the ids it was decoded from. Counts are totals of this request: prompt tokens read and reused,
    tokens written; speed in tokens per second of writing. `finish` is set on the last chunk only. `variant` says which
    of several answers written together it belongs to; each of them has a last chunk, and counts of its own."""

    text: str
    tokens: tuple[int, ...]
    read: int
    reused: int
    written: int
    tokens_per_second: float
    finish: FinishReason | None = None
    variant: int = 0


@dataclass(frozen=True)
class Measure:
    """Size of a conversation in tokens: in all, and the part of it that would have to be read now."""

    total: int
    unread: int


@dataclass(frozen=True)
class EngineInfo:
    """Who is writing. `vocabulary` identifies the token ids; `context` is the most tokens a conversation may have (0:
    not known); `adapter` tells what is applied to the model, if anything; `threads` 0 where it does not apply;
    `runtime` is the program that computes, with its version; `note` tells how it was loaded, where that needs
    telling."""

    name: str
    model: str
    template: str
    vocabulary: str
    context: int
    backend: str
    demonstration: bool = False
    load_seconds: float = 0.0
    threads: int = 0
    runtime: str = ""
    note: str = ""
    adapter: str = ""


class Cancel(Protocol):
    """What `threading.Event` is, as far as an engine needs it."""

    def is_set(self) -> bool: ...


# Hears which share of a model is loaded, from 0 to 1; False cancels.
Proceed = Callable[[float], bool]


class Engine(Protocol):
    """One loaded model. Not re-entrant: one stream at a time; every error is an EngineError."""

    @property
    def info(self) -> EngineInfo: ...

    def measure(self, conversation: Conversation) -> Measure:
        """Tokens of the conversation, without reading it."""
        ...

    def reserve(self, tokens: int) -> None:
        """Make room for a conversation of `tokens` tokens; ContextTooSmall, with both numbers, when there is none."""
        ...

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        """Write the answer. Raises ContextTooSmall before the first token when it cannot fit."""
        ...

    def stream_together(self, requests: Sequence[Request], cancel: Cancel) -> Iterator[Reading | Chunk]:
        """Write the answers of several requests at once, as `stream` does for the variants of one; a chunk's variant
        is the position of its request. Where there is no room for all at once, some wait for others."""
        ...

    def save(self, name: str) -> None:
        """Keep what has been read under a name, for `restore` in this or a later process, where the engine can."""
        ...

    def restore(self, name: str, conversation: Conversation) -> None:
        """Bring back what was saved under a name, if that leaves much less of the conversation to be read."""
        ...

    def close(self) -> None:
        """Free the model; the engine cannot be used afterwards."""
        ...
