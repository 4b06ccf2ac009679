"""What the page's scripts call for files: choices and preview of an export, the file itself, and files as new drafts.

Each function takes one JSON object and gives one back; a LongWriterError becomes `refused` with its message and hint.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from longwriter_ui.errors import ExportError, ImportRefused, LongWriterError, StoreError
from longwriter_ui.export import FORMATS, PROJECT
from longwriter_ui.imports import SUFFIXES
from longwriter_ui.project import MAX_BYTES
from longwriter_ui.studio import Studio
from longwriter_ui.ui import present
from longwriter_ui.ui.exports import ExportFolder, file_name

Json = dict[str, Any]
Call = Callable[[Json], Json]
_T = TypeVar("_T")

_MOST_OF_VISITORS = 32 * 1024 * 1024  # bytes of a file; what they may keep is less than that


def most_sent(studio: Studio) -> int:
    """How many bytes a file sent by the page may have: as many as a project file of one's own, on one's own studio."""
    return MAX_BYTES if studio.limits is None else _MOST_OF_VISITORS


def export_calls(studio: Studio, exports: ExportFolder) -> list[Call]:
    """`look`, `choose` and `fetch` of the board."""

    def look(body: Json) -> Json:
        """What was chosen for the draft, and how it would look."""
        try:
            draft = _draft(body)
            return {"options": studio.export_options(draft).values(), "preview": studio.preview(draft)}
        except LongWriterError as error:
            return {"refused": present.error(error)}

    def choose(body: Json) -> Json:
        """Change some of the draft's options; the answer is `look`'s."""
        values = body.get("options")
        try:
            studio.set_export_options(_draft(body), values if isinstance(values, dict) else {})
        except LongWriterError as error:
            return look(body) | {"refused": present.error(error)}
        return look(body)

    def fetch(body: Json) -> Json:
        """Export the draft to a file and say where it can be fetched."""
        suffix = f".{body.get('format')}"
        try:
            if suffix not in (*FORMATS, PROJECT):  # it comes from outside and becomes part of a path
                raise ExportError(f"There is no format {suffix!r}.")
            draft = studio.draft(_draft(body))
            path = studio.export(draft.id, exports.place(draft.title, suffix))
        except LongWriterError as error:
            return {"refused": present.error(error)}
        return {"href": f"gradio_api/file={path.as_posix()}", "name": path.name}

    return [look, choose, fetch]


def import_calls(studio: Studio) -> list[Call]:
    """`bring` of the library."""

    def bring(body: Json) -> Json:
        """Make the file `name` with the content `data` (base64) into a draft."""
        try:
            name, data = str(body.get("name") or ""), str(body.get("data") or "")
            most, owner = most_sent(studio), body["owner"]
            return {"draft": _with_file(name, data, most, lambda path: studio.import_file(path, owner)).id}
        except LongWriterError as error:
            return {"refused": present.error(error)}

    return [bring]


def notes_calls(studio: Studio) -> list[Call]:
    """`notes` of the brief's form."""

    def notes(body: Json) -> Json:
        """The text of a file, to be notes for reference."""
        try:
            name, data = str(body.get("name") or ""), str(body.get("data") or "")
            return {"text": _with_file(name, data, most_sent(studio), studio.text_of)}
        except LongWriterError as error:
            return {"refused": present.error(error)}

    return [notes]


def _with_file(name: str, data: str, most: int, use: Callable[[Path], _T]) -> _T:
    """`use` of the file `name` with the content `data` (base64), of `most` bytes."""
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)
    if suffix is None:
        raise ImportRefused(f"{name or 'The file'} cannot be read.", f"Use one of: {', '.join(SUFFIXES)}.")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImportRefused("The file did not arrive whole.", "Try again.") from error
    if len(content) > most:
        raise ImportRefused(f"The file is larger than {most // 2**20} MB.", "Divide it into parts.")
    try:
        with tempfile.TemporaryDirectory(prefix="longwriter-") as folder:
            path = Path(folder) / (file_name(name[: -len(suffix)]) + suffix)
            path.write_bytes(content)
            return use(path)
    except OSError as error:
        raise StoreError(
            f"The file cannot be kept while it is read: {error.strerror or error}.",
            f"Is there space in {tempfile.gettempdir()}?",
        ) from error


def _draft(body: Json) -> str:
    return str(body.get("draft") or "")
