"""Writing a file whole or not at all: under a temporary name beside its place, then moved there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longwriter_ui.errors import ExportError
from longwriter_ui.wholefile import replace_whole


def check_place(path: Path) -> None:
    """ExportError when it can be seen that `path` cannot be written: no folder, a folder itself, no permission."""
    with _translated(path):
        folder = path.resolve().parent
        if not folder.is_dir():
            raise ExportError(f"{path} cannot be written: there is no folder {folder}.", "Make the folder first.")
        if path.is_dir():
            raise ExportError(f"{path} cannot be written: it is a folder.", "Give the file another name.")
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`; ExportError leaves what was there before, and nothing else."""
    with _translated(path):
        replace_whole(path, data)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise ExportError(
            f"{path} cannot be written: no permission.", "Choose another folder, or close the file."
        ) from error
    except RuntimeError as error:  # of pathlib
        raise ExportError(f"{path} cannot be written: it is a link to itself.", "Choose another place.") from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "Free some space, or choose another disk." if full else "Choose another place."
        raise ExportError(f"{path} cannot be written: {error.strerror or error}.", hint) from error
