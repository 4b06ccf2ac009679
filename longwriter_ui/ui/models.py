"""The models as a Gradio component: the one in use, the files there are, and a path to any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from longwriter_ui.errors import LongWriterError, ModelFileError
from longwriter_ui.studio import Studio
from longwriter_ui.ui import assets, present

Json = dict[str, Any]


def models(studio: Studio, folders: list[Path]) -> gr.HTML:
    """`folders` are searched for .gguf files; the first is the one a person is told to use."""

    def listed(_: Json) -> Json:
        current = studio.model
        file = None if current is None else str(current.path.resolve())
        return {
            "current": present.named(current) | {"file": file},
            "found": gguf_files(folders),
            "folder": str(folders[0]),
        }

    def choose(body: Json) -> Json:
        try:
            studio.choose_model(_path(str(body.get("file") or "")))
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return listed(body)

    return gr.HTML(
        None,
        html_template=assets.read("models.html"),
        js_on_load=assets.start("startModels"),
        server_functions=[listed, choose],
        apply_default_css=False,
        padding=False,
        elem_id="lw-models",
    )


def gguf_files(folders: list[Path]) -> list[Json]:
    """The .gguf files in `folders`, by name."""
    found = {path.resolve() for folder in folders if folder.is_dir() for path in folder.glob("*.gguf")}
    return [
        {"name": path.name, "file": str(path), "bytes": path.stat().st_size}
        for path in sorted(found, key=lambda path: path.name.lower())
        if path.is_file()
    ]


def _path(typed: str) -> Path:
    if not typed:
        raise ModelFileError("No path was given.", "Type the path of a .gguf file.")
    return Path(typed.strip("\"'")).expanduser()
