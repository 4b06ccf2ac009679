"""The self-test of a loaded model: one short answer tells whether its template fits and what it runs at.

A model read with the wrong template still writes; it just does not stop, or writes the template's markers as text.
What it answered is kept for its file and what it runs with, so that the test costs its seconds once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from longwriter_ui import prompts
from longwriter_ui.brief import Brief
from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Cancel, Chunk, Engine, EngineInfo, Request, Sampling, user
from longwriter_ui.plan import Step
from longwriter_ui.wholefile import replace_whole

# One step of a piece, asked for as every step is: what a model made for this, and any other, can answer.
_BRIEF = Brief("Write a short piece about a small harbour in the morning.", 50, "en")
_STEP = Step("What the harbour looks like before the boats go out", 50)
_MOST = 256  # tokens; several times what was asked for
_KEPT = 100  # results; the oldest go first
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


class SelfTests:
    """The results on this machine, in one small file. One that cannot be read or written costs a test, nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, model: Path, info: EngineInfo) -> SelfTest | None:
        """What the model answered, when neither its file nor what it runs with has changed since."""
        value = self._read().get(_key(model, info))
        try:
            return SelfTest(**{**value, "problems": tuple(value["problems"])}) if isinstance(value, dict) else None
        except (LookupError, TypeError):
            return None

    def keep(self, model: Path, info: EngineInfo, test: SelfTest) -> None:
        """Remember a result."""
        key = _key(model, info)
        others = [(name, value) for name, value in self._read().items() if name != key]
        values = dict([*others, (key, asdict(test))][-_KEPT:])
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(self._path, json.dumps(values, indent=1).encode())
        except OSError:
            return

    def _read(self) -> Mapping[str, object]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}


def self_test(engine: Engine, cancel: Cancel) -> SelfTest | None:
    """Let the model write one short paragraph; None when cancelled. EngineError when it cannot compute at all."""
    asked = prompts.opening(_BRIEF, [_STEP]) + prompts.turn(1, _STEP, _BRIEF.language)
    request = Request((user(asked),), Sampling(temperature=0.0), _MOST)
    text, last = "", None
    for event in engine.stream(request, cancel):
        if isinstance(event, Chunk):
            text += event.text
            last = event
            if _MARKERS.search(text):
                break  # that tells enough
    if last is None or last.finish is FinishReason.CANCELLED:
        return None
    return SelfTest(text.strip(), last.written, last.tokens_per_second, tuple(_problems(text, last.finish, engine)))


def _key(model: Path, info: EngineInfo) -> str:
    try:
        state = model.stat()
        file = f"{state.st_size}:{state.st_mtime_ns}"
    except OSError:
        file = ""  # an engine that is no file
    return ":".join((str(model), file, info.template, info.backend, info.runtime, info.adapter))


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
