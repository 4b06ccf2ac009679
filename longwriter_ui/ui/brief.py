"""What the brief's form calls: a new piece, and the language, the length and the price of what is typed.

Each function takes one JSON object and gives one back; a LongWriterError becomes `refused` with its message and hint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from longwriter_ui.brief import Brief, asked_words
from longwriter_ui.draft import Mode
from longwriter_ui.errors import LimitReached, LongWriterError
from longwriter_ui.studio import Studio
from longwriter_ui.ui import present
from longwriter_ui.words import detect_language

Json = dict[str, Any]

MAX_LOOKED_AT = 5_000  # characters of an instruction whose language and length are told


def brief_calls(studio: Studio) -> list[Callable[[Json], Json]]:
    """`begin` and `weigh`."""

    def begin(body: Json) -> Json:
        """Create the draft and start planning it."""
        asked, words, language, notes = (_text(body, name) for name in ("instruction", "words", "language", "notes"))
        saved = studio.loader.settings
        try:
            brief = Brief.create(asked, words, language or None, notes)
            manner = saved.manner.with_values({"length": saved.length})
            draft = studio.create(brief, Mode(saved.mode), saved.seed, manner, body["owner"])
            try:
                studio.plan(draft.id)
            except LimitReached:
                studio.delete(draft.id)  # else each refusal would leave an empty draft
                raise
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"draft": draft.id}

    def weigh(body: Json) -> Json:
        """The language an instruction seems to be in, the length it names, and what the notes will cost."""
        asked, notes = _text(body, "instruction"), _text(body, "notes")
        language = detect_language(asked[:MAX_LOOKED_AT]) if asked.strip() else ""
        tokens = studio.tokens(notes) if notes.strip() else 0
        return {"language": language, "words": asked_words(asked[:MAX_LOOKED_AT]), "tokens": tokens}

    return [begin, weigh]


def _text(body: Json, name: str) -> str:
    return str(body.get(name) or "")
