"""The models as a Gradio component: the one in use, those known and here, downloads, a picker for other files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from longwriter_ui.errors import CatalogError, LongWriterError, ModelFileError
from longwriter_ui.models import ModelRow
from longwriter_ui.paths import Home
from longwriter_ui.studio import Studio
from longwriter_ui.ui import assets, present, present_models
from longwriter_ui.ui.gate import Gate

Json = dict[str, Any]

_PAUSE_SECONDS = 3.0  # how long a cancelled download is waited for


def models(studio: Studio, home: Home, local: Callable[[], bool], gate: Gate) -> gr.HTML:
    """`local`: whether only this computer reaches the page; other computers do not get to see its folders."""

    def state(_: Json) -> Json:
        """Everything the tab shows."""
        shelf, now = studio.models, studio.loader.state
        speed = shelf.speeds.of(now.choice.path) if now.choice is not None and now.choice.path is not None else None
        answer: Json = {
            "current": present_models.current(now, studio.loader.settings, speed),
            **present_models.surroundings(shelf.machine, studio.loader.settings, str(home.models)),
            "local": local(),
        }
        try:
            rows = [present_models.row(line, shelf.downloads.state(line.key)) for line in shelf.rows()]
        except CatalogError as error:
            return answer | {"rows": [], "problem": present.error(error)}
        return answer | {"rows": rows}

    def act(body: Json) -> Json:
        """Do one thing a person asked for; the new state, with `refused` where it was not done."""
        try:
            if body.get("endpoint") and not local():
                raise ModelFileError(
                    "Mirrors are named on the computer the studio runs on only.", "Leave the field empty."
                )
            _act(studio, body)
        except LongWriterError as error:
            return state(body) | {"refused": present.error(error)}
        return state(body)

    def browse(body: Json) -> Json:
        """What a folder of this computer holds: folders, and models."""
        if not local():
            return {"refused": {"message": "Folders are shown on this computer only.", "hint": "", "retryable": False}}
        return folder(str(body.get("folder") or ""), home)

    return gr.HTML(
        None,
        html_template=assets.read("models.html"),
        js_on_load=assets.start("startModels"),
        server_functions=gate.calls(state, act, browse),
        apply_default_css=False,
        padding=False,
        elem_id="lw-models",
    )


def folder(named: str, home: Home) -> Json:
    """The folders and .gguf files in a folder; where it cannot be read, in the person's own."""
    place = Path(named) if named else home.models
    try:
        place = place.expanduser()
        entries = sorted(place.resolve(strict=True).iterdir(), key=lambda entry: entry.name.lower())
    except (OSError, ValueError, RuntimeError):  # not there, not a path, nobody's home
        place = Path.home()
        entries = sorted(place.iterdir(), key=lambda entry: entry.name.lower())
    place = place.resolve()
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    return {
        "folder": str(place),
        "parent": str(place.parent) if place.parent != place else None,
        "folders": [{"name": entry.name, "path": str(entry)} for entry in shown if entry.is_dir()],
        "files": [
            {"name": entry.name, "path": str(entry), "bytes": entry.stat().st_size}
            for entry in shown
            if entry.suffix == ".gguf" and entry.is_file()
        ],
    }


def _act(studio: Studio, body: Json) -> None:
    name, shelf = body.get("do"), studio.models
    if name == "load":
        served = studio.model.server if studio.model is not None and not body.get("file") else None
        studio.loader.load(served or _path(body))
    elif name == "open":
        path = _path(body)
        shelf.add(path)
        studio.loader.load(path)
    elif name == "unload":
        studio.loader.unload()
    elif name == "cancel_load":
        studio.loader.cancel()
    elif name == "settings":
        studio.loader.set_engine(_count(body.get("threads"), 1), _count(body.get("gpu_layers"), 0))
        if studio.model is not None and studio.model.path is not None:
            studio.loader.set_template(studio.model.path, str(body.get("template") or "") or None)
            studio.loader.set_adapter(studio.model.path, str(body.get("adapter") or "").strip())
    elif name in ("download", "verify", "pause", "discard", "remove"):
        _change(studio, str(name), _row(studio, body), str(body.get("endpoint") or "") or None)
    else:
        raise ModelFileError(f"Unknown command {name!r}.")


def _change(studio: Studio, name: str, row: ModelRow, endpoint: str | None) -> None:
    shelf = studio.models
    if name == "download":
        shelf.downloads.start(row.key, lambda cancel: shelf.download(row.id, row.quant, cancel, endpoint))
    elif name == "verify":
        path = row.path
        if path is not None:
            shelf.downloads.forget(row.key)
            shelf.downloads.start(row.key, lambda cancel: shelf.verify(path, cancel))
    elif name == "pause":
        shelf.downloads.pause(row.key)
    elif name == "discard":
        shelf.downloads.pause(row.key, _PAUSE_SECONDS)
        transfer = shelf.downloads.state(row.key)
        if transfer is not None and transfer.running:
            raise ModelFileError("The download is still stopping.", "Cancel it again in a moment.", retryable=True)
        shelf.downloads.forget(row.key)
        shelf.discard(row.id, row.quant)
    elif row.path is not None:
        studio.loader.remove(str(row.path))
        shelf.downloads.forget(row.key)


def _row(studio: Studio, body: Json) -> ModelRow:
    for row in studio.models.rows():
        if row.key == body.get("key"):
            return row
    raise ModelFileError("This model is not there any more.", "Look at the list again.")


def _path(body: Json) -> Path:
    typed = str(body.get("file") or "").strip().strip("\"'")
    if not typed:
        raise ModelFileError("No path was given.", "Type the path of a .gguf file.")
    try:
        return Path(typed).expanduser()
    except RuntimeError as error:
        raise ModelFileError(f"There is no folder {typed}.", "Check the path to the model.") from error


def _count(typed: Any, least: int) -> int | None:
    """A number that was typed; None for an empty field."""
    text = "" if typed is None else str(typed).strip()
    if not text:
        return None
    if not text.isdecimal() or not least <= int(text) <= 10_000:
        raise ModelFileError(f"{text!r} is no number that can be used here.", f"Give {least} or more, or nothing.")
    return int(text)
