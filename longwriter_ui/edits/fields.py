"""The fields of an operation, checked: whatever a page sends is taken as it should be, or refused with words."""

from __future__ import annotations

from typing import Any

from longwriter_ui.draft import Draft, Paragraph, Status
from longwriter_ui.errors import ConflictError, EditError
from longwriter_ui.plan import MAX_STEP_WORDS
from longwriter_ui.text import clean_text

MAX_STEPS = 500
MAX_TEXT = 400_000  # characters in one paragraph
MAX_POINT = 4_000
MAX_NOTE = 4_000

Op = dict[str, Any]


def index_of(draft: Draft, key: object) -> int:
    try:
        return draft.index(str(key))
    except KeyError as error:
        raise EditError("This paragraph is no longer in the draft.") from error


def paragraph_of(draft: Draft, op: Op) -> Paragraph:
    return draft.paragraphs[index_of(draft, op.get("key"))]


def settled(paragraph: Paragraph) -> Paragraph:
    """A paragraph whose text nobody else is at."""
    if paragraph.status is Status.WRITING:
        raise EditError("This paragraph is being written.", "Stop the writing first.")
    return paragraph


def text_of(op: Op, name: str, limit: int) -> str:
    value = op.get(name)
    if not isinstance(value, str):
        raise EditError(f"The edit lacks its {name.replace('_', ' ')}.")
    if len(value) > limit:
        raise EditError(
            f"This {name.replace('_', ' ')} has {len(value):,} characters; the most is {limit:,}.", "Shorten it."
        )
    return clean_text(value)


def number_of(op: Op, name: str, most: int) -> int:
    """A whole number from 1 to `most`."""
    value = op.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise EditError(f"There is no {name} {value!r} here.")
    return value


def words_of(value: object) -> int:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_STEP_WORDS:
        raise EditError(f"{value!r} is no word count.", f"Give a whole number from 1 to {MAX_STEP_WORDS:,}.")
    return value


def check_was(op: Op, now: object, new: object) -> None:
    """ConflictError where the edit was made over something that is no longer there. An edit that arrives a second
    time, because its first answer was lost, is none."""
    was = op.get("was")
    if was is None or now == new:
        return
    same = was.strip() == now.strip() if isinstance(was, str) and isinstance(now, str) else was == now
    if not same:
        raise ConflictError("This paragraph was changed elsewhere in the meantime.", "Look at both and choose.")
