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
from longwriter_ui.export import docx, markdown
from longwriter_ui.export.document import Document, render

FORMATS: dict[str, Callable[[Document], bytes]] = {".md": markdown.render, ".docx": docx.render}


def export(draft: Draft, path: Path) -> Path:
    """Write `draft` to `path` in the format its suffix names; ExportError when that cannot be done."""
    check(path)
    data = FORMATS[path.suffix.lower()](render(draft))
    target = path.resolve()  # through a link, to the file it stands for
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    with _translated(path):
        try:
            temporary.write_bytes(data)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def check(path: Path) -> None:
    """ExportError when `path` can be seen not to work, before any time is spent on the draft."""
    if path.suffix.lower() not in FORMATS:
        what = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise ExportError(f"{path} cannot be written: it has {what}.", f"Use one of: {', '.join(FORMATS)}.")
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
