"""Files on their way to the browser: a private folder, one unguessable subfolder each, kept for an hour at most."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import time
from pathlib import Path

_KEEP_SECONDS = 3600
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*%#]+')


class ExportFolder:
    """Anyone with the address of a file can fetch it, so addresses cannot be guessed and do not last."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="longwriter-")

    @property
    def path(self) -> Path:
        return Path(self._folder.name)

    def place(self, title: str, suffix: str) -> Path:
        """A new path for a file named after `title`; older files are removed."""
        self._remove_old()
        folder = self.path / secrets.token_urlsafe(16)
        folder.mkdir()
        return folder / (file_name(title) + suffix)

    def close(self) -> None:
        self._folder.cleanup()

    def _remove_old(self) -> None:
        for folder in self.path.iterdir():
            if time.time() - folder.stat().st_mtime > _KEEP_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def file_name(title: str) -> str:
    """A title as a file name that every system takes."""
    name = " ".join(_UNSAFE.sub(" ", title).split())[:80]
    name = name.encode()[:180].decode(errors="ignore").strip(". ")  # systems limit the bytes of a name
    return name or "Draft"
