"""Prompt files: one JSON object a line, {"prompt": str, "type": str, "length": int}, as LongBench-Write has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longwriter_ui.errors import StoreError
from longwriter_ui.jsonl import Json, read_lines
from longwriter_ui.words import detect_language

OWN_PROMPTS = Path(__file__).with_name("prompts.jsonl")


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
    if not path.is_file():
        raise StoreError(f"There is no file {path}.", "Check the path to the prompts.")
    prompts = tuple(_prompt(value, number, path) for number, value in enumerate(read_lines(path), 1))
    if not prompts:
        raise StoreError(f"{path} holds no prompts.", 'Each line is {"prompt": ..., "type": ..., "length": ...}.')
    return prompts


def _prompt(value: dict[str, Any], number: int, path: Path) -> Prompt:
    prompt, length = value.get("prompt"), value.get("length")
    if not isinstance(prompt, str) or not prompt.strip():
        raise StoreError(f'Prompt {number} of {path} has no text in "prompt".')
    if not isinstance(length, int) or isinstance(length, bool) or length <= 0:
        raise StoreError(f'Prompt {number} of {path} has no number of words in "length".')
    return Prompt(prompt, str(value.get("type") or ""), length, detect_language(prompt))
