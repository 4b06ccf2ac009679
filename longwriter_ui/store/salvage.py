"""A damaged store is set aside, and a new one takes its place with all that can be read of it.

In this order, so that a kill or a power cut between any two steps loses nothing: the damaged file is copied, a new
store is made beside it, a notice to the person is written, the new store gets the name that says it is whole, and only
then it takes the place of the damaged one.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from longwriter_ui.store.migrations import refuse_newer
from longwriter_ui.store.wreck import copy_rows
from longwriter_ui.wholefile import replace_whole, sync, sync_folder

_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside its file


def is_damage(error: BaseException) -> bool:
    """Whether the error says that the file itself is wrong, not the disk, its permissions or another process."""
    # SQLite's codes for damage are the only ones that Python raises as DatabaseError itself.
    return type(error) is sqlite3.DatabaseError or (isinstance(error, sqlite3.Error) and "malformed" in str(error))


def notice_of(path: Path) -> Path:
    """Where it is written what happened to the store `path`, until the person has read it."""
    return path.with_name(f"{path.stem}.notice.txt")


def salvage(path: Path, opened: Callable[[Path], sqlite3.Connection]) -> None:
    """Put a new store in the place of the damaged one; `opened` makes and opens stores of today. What cannot be read is
    still in the copy of the damaged file. A store of a newer version is refused, with a StoreError."""
    with FileLock(_lock_of(path)):
        try:
            opened(path).close()
            return  # another process was faster
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
        aside = path.with_name(f"{path.stem}.damaged-{datetime.now():%Y%m%d-%H%M%S}{path.suffix}")
        for beside in ("", "-wal"):
            if (source := _beside(path, beside)).exists():
                shutil.copyfile(source, _beside(aside, beside))
                sync(_beside(aside, beside))
        fresh = path.with_name(f"{path.stem}.salvaging{path.suffix}")
        for beside in ("", *_BESIDE):
            _beside(fresh, beside).unlink(missing_ok=True)
        with closing(opened(fresh)) as store:
            with closing(sqlite3.connect(aside)) as wreck:
                refuse_newer(wreck)
                whole = copy_rows(wreck, store)
            drafts, texts = (
                store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("drafts", "versions")
            )
            store.execute("PRAGMA journal_mode = DELETE")  # one file, that can be moved
        sync(fresh)
        replace_whole(notice_of(path), _notice(path, aside, drafts, texts, whole).encode())
        fresh.replace(_ready_of(path))
        _take_place(path)


def finish(path: Path) -> None:
    """If a salvaged store is waiting to take its place, because that was interrupted, let it."""
    if _ready_of(path).exists():
        with FileLock(_lock_of(path)):
            _take_place(path)


def _take_place(path: Path) -> None:
    if _ready_of(path).exists():
        for beside in _BESIDE:  # of the damaged file; with the new one they would be damage again
            _beside(path, beside).unlink(missing_ok=True)
        sync_folder(path.parent)
        _ready_of(path).replace(path)
        sync_folder(path.parent)


def _notice(path: Path, aside: Path, drafts: int, texts: int, whole: bool) -> str:
    saved = f"{drafts:,} drafts with {texts:,} texts" if drafts or texts else "nothing"
    rest = "That is all there was." if whole else "Something may be missing: look through your drafts."
    return (
        f"The file with your drafts was damaged. It was set aside as {aside.name}, and {saved} could be read from it. "
        f"{rest} Backups that were made before updates are in the same folder, {path.parent}."
    )


def _ready_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.salvaged{path.suffix}")


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.salvage.lock")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
