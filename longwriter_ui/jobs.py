"""Jobs and the one worker thread that runs them, outside any page or request.

A page may come and go; the job runs on. Jobs wait their turn in order, since a model writes one thing at a time.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from longwriter_ui.draft import Draft, FinishReason
from longwriter_ui.errors import EditError, EngineError, LongWriterError
from longwriter_ui.events import Event, Events, Failed, Finished, ParagraphDone, Usage
from longwriter_ui.host import ModelChoice
from longwriter_ui.pipeline import Writer
from longwriter_ui.progress import Meter, Progress

_log = logging.getLogger(__name__)

# choose: alternatives; point: another main point; load: a model; ask: a question that belongs to no draft
Kind = Literal["plan", "write", "choose", "point", "load", "ask"]
Current = Callable[[], Draft]
Work = Callable[[Current, Writer], Events]


class Job:
    """Planning or writing one draft. `events` is for one listener; progress and outcome are for everybody.
    `release` frees what the job holds on to, when it has ended; `work` is what it does, where that is more than its
    kind and its keys say."""

    def __init__(
        self,
        draft_id: str,
        kind: Kind,
        release: Callable[[], None],
        keys: Sequence[str] | None = None,
        work: Work | None = None,
    ) -> None:
        self.draft_id = draft_id
        self.kind = kind
        self.keys = keys
        self.work = work
        self.cancelled = threading.Event()
        self.meter = Meter(Progress(kind))
        self.failure: LongWriterError | None = None
        self.usage = Usage()
        self.model: ModelChoice | None = None  # that does it, once it is loaded
        self.load_seconds = 0.0
        self.seconds = 0.0  # of work, loading apart
        self._events: queue.SimpleQueue[tuple[Event, Progress]] = queue.SimpleQueue()
        self._release = release
        self._done = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self.rested = False

    def emit(self, event: Event) -> None:
        """Called by the worker; the last event is Finished or Failed."""
        if isinstance(event, ParagraphDone):
            self.usage += event.usage
        if isinstance(event, Finished) and self.kind in ("plan", "choose", "point", "ask"):
            self.usage = event.usage
        if isinstance(event, Failed):
            self.failure = event.error
        self._events.put((event, self.meter.progress))

    def rest(self) -> None:
        """Called by the worker between two words: wait while the job is paused."""
        self._going.wait()

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    def pause(self, paused: bool) -> None:
        """Rest, or go on; measured speeds are worth nothing after a rest."""
        if paused:
            self.rested = True
            self._going.clear()
        else:
            self._going.set()

    def close(self) -> None:
        """Called by the worker when everything of the job is stored."""
        try:
            self._release()
        finally:
            self._done.set()

    def events(self) -> Iterator[Event]:
        """Events as they come, up to and with Finished or Failed."""
        for event, _ in self.with_progress():
            yield event

    def with_progress(self) -> Iterator[tuple[Event, Progress]]:
        """Each event with the progress as it was then: the worker may be far ahead of the listener."""
        while True:
            event, progress = self._events.get()
            last = isinstance(event, Finished | Failed)
            if last:
                self._done.wait()
            yield event, progress
            if last:
                return

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended; False when `timeout` seconds passed first."""
        return self._done.wait(timeout)

    @property
    def ended(self) -> bool:
        return self._done.is_set()


class Worker:
    """Runs jobs one after the other in a daemon thread with `perform`, which emits the job's events."""

    def __init__(self, perform: Callable[[Job], None]) -> None:
        self._perform = perform
        self._waiting: list[Job] = []
        self._running: Job | None = None
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="longwriter-worker", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue the job; while the studio closes, it ends at once. A paused job makes way."""
        with self._changed:
            paused = self._running if self._running is not None and self._running.paused else None
            self._waiting.append(job)
            self._changed.notify_all()
            closing = self._closing
        if paused is not None:
            self.cancel(paused)
        if closing:
            self.cancel(job)

    def progress(self, job: Job) -> Progress | None:
        """The job's progress with its place in the queue; None when it has ended."""
        if job.ended:
            return None
        with self._changed:
            if job in self._waiting:
                place = self._waiting.index(job) + (self._running is not None)
                return replace(job.meter.progress, phase="queued", place=place)
        return replace(job.meter.progress, phase="paused") if job.paused else job.meter.progress

    def pause(self, job: Job, paused: bool) -> None:
        """Let the running job rest, or go on. One that others wait for does not rest: it would keep them waiting."""
        with self._changed:
            if paused and (job is not self._running or self._waiting):
                raise EditError("Another piece waits to be written.", "Stop this one, and go on with it later.")
            job.pause(paused)

    def cancel(self, job: Job) -> None:
        """Stop the job: a running one keeps its text so far, a waiting one leaves the queue at once."""
        job.cancelled.set()
        job.pause(False)
        with self._changed:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
        job.emit(Finished(FinishReason.CANCELLED))
        job.close()

    def close(self, timeout: float = 10.0) -> bool:
        """Cancel everything and wait for the running job to store what it has; False when it did not end in time."""
        with self._changed:
            self._closing = True
            jobs = [*self._waiting, *([self._running] if self._running else [])]
            self._changed.notify_all()
        for job in jobs:
            self.cancel(job)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                job = self._running = self._waiting.pop(0)
            began = time.monotonic()
            try:
                self._perform(job)
            except Exception as error:
                # The thread's outermost frame: a defect must fail this job, not silence every later one.
                _log.exception("job failed unexpectedly")
                job.emit(Failed(EngineError(f"Something unexpected went wrong: {error!r}.", "Please report this.")))
            finally:
                job.seconds = time.monotonic() - began - job.load_seconds
                with self._changed:
                    self._running = None
                job.close()
