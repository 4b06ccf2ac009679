"""A draft as a file. One function for each format, all over the one rendering in `document`.

A file is made in memory, written beside its place under a temporary name and then moved there, so a failure leaves
whatever was there before, and the draft is only ever read.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from longwriter_ui.draft import Draft
from longwriter_ui.errors import ExportError
from longwriter_ui.export import markdown, office, pdf, plain, web
from longwriter_ui.export.document import Document, render
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
    return save(path, FORMATS[path.suffix.lower()](render(draft, options)))


def save(path: Path, data: bytes) -> Path:
    """Write `data` to `path`, whole or not at all; ExportError."""
    check(path)
    target = path.resolve()  # through a link, to the file it stands for
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    with _translated(path):
        try:
            temporary.write_bytes(data)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def is_project(path: Path) -> bool:
    """Whether `path` names a project file."""
    return path.name.lower().endswith(PROJECT)


def check(path: Path) -> None:
    """ExportError when `path` can be seen not to work, before any time is spent on the draft."""
    if not is_project(path) and path.suffix.lower() not in FORMATS:
        what = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise ExportError(f"{path} cannot be written: it has {what}.", f"Use one of: {', '.join([*FORMATS, PROJECT])}.")
    with _translated(path):
        folder = path.resolve().parent
        if not folder.is_dir():
            raise ExportError(f"{path} cannot be written: there is no folder {folder}.", "Make the folder first.")
        if path.is_dir():
            raise ExportError(f"{path} cannot be written: it is a folder.", "Give the file another name.")
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise ExportError(
            f"{path} cannot be written: no permission.", "Choose another folder, or close the file."
        ) from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "Free some space, or choose another disk." if full else "Choose another place."
        raise ExportError(f"{path} cannot be written: {error.strerror or error}.", hint) from error
