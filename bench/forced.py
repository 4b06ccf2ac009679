"""An engine that reads what it is asked with a real model, and answers with the text of a script.

So every engine and every mode writes the same, and what they read can be compared token by token. Nothing is
pretended: the scripted answer's tokens are decoded, so that the KV cache holds what it would hold.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from longwriter_ui.engine.base import Cancel, Chunk, Request, Role
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.engine.sampling import Sampler
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


class ForcedEngine(LlamaCppEngine):
    """The engine with a sampler that picks the tokens of the script. `after(step)` is called when a paragraph is
    written; `spent` adds up what requests cost."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.after: Callable[[int], None] = lambda step: None
        self.spent = Usage()
        self._versions: Counter[int] = Counter()

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        events = super().stream(replace(request, length=None, guarded=False), cancel)
        yield from events if request.variants > 1 else self._counted(events)

    def _stream_group(self, requests: Sequence[Request], cancel: Cancel) -> Iterator[Reading | Chunk]:
        free = [replace(request, length=None, guarded=False) for request in requests]
        yield from self._counted(super()._stream_group(free, cancel))

    def _counted(self, events: Iterator[Reading | Chunk]) -> Iterator[Reading | Chunk]:
        for event in events:
            if isinstance(event, Chunk) and event.finish is not None:
                self.spent += Usage(event.read, event.reused, event.written)
            yield event

    def _sampler(self, request: Request, prompt: Sequence[int]) -> Sampler:
        return cast(Sampler, Recital(self._recited(self._asked(request))))

    def _recited(self, steps: Sequence[int]) -> Iterator[int]:
        """The tokens of these paragraphs, and one that ends the answer."""
        for step in steps:
            text = script(step, self._versions[step]) + ("\n\n" if step != steps[-1] else "")
            self._versions[step] += 1
            yield from self._vocabulary.tokenise(text)
            self.after(step)
        yield min(self._ends)

    @classmethod
    def load(cls, path: str | Path, **options: Any) -> ForcedEngine:
        """As `LlamaCppEngine.load` does."""
        return cast(ForcedEngine, super().load(path, **options))

    @staticmethod
    def _asked(request: Request) -> list[int]:
        """The paragraph the last turn asks for, or every step of the plan where it asks for the whole piece."""
        asked = [turn.text for turn in request.conversation if turn.role is Role.USER][-1]
        numbers = [int(number) for number in _NAMED.findall(asked)]
        return numbers if "in one go" in asked else numbers[-1:]


class Recital:
    """In the place of a sampler: gives out tokens that are known beforehand."""

    def __init__(self, tokens: Iterator[int]) -> None:
        self._tokens = tokens

    def __enter__(self) -> Recital:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def sample(self, context: object, without: Iterable[int] = (), row: int = -1) -> int:
        return next(self._tokens)
