"""Requests that training must never see, real topics and phrasings, written by hand: `heldout`, by which the figures
are taken, and `dev`, which decisions may go by.
"""

from dataclasses import dataclass
from pathlib import Path

TEXT = Path(__file__).parent / "text"
SPLITS = ("heldout", "dev")


@dataclass(frozen=True)
class Request:
    """A request with its total, its topic as it stands in the text, and one main point of a user's own."""

    words: int
    topic: str
    text: str
    point: str


def load(language: str, split: str = SPLITS[0]) -> list[Request]:
    """All requests of a split in `en` or `zh`."""
    found = []
    for line in (TEXT / f"{split}.{language}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            words, topic, text, point = (part.strip() for part in line.split(" | "))
            found.append(Request(int(words), topic, text, point))
    return found
