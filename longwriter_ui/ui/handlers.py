"""What the page's ordinary components call: each turns an event into one call of the studio and an update."""

from __future__ import annotations

from typing import Any

import gradio as gr

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Mode
from longwriter_ui.errors import BriefError, LongWriterError
from longwriter_ui.studio import Studio
from longwriter_ui.ui import present

CUSTOM = "Custom"
LENGTHS = ("1,000", "3,000", "10,000", CUSTOM)


class Handlers:
    """Bound to one studio."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def make_plan(
        self, instruction: str, length: str, custom: str, language: str, notes: str, mode: str, seed: str
    ) -> dict[str, Any]:
        """Create the draft and start planning; the board opens it, or shows beside the form why not."""
        try:
            words = custom if length == CUSTOM else length
            brief = Brief.create(instruction or "", words, language or None, notes or "")
            draft = self._studio.create(brief, _mode(mode), _seed(seed))
            self._studio.plan(draft.id)
        except LongWriterError as error:
            return gr.update(reply={"refused": present.error(error)})
        return gr.update(reply={"draft": draft.id})


def _mode(chosen: str) -> Mode:
    """The mode; the settings come from the browser, which may remember those of another version."""
    try:
        return Mode(chosen)
    except ValueError as error:
        raise BriefError(f"There is no way of writing {chosen!r}.", "Choose one under Settings.") from error


def _seed(typed: str | None) -> int | None:
    text = (typed or "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 10 or int(text) >= 2**31:
        raise BriefError(
            f"The seed {text[:20]!r} is no number that can be used.", "Change it under Settings: 0 or more."
        )
    return int(text)
