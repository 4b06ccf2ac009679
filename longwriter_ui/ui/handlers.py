"""What the page's ordinary components call: each turns an event into one call of the studio and an update."""

from __future__ import annotations

from typing import Any

import gradio as gr

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Mode
from longwriter_ui.errors import LongWriterError
from longwriter_ui.studio import Studio
from longwriter_ui.ui import present
from longwriter_ui.ui.gate import Gate

CUSTOM = "Custom"
LENGTHS = ("1,000", "3,000", "10,000", CUSTOM)


class Handlers:
    """Bound to one studio."""

    def __init__(self, studio: Studio, gate: Gate) -> None:
        self._studio = studio
        self._gate = gate

    def make_plan(
        self,
        instruction: str,
        length: str,
        custom: str,
        language: str,
        notes: str,
        request: gr.Request,
        profile: gr.OAuthProfile | None,
    ) -> dict[str, Any]:
        """Create the draft and start planning; the board opens it, or shows beside the form why not."""
        saved = self._studio.loader.settings
        try:
            owner = self._gate.owner(request, profile.username if profile is not None else None)
            words = custom if length == CUSTOM else length
            brief = Brief.create(instruction or "", words, language or None, notes or "")
            manner = saved.manner.with_values({"length": saved.length})
            draft = self._studio.create(brief, Mode(saved.mode), saved.seed, manner, owner)
            self._studio.plan(draft.id)
        except LongWriterError as error:
            return gr.update(reply=self._gate.tidy({"refused": present.error(error)}))
        return gr.update(reply={"draft": draft.id})
