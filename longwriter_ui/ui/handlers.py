"""What the page's ordinary components call: each turns an event into one call of the studio and an update."""

from __future__ import annotations

from typing import Any

import gradio as gr

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Mode
from longwriter_ui.errors import LongWriterError
from longwriter_ui.studio import Studio
from longwriter_ui.ui import present

CUSTOM = "Custom"
LENGTHS = ("1,000", "3,000", "10,000", CUSTOM)


class Handlers:
    """Bound to one studio."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def make_plan(self, instruction: str, length: str, custom: str, language: str, notes: str) -> dict[str, Any]:
        """Create the draft and start planning; the board opens it, or shows beside the form why not."""
        saved = self._studio.loader.settings
        try:
            words = custom if length == CUSTOM else length
            brief = Brief.create(instruction or "", words, language or None, notes or "")
            manner = saved.manner.with_values({"length": saved.length})
            draft = self._studio.create(brief, Mode(saved.mode), saved.seed, manner)
            self._studio.plan(draft.id)
        except LongWriterError as error:
            return gr.update(reply={"refused": present.error(error)})
        return gr.update(reply={"draft": draft.id})
