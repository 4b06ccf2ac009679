"""The held-out requests: real topics and phrasings, written by hand, that training must never see."""

from dataclasses import dataclass
from pathlib import Path

TEXT = Path(__file__).parent / "text"


@dataclass(frozen=True)
class Request:
    """A request with its total, its topic as it stands in the text, and one main point of a user's own."""

    words: int
    topic: str
    text: str
    point: str


def requests(language: str) -> list[Request]:
    """All held-out requests of `en` or `zh`."""
    found = []
    for line in (TEXT / f"heldout.{language}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            words, topic, text, point = (part.strip() for part in line.split(" | "))
            found.append(Request(int(words), topic, text, point))
    return found
