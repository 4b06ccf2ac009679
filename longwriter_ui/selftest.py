"""The self-test of a loaded model: one short answer tells whether its template fits and what it runs at.

A model read with the wrong template still writes; it just does not stop, or writes the template's markers as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Cancel, Chunk, Engine, Request, Sampling, user

_PROMPT = "Write one sentence about a small harbour in the morning."
_MOST = 160  # tokens; several sentences
_MARKERS = re.compile(
    r"\[/?INST\]|<</?SYS>>|</?s>|\[gMASK\]|<sop>|<(?:start|end)_of_turn>"
    r"|<\|[\w ]{2,40}\|>|<\uff5c[^<>\uff5c]{2,40}\uff5c>"
)


@dataclass(frozen=True)
class SelfTest:
    """What the model answered. `problems` are sentences for the person, none when all is well."""

    text: str
    tokens: int
    tokens_per_second: float
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def self_test(engine: Engine, cancel: Cancel) -> SelfTest | None:
    """Let the model answer a fixed prompt; None when cancelled. EngineError when it cannot compute at all."""
    request = Request((user(_PROMPT),), Sampling(temperature=0.0), _MOST)
    text, last = "", None
    for event in engine.stream(request, cancel):
        if isinstance(event, Chunk):
            text += event.text
            last = event
    if last is None or last.finish is FinishReason.CANCELLED:
        return None
    return SelfTest(text.strip(), last.written, last.tokens_per_second, tuple(_problems(text, last.finish, engine)))


def _problems(text: str, finish: FinishReason | None, engine: Engine) -> list[str]:
    problems = []
    if not re.search(r"\w", text):
        problems.append("No text came.")
    elif finish is FinishReason.LENGTH:
        problems.append("The answer did not end by itself.")
    marker = _MARKERS.search(text)
    if marker:
        problems.append(f"A marker of a template appeared in the text: {marker[0]}")
    if "\ufffd" in text:
        problems.append("The text has characters that are none.")
    if problems:
        problems.append(f"The template in use is {engine.info.template}; another may fit this model better.")
    return problems
