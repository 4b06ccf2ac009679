"""A draft as a file. One function for each format, all over the one rendering in `document`.

A file is made in memory first and then written whole (see `files`), and the draft is only ever read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from longwriter_ui.draft import Draft
from longwriter_ui.errors import ExportError
from longwriter_ui.export import markdown, office, pdf, plain, web
from longwriter_ui.export.document import Document, render
from longwriter_ui.export.files import check_place, write_whole
from longwriter_ui.export.options import Options

FORMATS: dict[str, Callable[[Document], bytes]] = {
    ".md": markdown.render,
    ".docx": office.docx,
    ".odt": office.odt,
    ".pdf": pdf.render,
    ".epub": web.epub,
    ".html": web.html,
    ".txt": plain.render,
}
PROJECT = ".longwriter.json"  # everything there is about a draft; see project


def export(draft: Draft, path: Path, options: Options | None = None) -> Path:
    """Write `draft` to `path` in the format its suffix names; ExportError when that cannot be done."""
    check(path)
    make = FORMATS.get(path.suffix.lower())
    if make is None:
        raise ExportError(f"{path} cannot be written: a project file is made from the library.")
    write_whole(path, make(render(draft, options)))
    return path


def is_project(path: Path) -> bool:
    """Whether `path` names a project file."""
    return path.name.lower().endswith(PROJECT)


def check(path: Path) -> None:
    """ExportError when `path` can be seen not to work, before any time is spent on the draft."""
    if not is_project(path) and path.suffix.lower() not in FORMATS:
        what = f"the suffix {path.suffix!r} is unknown" if path.suffix else "it has no suffix"
        raise ExportError(f"{path} cannot be written: {what}.", f"Use one of: {', '.join([*FORMATS, PROJECT])}.")
    check_place(path)
