"""Prompt files: one JSON object a line, {"prompt": str, "type": str, "length": int}, as LongBench-Write has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longwriter_ui.brief import MAX_WORDS
from longwriter_ui.errors import StoreError
from longwriter_ui.jsonl import Json, load_lines
from longwriter_ui.words import detect_language

OWN_PROMPTS = Path(__file__).with_name("prompts.jsonl")
_FORM = 'Each line is {"prompt": ..., "type": ..., "length": 800}.'


@dataclass(frozen=True)
class Prompt:
    """What is to be written, and how long, in words (characters for Chinese). `language` is an ISO 639-1 code."""

    prompt: str
    type: str
    length: int
    language: str

    def values(self) -> Json:
        """As a line of a prompt file."""
        return {"prompt": self.prompt, "type": self.type, "length": self.length}


def load_prompts(path: Path) -> tuple[Prompt, ...]:
    """The prompts of a file; StoreError, naming the line, when one cannot be used, or when there are none."""
    prompts = tuple(_prompt(value, number, path) for number, value in enumerate(load_lines(path), 1))
    if not prompts:
        raise StoreError(f"{path} holds no prompts.", _FORM)
    return prompts


def words_of(value: Any) -> int | None:
    """A length in words as JSON may have it, 800 or 800.0; None for anything else, and for more than can be asked for.

    >>> words_of(800), words_of(800.0), words_of("800"), words_of(0), words_of(True)
    (800, 800, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= MAX_WORDS:
        return None
    return int(value) if value == int(value) else None


def _prompt(value: dict[str, Any], number: int, path: Path) -> Prompt:
    prompt, length = value.get("prompt"), words_of(value.get("length"))
    if not isinstance(prompt, str) or not prompt.strip():
        raise StoreError(f'Prompt {number} of {path} has no text in "prompt".', _FORM)
    if length is None:
        raise StoreError(
            f'Prompt {number} of {path} has no number of words from 1 to {MAX_WORDS:,} in "length".', _FORM
        )
    return Prompt(prompt, str(value.get("type") or ""), length, detect_language(prompt))
