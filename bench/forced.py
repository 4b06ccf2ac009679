"""An engine that reads what it is asked with a real model, and answers with the text of a script.

So every engine and every mode writes the same, and what they read can be compared token by token. Nothing is
pretended: the scripted answer's tokens are decoded, so that the KV cache holds what it would hold.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Cancel, Chunk, Conversation, EngineInfo, Measure, Request, Role
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.events import Reading, Usage

STEPS, STEP_WORDS = 20, 500
_NAMED = re.compile(r"^Paragraph (\d+) - ", re.MULTILINE)
_NOUNS = [
    "harbour",
    "river",
    "market",
    "bridge",
    "teacher",
    "garden",
    "letter",
    "winter",
    "railway",
    "kitchen",
    "archive",
    "window",
    "neighbour",
    "library",
    "engine",
    "mountain",
    "village",
    "doctor",
    "orchestra",
    "newspaper",
    "factory",
    "island",
    "captain",
    "museum",
]
_VERBS = [
    "remembers",
    "repairs",
    "crosses",
    "paints",
    "describes",
    "forgets",
    "measures",
    "follows",
    "leaves",
    "opens",
    "watches",
    "builds",
]
_QUALITIES = [
    "old",
    "quiet",
    "narrow",
    "famous",
    "broken",
    "distant",
    "early",
    "careful",
    "golden",
    "unexpected",
    "ordinary",
    "patient",
]


def script(step: int, version: int) -> str:
    """Paragraph `step` as it is written for the `version`th time: exactly STEP_WORDS words of plain sentences."""
    chance = random.Random(step * 1000 + version)
    words: list[str] = []
    while len(words) < STEP_WORDS:
        noun, other = chance.sample(_NOUNS, 2)
        sentence = (
            f"the {chance.choice(_QUALITIES)} {noun} {chance.choice(_VERBS)} a {chance.choice(_QUALITIES)} {other}"
        )
        if chance.random() < 0.5:
            sentence += f" before the {chance.choice(_NOUNS)} {chance.choice(_VERBS)} everything around it"
        words += f"{sentence[0].upper()}{sentence[1:]}.".split()
    words = words[:STEP_WORDS]
    return " ".join(words).rstrip(".") + "."


class ForcedEngine:
    """Wraps an engine. `after(step)` is called when a paragraph is written; `spent` adds up what requests cost."""

    def __init__(self, engine: LlamaCppEngine, after: Callable[[int], None] = lambda step: None) -> None:
        self._engine = engine
        self.after = after
        self.spent = Usage()
        self._versions: Counter[int] = Counter()

    @property
    def info(self) -> EngineInfo:
        return self._engine.info

    def measure(self, conversation: Conversation) -> Measure:
        return self._engine.measure(conversation)

    def reserve(self, tokens: int) -> None:
        self._engine.reserve(tokens)

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        last: Chunk | None = None
        for event in self._engine.stream(replace(request, max_tokens=0), cancel):
            if isinstance(event, Reading):
                yield event
            else:
                last = event
        assert last is not None
        steps = self._asked(request)
        written = 0
        for step in steps:
            text = script(step, self._versions[step]) + ("\n\n" if step != steps[-1] else "")
            self._versions[step] += 1
            tokens = self._engine._vocabulary.tokenise(text)
            with self._engine._busy():
                assert list(self._engine._context.read(tokens, cancel))[-1] == len(tokens)
            written += len(tokens)
            yield Chunk(text, tuple(tokens), last.read, last.reused, written, 0.0)
            self.after(step)
        self.spent += Usage(last.read, last.reused, written)
        yield Chunk("", (), last.read, last.reused, written, 0.0, FinishReason.STOP)

    def stream_together(self, requests: Sequence[Request], cancel: Cancel) -> Iterator[Reading | Chunk]:
        for number, request in enumerate(requests):
            for event in self.stream(request, cancel):
                yield replace(event, variant=number) if isinstance(event, Chunk) else event

    def save(self, name: str) -> None:
        self._engine.save(name)

    def restore(self, name: str, conversation: Conversation) -> None:
        self._engine.restore(name, conversation)

    def close(self) -> None:
        self._engine.close()

    @staticmethod
    def _asked(request: Request) -> list[int]:
        """The paragraph the last turn asks for, or every step of the plan where it asks for the whole piece."""
        asked = [turn.text for turn in request.conversation if turn.role is Role.USER][-1]
        numbers = [int(number) for number in _NAMED.findall(asked)]
        return numbers if "in one go" in asked else numbers[-1:]
