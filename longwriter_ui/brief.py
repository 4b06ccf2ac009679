"""The brief: what the person asks for, validated before anything else happens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from longwriter_ui.errors import BriefError
from longwriter_ui.text import clean_text
from longwriter_ui.words import LANGUAGES, detect_language

MIN_WORDS = 50
MAX_WORDS = 100_000
MAX_INSTRUCTION = 100_000  # characters; more belongs into a file, not into a prompt
DEFAULT_WORDS = 2_000

_NUMBER = r"(\d[\d,]{0,9})"
_ASKED = re.compile(
    rf"(?<![\d,]){_NUMBER}(?:\s{{0,2}}(?:-|–|—|~|to|至|到)\s{{0,2}}{_NUMBER})?\s{{0,3}}-?\s{{0,3}}(?:words?\b|个?字)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Brief:
    """An instruction, a target length in words (characters for Chinese), a language (ISO 639-1), and notes for
    reference that every prompt carries."""

    instruction: str
    target_words: int
    language: str
    notes: str = ""

    @staticmethod
    def create(instruction: str, words: int | str | None = None, language: str | None = None, notes: str = "") -> Brief:
        """A valid brief. `words` missing: the count named in the instruction, else 2,000.

        Raises BriefError, naming what to change, for an empty or endless instruction, endless notes, a target that
        is no number or outside 50-100,000, and an unknown language.
        """
        instruction = clean_text(instruction).strip()
        if not instruction:
            raise BriefError("The instruction is empty.", "Say what should be written, and for whom.")
        if len(instruction) > MAX_INSTRUCTION:
            raise BriefError(
                f"The instruction has {len(instruction):,} characters; at most {MAX_INSTRUCTION:,} can be read.",
                "Shorten it.",
            )
        notes = notes.replace("\x00", "").strip()
        if len(notes) > MAX_INSTRUCTION:
            raise BriefError(
                f"The notes have {len(notes):,} characters; at most {MAX_INSTRUCTION:,} can be read.",
                "Keep what the piece needs, and leave the rest out.",
            )
        if language and language not in LANGUAGES:
            raise BriefError(f"Unknown language {language!r}.", f"Use one of: {', '.join(LANGUAGES)}.")
        target = asked_words(instruction) or DEFAULT_WORDS if words is None else parse_words(words)
        return Brief(instruction, target, language or detect_language(instruction), notes)

    @property
    def asked(self) -> str:
        """All that is asked for, the notes with it; for telling whether it changed."""
        return f"{self.instruction}\0{self.notes}" if self.notes else self.instruction

    @property
    def title(self) -> str:
        """A working title: the first line of the instruction, cut at a word to at most 60 characters."""
        line = self.instruction.splitlines()[0].strip().rstrip(".。")
        if len(line) <= 60:
            return line
        return line[:60].rsplit(" ", 1)[0].rstrip(",;:，；：") + "…"


def parse_words(value: int | str) -> int:
    """A target length as typed ("1500", "1,500", 1500); BriefError when it is none or out of range."""
    text = re.sub(r"[\s,_]", "", str(value))  # separators of thousands, a no-break space too
    if not re.fullmatch(r"[+-]?\d{1,30}(\.0{1,9})?", text):
        raise BriefError(
            f"The target length {str(value)!r} is not a number.", "Give a whole number of words, such as 1500."
        )
    number = int(text.split(".")[0])
    if not MIN_WORDS <= number <= MAX_WORDS:
        raise BriefError(
            f"A target of {number:,} words is out of range.", f"Choose between {MIN_WORDS} and {MAX_WORDS:,} words."
        )
    return number


def asked_words(instruction: str) -> int | None:
    """The length that an instruction itself names ("a 1,500-word guide", "2000字"), in words."""
    for match in _ASKED.finditer(instruction):
        low, high = (int(each.replace(",", "")) for each in (match[1], match[2] or match[1]))
        number = (low + high) // 2
        if MIN_WORDS <= number <= MAX_WORDS:
            return number
    return None
