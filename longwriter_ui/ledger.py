"""Which draft has a job, and what its last one failed of."""

from __future__ import annotations

from longwriter_ui.errors import LongWriterError
from longwriter_ui.jobs import Job


class Ledger:
    """The jobs of drafts that wait or run. Of those that have ended only the failure is kept: a job holds all that it
    told, whether somebody listened or not."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._failures: dict[str, LongWriterError] = {}

    def begin(self, job: Job) -> Job:
        """The job of a draft that has none; it goes when it ends."""
        job.ending = self._ended
        self._failures.pop(job.draft_id, None)
        self._jobs[job.draft_id] = job
        return job

    def running(self, owner: str | None) -> int:
        """How many jobs of a visitor wait or run."""
        return sum(job.owner == owner for job in list(self._jobs.values()))

    def get(self, draft_id: str) -> Job | None:
        """The job of a draft, as long as it waits or runs."""
        return self._jobs.get(draft_id)

    def failure(self, draft_id: str) -> LongWriterError | None:
        """What the last job of a draft ended in, if it failed."""
        return self._failures.get(draft_id)

    def forget(self, draft_id: str) -> None:
        """The draft is deleted."""
        self._failures.pop(draft_id, None)

    def _ended(self, job: Job) -> None:
        if job.failure is not None:
            self._failures[job.draft_id] = job.failure
        del self._jobs[job.draft_id]
