"""The library as a Gradio component: the drafts there are, to open and to delete, and files that become drafts."""

from __future__ import annotations

from typing import Any

import gradio as gr

from longwriter_ui.errors import LongWriterError
from longwriter_ui.studio import Studio
from longwriter_ui.ui import assets, present
from longwriter_ui.ui.files import import_calls
from longwriter_ui.ui.gate import Gate
from longwriter_ui.ui.visiting import visitor_calls

Json = dict[str, Any]


def library(studio: Studio, gate: Gate, notice: str) -> gr.HTML:
    def drafts(body: Json) -> Json:
        try:
            owner = body["owner"]
            lines = studio.drafts(str(body.get("wanted") or ""), trashed=body.get("trashed") is True, owner=owner)
            trash = len(studio.drafts(trashed=True, owner=owner))
            return {"drafts": [present.summary(line) for line in lines], "trash": trash}
        except LongWriterError as error:
            return {"refused": present.error(error)}

    def remove(body: Json) -> Json:
        try:
            studio.delete(str(body.get("draft") or ""))
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"ok": True}

    def shelve(body: Json) -> Json:
        """What can be done to a draft from outside: rename, duplicate, trash, restore."""
        draft, name = str(body.get("draft") or ""), body.get("do")
        try:
            if name == "rename":
                studio.edit(draft, None, {"do": "set_title", "title": body.get("title")})
            elif name == "duplicate":
                studio.duplicate(draft)
            elif name in ("trash", "restore"):
                studio.trash(draft, name == "trash")
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"ok": True}

    return gr.HTML(
        None,
        html_template=assets.read("library.html"),
        js_on_load=assets.start("startLibrary"),
        server_functions=[
            *gate.calls(drafts, remove, shelve, *visitor_calls(studio, notice)),
            *gate.calls(*import_calls(studio), files=True),
        ],
        apply_default_css=False,
        padding=False,
        elem_id="lw-library",
    )
