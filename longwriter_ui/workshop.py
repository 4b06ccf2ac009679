"""Where jobs are done: one worker thread, and one lock per draft.

One process at a time works on a draft; the lock is a file, which the system frees even when a process is killed.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from filelock import FileLock, Timeout

from longwriter_ui import pipeline
from longwriter_ui.draft import Draft
from longwriter_ui.engine.base import Sampling, user
from longwriter_ui.errors import DraftBusy, LongWriterError
from longwriter_ui.events import Failed, Loading, ParagraphStarted
from longwriter_ui.host import EngineHost
from longwriter_ui.jobs import Job, Kind, Work, Worker
from longwriter_ui.loading import Loader, LoadJob
from longwriter_ui.paths import Home
from longwriter_ui.progress import Pace, Progress
from longwriter_ui.recorder import Recorder
from longwriter_ui.revision import Revision, task_of
from longwriter_ui.store.drafts import DraftStore
from longwriter_ui.weights.speed import Speeds

_MEASURED = 50  # tokens written; the speed of fewer says little


@dataclass(frozen=True)
class Price:
    """What a rewrite costs: tokens to be read again, seconds of reading and of writing (None: not measured yet)."""

    tokens: int
    reading: float | None
    writing: float | None


class Workshop:
    """Jobs on the drafts of one store with the model of one host."""

    def __init__(
        self, home: Home, host: EngineHost, store: DraftStore, sampling: Sampling, loader: Loader, speeds: Speeds
    ) -> None:
        self._home = home
        self._host = host
        self._store = store
        self._sampling = sampling
        self._loader = loader
        self._speeds = speeds
        self._jobs: dict[str, Job] = {}
        self._pace = Pace()
        self._recover()
        self._worker = Worker(self._perform)

    def close(self) -> bool:
        """Stop every job; False when one hangs in the engine."""
        return self._worker.close()

    def start(self, draft_id: str, kind: Kind, keys: Sequence[str] | None = None, work: Work | None = None) -> Job:
        """Queue a job; DraftBusy when the draft has one already, here or in another process."""
        job = Job(draft_id, kind, self.acquire(draft_id).release, keys, work)
        self._jobs[draft_id] = job
        self._worker.submit(job)
        return job

    def submit(self, job: LoadJob) -> LoadJob:
        """Queue the loading of a model behind the jobs that there are."""
        self._worker.submit(job)
        return job

    def cancel(self, job: Job) -> None:
        self._worker.cancel(job)

    def progress_of(self, job: Job) -> Progress | None:
        """How a job is doing; None when it has ended."""
        return self._worker.progress(job)

    def job(self, draft_id: str) -> Job | None:
        """The draft's last job since the program began."""
        return self._jobs.get(draft_id)

    def stop(self, draft_id: str) -> None:
        job = self._jobs.get(draft_id)
        if job is not None:
            self._worker.cancel(job)

    def progress(self, draft_id: str) -> tuple[Progress | None, LongWriterError | None]:
        """How the draft's job is doing (None: none runs), and what went wrong in the last one."""
        job = self._jobs.get(draft_id)
        return (None, None) if job is None else (self._worker.progress(job), job.failure)

    def price(self, draft: Draft, index: int, how: Revision) -> Price:
        """Measured where the model is loaded, else from the length of the text."""
        engine = self._host.loaded
        vocabulary = engine.info.vocabulary if engine else ""
        task, words = task_of(draft, index, vocabulary, how)
        per_word = pipeline.tokens_per_word(engine, draft.brief.language) if engine else 1.3
        if engine:
            tokens = engine.measure(task.conversation).unread
        else:
            tokens = sum(self.tokens(turn.text) for turn in task.conversation)
        pace = self._pace
        return Price(
            tokens,
            tokens / pace.reading if pace.reading else None,
            words * per_word / pace.writing if pace.writing else None,
        )

    def tokens(self, text: str) -> int:
        engine = self._host.loaded
        if engine is None:
            wide = sum(char > "\u2e7f" for char in text)
            return wide + (len(text) - wide + 3) // 4
        return engine.measure((user(text),)).total - engine.measure((user(""),)).total

    def acquire(self, draft_id: str) -> FileLock:
        """The draft's lock; DraftBusy when somebody has it."""
        self._home.locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._home.locks / f"{draft_id}.lock", thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise DraftBusy(
                "This draft is being planned or written already.",
                "Wait until that is done, or stop it.",
                retryable=True,
            ) from error
        return lock

    def _perform(self, job: Job) -> None:
        if isinstance(job, LoadJob):
            self._loader.perform(job)
            return
        propose = job.kind == "plan" and self._store.get(job.draft_id).edited_steps > 0
        try:
            with Recorder(self._store, job.draft_id, propose=propose) as recorder:
                try:
                    self._run(job, recorder)
                except LongWriterError as error:
                    recorder.failed(error)
                    job.emit(Failed(error))
        finally:
            self._store.recover(job.draft_id)  # nothing to do unless the job broke off unexpectedly

    def _run(self, job: Job, recorder: Recorder) -> None:
        self._store.recover(job.draft_id)
        draft = self._store.get(job.draft_id)
        if not self._host.is_loaded and self._host.choice is not None:
            loading = Loading(self._host.choice.name)
            job.meter.update(loading, draft)
            job.emit(loading)
        began = time.monotonic()
        engine = self._host.engine()
        job.load_seconds = time.monotonic() - began
        job.meter.begin(draft, pipeline.tokens_per_word(engine, draft.brief.language), job.keys)

        def current() -> Draft:
            return self._store.get(job.draft_id)

        writer = pipeline.Writer(engine, self._sampling, job.cancelled)
        if job.work is not None:
            events = job.work(current, writer)
        elif job.kind == "plan":
            # Another plan of the same draft gets another seed; the first one has the draft's own.
            again = zlib.crc32(repr(draft.steps).encode()) if draft.steps else 0
            sampling = replace(self._sampling, seed=(draft.seed + again) & 0xFFFFFFFF)
            events = pipeline.plan(draft.brief, engine, sampling, job.cancelled)
        else:
            events = pipeline.write(current, writer, job.keys)
        for event in events:
            recorder.record(event)
            if isinstance(event, ParagraphStarted):
                draft = self._store.get(job.draft_id)
            self._pace.update(event, time.monotonic())
            job.meter.reading = self._pace.reading
            job.meter.update(event, draft)
            job.emit(event)
        if job.kind == "write" and job.usage.written >= _MEASURED and self._host.choice is not None:
            self._speeds.record(self._host.choice.path, job.meter.progress.tokens_per_second)

    def _recover(self) -> None:
        """Close what an earlier process left open when it was killed."""
        for draft_id in self._store.interrupted():
            try:
                lock = self.acquire(draft_id)
            except DraftBusy:
                continue  # another process is writing it this moment
            try:
                self._store.recover(draft_id)
            finally:
                lock.release()
