"""Jobs and the one worker thread that runs them, outside any page or request.

A page may come and go; the job runs on. Jobs wait their turn, since a model writes one thing at a time: in order, and
where they belong to several visitors one paragraph of each after the other.
"""

from __future__ import annotations

import contextvars
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
from longwriter_ui.turns import Turns

_log = logging.getLogger(__name__)

# choose: alternatives; point: another main point; load: a model; ask: a question that belongs to no draft
Kind = Literal["plan", "write", "choose", "point", "load", "ask"]
Current = Callable[[], Draft]
Work = Callable[[Current, Writer], Events]


class Job:
    """Planning or writing one draft. `events` is for one listener; progress and outcome are for everybody.
    `release` frees what the job holds on to, when it has ended; `work` is what it does, where that is more than its
    kind and its keys say. `owner` is the visitor it is done for. Where nobody will listen, events are not kept."""

    def __init__(
        self,
        draft_id: str,
        kind: Kind,
        release: Callable[[], None],
        keys: Sequence[str] | None = None,
        work: Work | None = None,
        owner: str | None = None,
        *,
        listened: bool = True,
    ) -> None:
        self.draft_id = draft_id
        self.kind = kind
        self.keys = keys
        self.work = work
        self.owner = owner
        # Of the request that asked for it: a graphics card's quota is told by it.
        self.context = contextvars.copy_context()
        self.turn_over = False  # set by the one that performs it: the rest is to be done in another turn
        self.others_wait: Callable[[], bool] = lambda: False
        self._listened = listened
        self.cancelled = threading.Event()
        self.meter = Meter(Progress(kind))
        self.failure: LongWriterError | None = None
        self.usage = Usage()
        self.model: ModelChoice | None = None  # that does it, once it is loaded
        self.load_seconds = 0.0
        self.seconds = 0.0  # of work, loading apart
        self._events: queue.SimpleQueue[tuple[Event, Progress]] = queue.SimpleQueue()
        self.ending: Callable[[Job], None] = lambda job: None  # hears that it ends, before what it holds is released
        self._release = release
        self._done = threading.Event()
        self._going = threading.Event()
        self._going.set()

    def emit(self, event: Event) -> None:
        """Called by the worker; the last event is Finished or Failed."""
        if isinstance(event, ParagraphDone):
            self.usage += event.usage
        if isinstance(event, Finished) and self.kind in ("plan", "choose", "point", "ask"):
            self.usage = event.usage
        if isinstance(event, Failed):
            self.failure = event.error
        if self._listened:
            self._events.put((event, self.meter.progress))

    def rest(self) -> float:
        """Called by the worker between two words: wait while the job is paused, and tell for how many seconds."""
        if self._going.is_set():
            return 0.0
        began = time.monotonic()
        self._going.wait()
        return time.monotonic() - began

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    def pause(self, paused: bool) -> None:
        """Rest, or go on."""
        if paused:
            self._going.clear()
        else:
            self._going.set()

    def close(self) -> None:
        """Called by the worker when everything of the job is stored."""
        self.context = contextvars.Context()  # it holds the whole request
        try:
            self.ending(self)
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
    """Runs jobs one after the other in a daemon thread with `perform`, which emits the job's events. A job whose turn
    is over while others wait is performed again later."""

    def __init__(self, perform: Callable[[Job], None]) -> None:
        self._perform = perform
        self._waiting: list[Job] = []  # in the order of their turns
        self._turns = Turns()
        self._turn_seconds = 0.0  # how long turns take, the last ones counting most; 0: none was measured
        self._running: Job | None = None
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="longwriter-worker", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue the job; while the studio closes, it ends at once. A paused job makes way."""
        with self._changed:
            paused = self._running if self._running is not None and self._running.paused else None
            if not self._has(job.owner):
                self._turns.enter(job.owner)
            job.others_wait = lambda: self._others_wait(job)
            self._waiting.append(job)
            self._arrange()
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
                wait = place * self._turn_seconds if place and self._turn_seconds else None
                return replace(job.meter.progress, phase="queued", place=place, wait=wait)
        return replace(job.meter.progress, phase="paused") if job.paused else job.meter.progress

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

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
            self._arrange()
            self._forget(job.owner)
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
                self._turns.serve(job.owner)
                self._arrange()
            began, loading = time.monotonic(), job.load_seconds
            job.turn_over = False
            try:
                job.context.run(self._perform, job)
            except Exception as error:
                # The thread's outermost frame: a defect must fail this job, not silence every later one.
                _log.exception("job failed unexpectedly")
                job.emit(Failed(EngineError(f"Something unexpected went wrong: {error!r}.", "Please report this.")))
            finally:
                took = time.monotonic() - began - (job.load_seconds - loading)
                job.seconds += took
                if self._end_turn(job, took):
                    job.close()

    def _end_turn(self, job: Job, seconds: float) -> bool:
        """Whether the job has ended with its turn; else it waits again."""
        with self._changed:
            self._running = None
            self._turn_seconds = 0.7 * self._turn_seconds + 0.3 * seconds if self._turn_seconds else seconds
            again = job.turn_over and not job.cancelled.is_set() and not self._closing
            if again:
                self._waiting.append(job)
            self._arrange()
            self._forget(job.owner)
        if job.turn_over and not again:
            job.emit(Finished(FinishReason.CANCELLED))
        return not again

    def _arrange(self) -> None:
        """Put those that wait in the order of their turns."""
        self._waiting = [self._waiting[i] for i in self._turns.order([job.owner for job in self._waiting])]

    def _has(self, owner: str | None) -> bool:
        return any(job.owner == owner for job in [*self._waiting, *([self._running] if self._running else [])])

    def _forget(self, owner: str | None) -> None:
        if not self._has(owner):
            self._turns.leave(owner)

    def _others_wait(self, job: Job) -> bool:
        with self._changed:
            return any(other.owner != job.owner for other in self._waiting)
