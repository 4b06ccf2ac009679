"""Pieces written in bulk: each is a draft while it is being written, and its draft is noted in a file.

So a process that is killed loses half a second of a piece, and the next one goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Draft, Mode, new_key
from longwriter_ui.engine.base import Cancel
from longwriter_ui.errors import DraftNotFound
from longwriter_ui.jobs import Job
from longwriter_ui.jsonl import Appender, read_lines
from longwriter_ui.progress import Progress
from longwriter_ui.studio import Studio


class Pieces:
    """Writes pieces, by number, with one studio. `noted` is the file that says which draft holds which piece; the
    drafts of another model are not gone on with."""

    def __init__(self, studio: Studio, cancel: Cancel, noted: Appender, known: Path) -> None:
        self._studio, self._cancel, self._noted = studio, cancel, noted
        self._model = studio.model.label if studio.model else ""
        lines = {line["n"]: line for line in read_lines(known)}  # the last one of a piece holds
        self._drafts = {n: (str(line["draft"]), str(line["model"])) for n, line in lines.items() if line["draft"]}

    def write(self, n: int, brief: Brief, mode: Mode, seed: int, jobs: list[Job]) -> Generator[Progress, None, bool]:
        """Plan and write piece `n`, or go on with it; False when it was stopped. Its jobs are put into `jobs`.
        Raises what planning or writing failed with."""
        draft = self.draft(n)
        if draft is not None and self._drafts[n][1] != self._model:
            self.remove(n)
            draft = None
        if draft is None:
            # Noted before it is there: a process killed in between must not leave a draft that nobody knows.
            key = new_key()
            self._drafts[n] = (key, self._model)
            self._noted.append({"n": n, "draft": key, "model": self._model})
            draft = self._studio.create(brief, mode, seed, key=key)
        if not draft.paragraphs and not (
            yield from follow(self._studio, self._studio.plan(draft.id), jobs, self._cancel)
        ):
            return False
        return (yield from follow(self._studio, self._studio.write(draft.id), jobs, self._cancel))

    def draft(self, n: int) -> Draft | None:
        """The draft of piece `n` as it is now, if there is one."""
        if n not in self._drafts:
            return None
        try:
            return self._studio.draft(self._drafts[n][0])
        except DraftNotFound:
            return None

    def keep(self, n: int) -> None:
        """Leave the draft of piece `n` in the library, if there is one: from now on it is the person's."""
        if self._drafts.pop(n, None) is not None:
            self._noted.append({"n": n, "draft": None, "model": self._model})

    def remove(self, n: int) -> None:
        """Delete the draft of piece `n`, if there is one; with a person's changes in it, it goes into the trash."""
        if self.draft(n) is None:
            return
        key = self._drafts[n][0]
        if self._studio.touched(key):
            self._studio.trash(key)
            self.keep(n)
        else:
            self._studio.delete(key)
            del self._drafts[n]


def follow(studio: Studio, job: Job, jobs: list[Job], cancel: Cancel) -> Generator[Progress, None, bool]:
    """Progress several times a second until the job has ended; False when it was stopped. Raises what it failed with.
    The job is put into `jobs`."""
    jobs.append(job)
    yield from _until_ended(studio, job, cancel)
    if job.failure is not None:
        raise job.failure
    return not job.cancelled.is_set()


def finished(work: Generator[Progress, None, bool]) -> bool:
    """Do the work to its end, without a look at its progress; False when it was stopped."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return bool(end.value)


def _until_ended(studio: Studio, job: Job, cancel: Cancel) -> Iterator[Progress]:
    while not job.wait(0.2):
        if cancel.is_set() and not job.cancelled.is_set():
            studio.cancel(job)
        if (progress := studio.progress(job)) is not None:
            yield progress
