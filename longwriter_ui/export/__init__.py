"""A draft as a file. One function for each format, all over the one rendering in `document`.

A file is made in memory first and then written whole (see `files`), and the draft is only ever read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from longwriter_ui.draft import Draft
from longwriter_ui.errors import ExportError
from longwriter_ui.export import docx, markdown
from longwriter_ui.export.document import Document, render
from longwriter_ui.export.files import check_place, write_whole

FORMATS: dict[str, Callable[[Document], bytes]] = {".md": markdown.render, ".docx": docx.render}


def export(draft: Draft, path: Path) -> Path:
    """Write `draft` to `path` in the format its suffix names; ExportError when that cannot be done."""
    check(path)
    write_whole(path, FORMATS[path.suffix.lower()](render(draft)))
    return path


def check(path: Path) -> None:
    """ExportError when `path` can be seen not to work, before any time is spent on the draft."""
    if path.suffix.lower() not in FORMATS:
        what = f"the suffix {path.suffix!r} is unknown" if path.suffix else "it has no suffix"
        raise ExportError(f"{path} cannot be written: {what}.", f"Use one of: {', '.join(FORMATS)}.")
    check_place(path)
