"""One writer for a draft: a lock file for each, which the system frees even when a process is killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from longwriter_ui.errors import DraftBusy, StoreError


class DraftLocks:
    """The locks in `folder`, by draft id. Ids are the store's own, never a person's text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def acquire(self, draft_id: str) -> FileLock:
        """Take the draft's lock, to be released from any thread; DraftBusy when somebody has it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._path(draft_id), thread_local=False)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise DraftBusy(
                "This draft is being planned or written already.",
                "Wait until that is done, or stop it.",
                retryable=True,
            ) from error
        except OSError as error:
            raise StoreError(
                f"The folder {self._folder} cannot be used: {error}.", "Check its permissions, or LONGWRITER_HOME."
            ) from error
        return lock

    @contextmanager
    def held(self, draft_id: str) -> Iterator[None]:
        """The draft's lock, for as long as the block runs."""
        lock = self.acquire(draft_id)
        try:
            yield
        finally:
            lock.release()

    def forget(self, draft_id: str) -> None:
        """The draft is gone, and so is its lock; a file that cannot be removed does no harm."""
        with suppress(OSError):
            self._path(draft_id).unlink(missing_ok=True)

    def _path(self, draft_id: str) -> Path:
        return self._folder / f"{draft_id}.lock"
