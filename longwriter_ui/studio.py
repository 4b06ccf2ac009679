"""The studio: what the page and the command line use. Everything a person does is one call here.

Planning and writing are jobs in a worker thread; they end in the store whatever becomes of the page that began them.
One process at a time works on a draft: a lock file, which the system frees even when a process is killed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from longwriter_ui import asking, revision
from longwriter_ui.allowance import Allowance
from longwriter_ui.asking import AskJob
from longwriter_ui.changes import Changes
from longwriter_ui.draft import Draft
from longwriter_ui.edits import Op, apply_edit
from longwriter_ui.edits.fields import index_of
from longwriter_ui.engine.base import Engine, LengthMode, Request, Sampling
from longwriter_ui.errors import DraftBusy, EditError, LongWriterError, StoreError
from longwriter_ui.events import Events
from longwriter_ui.host import EngineHost, ModelChoice, Place
from longwriter_ui.jobs import Current, Job, Kind, Work, Worker
from longwriter_ui.ledger import Ledger
from longwriter_ui.limits import Limits
from longwriter_ui.loading import Loader, LoadJob
from longwriter_ui.locks import DraftLocks
from longwriter_ui.manner import Manner
from longwriter_ui.models import Models
from longwriter_ui.paths import Home
from longwriter_ui.performer import Performer, Price
from longwriter_ui.pipeline import Writer
from longwriter_ui.progress import Progress
from longwriter_ui.revision import ALTERNATIVES, Revision
from longwriter_ui.shelf import Shelf
from longwriter_ui.store.drafts import DraftStore

_log = logging.getLogger(__name__)


class Studio(Shelf):
    """Drafts, their jobs and the model that writes them."""

    def __init__(
        self,
        home: Home,
        host: EngineHost,
        sampling: Sampling | None = None,
        length: LengthMode | None = None,
        graphics: Callable[[], int] | None = None,
        limits: Limits | None = None,
    ) -> None:
        """`sampling` and `length`: for every job, whatever the drafts say. `graphics` tells the bytes free on graphics
        cards. `limits`: for visitors, where several people share the studio."""
        self._home = home
        self._host = host
        self._jobs = Ledger()
        self._starting = threading.Lock()
        store = DraftStore(home.store)
        super().__init__(store, self._plans, Allowance(limits, store.owners) if limits is not None else None)
        self.models = Models(home, graphics=graphics)
        self._locks = DraftLocks(home.locks)
        try:
            self._recover()
        except LongWriterError:
            self._store.close()
            raise
        self._worker = Worker(self._perform)
        self.loader = Loader(host, self.models, self._worker, home)
        self._performer = Performer(
            self._store, host, self.loader.ready, self.models, sampling, length, self._usual_length
        )

    def close(self) -> None:
        """Stop every job, keep everything."""
        self.models.downloads.close()
        if self._worker.close():  # else it hangs in the engine, and ends with the process
            self._host.close()
            self._store.close()

    # drafts

    def delete(self, draft_id: str) -> None:
        """Delete the draft with its versions; DraftBusy while it is being written."""
        self._store.get(draft_id)  # a lock is made only for a draft that there is
        with self._locks.held(draft_id):
            self._store.delete(draft_id)
        self._locks.forget(draft_id)
        self._jobs.forget(draft_id)
        for path in self._home.states.glob(f"{draft_id}.*"):
            with suppress(OSError):  # the draft is deleted; what is left here goes when the shelf is full
                path.unlink(missing_ok=True)

    def edit(self, draft_id: str, rev: int | None, op: Op) -> int:
        """Apply one operation of `edits`; the new revision.

        `rev` is the revision the person was looking at (None: whatever is there). ConflictError when the same card
        has changed since; EditError when the operation does not fit.
        """
        if self._jobs.get(draft_id) is None:
            self._recover()
        grown = self._allowance.growing(self.owners.of(draft_id)) if self._allowance is not None else None

        def edited(draft: Draft) -> Draft:
            if (draft.half_planned or self._plans(draft_id)) and op.get("do") != "set_title":
                raise EditError("The plan is still being made.", "Wait for it, or stop it, and then edit.")
            after = apply_edit(draft, op)
            if grown is not None:
                grown(len(str(op)) + after.added_to(draft))
            return after

        # An edit that says what it was typed over is judged by that; else the revision tells.
        seen = None if "was" in op else rev
        name, key, burst = str(op.get("do")), str(op.get("key") or ""), op.get("burst")
        kin = f"{name}:{key}:{burst}" if isinstance(burst, str) and burst else ""
        return self._store.change(draft_id, edited, key=key, seen=seen, label=name, kin=kin)

    # jobs

    def plan(self, draft_id: str) -> Job:
        """Start making a plan. EditError when text was already written from the present one. When there is a plan that
        the person has edited, the new one waits to be accepted; each is made with another seed."""
        draft = self.draft(draft_id)
        if any(p.version for p in draft.paragraphs):
            raise EditError("Text has been written from this plan already.", "Start a new draft for another plan.")
        return self._start(draft_id, "plan")

    def suggest(self, draft_id: str, key: str) -> Job:
        """Start looking for another main point for the step `key`."""
        index_of(self.draft(draft_id), key)

        def work(current: Current, writer: Writer) -> Events:
            return revision.suggest(current, writer, key)

        return self._start(draft_id, "point", [key], work)

    def write(self, draft_id: str, keys: Sequence[str] | None = None, start: str | None = None) -> Job:
        """Start writing every unfinished paragraph, only those from `start` on, or the paragraphs `keys` anew."""
        draft = self.draft(draft_id)
        if not draft.paragraphs:
            raise EditError("There is no plan to write from.", "Make a plan first, or add a step.")
        first = 0 if start is None else index_of(draft, start)
        if start is not None:
            keys = [p.key for p in draft.paragraphs[first:]]
        for n, paragraph in enumerate(draft.paragraphs, 1):
            wanted = paragraph.key in keys if keys is not None else not paragraph.finished
            if wanted and not paragraph.step.main_point:
                raise EditError(f"Step {n} has no main point.", "Say what it is about, or delete the step.")
        for key in keys or ():
            index_of(draft, key)
        return self._start(draft_id, "write", keys)

    def revise(self, draft_id: str, key: str, how: Revision) -> Job:
        """Start writing the paragraph `key` again as `how` says."""
        draft = self.draft(draft_id)
        paragraph = draft.paragraphs[index_of(draft, key)]
        if how.is_plain or not paragraph.text.strip():
            return self.write(draft_id, [key])

        def work(current: Current, writer: Writer) -> Events:
            return revision.revise(current, writer, key, how)

        return self._start(draft_id, "write", [key], work)

    def alternatives(self, draft_id: str, key: str, count: int = ALTERNATIVES) -> Job:
        """Start writing `count` more texts of the paragraph `key`; they are offered beside the present one."""
        draft = self.draft(draft_id)
        if not draft.paragraphs[index_of(draft, key)].step.main_point:
            raise EditError("This step has no main point.", "Say what it is about first.")

        def work(current: Current, writer: Writer) -> Events:
            return revision.alternatives(current, writer, key, count)

        return self._start(draft_id, "choose", [key], work)

    def price(self, draft_id: str, key: str, how: Revision, texts: int = 1) -> Price:
        """What writing the paragraph `key` again would cost now; of several texts at most so much."""
        draft = self.draft(draft_id)
        at = index_of(draft, key)
        return self._performer.price(draft, at, how, (texts - 1) * (draft.steps[at].words or 0))

    def price_of_writing(self, draft_id: str, start: str | None = None) -> Price:
        """What `write` would cost now: of every unfinished paragraph, or of all from `start` on."""
        draft = self.draft(draft_id)
        return self._performer.price_of_writing(draft, None if start is None else index_of(draft, start))

    def tokens(self, text: str) -> int:
        """About how many tokens a text has; exactly, once the model is loaded."""
        return self._performer.tokens(text)

    def stop(self, draft_id: str) -> None:
        """Stop the draft's job, if there is one; the text so far is kept."""
        job = self._jobs.get(draft_id)
        if job is not None:
            self._worker.cancel(job)
        else:
            self._recover()

    def pause(self, draft_id: str, paused: bool = True) -> None:
        """Let the draft's job rest between two words, or go on; a job that comes meanwhile ends it."""
        job = self._jobs.get(draft_id)
        if job is None:
            raise EditError("Nothing is being written.", "Start the writing first.")
        self._worker.pause(job, paused)

    def ask(self, make: Callable[[Engine], Request], choice: ModelChoice | None = None) -> AskJob:
        """Start asking the model in use, or another one in its place, something that belongs to no draft."""
        job = AskJob(make, choice)
        self._worker.submit(job)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job, or take it out of the queue."""
        self._worker.cancel(job)

    def progress(self, job: Job) -> Progress | None:
        """How far a job is; None when it has ended."""
        return self._worker.progress(job)

    def changes(self, draft_id: str, rev: int) -> Changes:
        """What is new since revision `rev` (0: everything)."""
        # The job first: told that it has ended, a view must see all that it wrote.
        job = self._jobs.get(draft_id)
        progress = self._worker.progress(job) if job is not None else None
        failure = job.failure if job is not None else self._jobs.failure(draft_id)
        since = self._store.since(draft_id, rev)
        return Changes.of(since, progress, failure)

    # the model

    @property
    def model(self) -> ModelChoice | None:
        """The model the next job will use."""
        return self._host.choice

    def model_at(self, draft_id: str) -> ModelChoice | None:
        """The model at work on a draft, else the one the next job will use."""
        job = self._jobs.get(draft_id)
        return job.model if job is not None and job.model is not None else self.model

    def choose_model(self, place: Place) -> ModelChoice:
        """Use the model there from the next job on, and after a restart; EngineError keeps the present one."""
        choice = self._host.choose(place)
        self.loader.remember(choice)
        return choice

    @property
    def usual(self) -> tuple[Sampling, LengthMode]:
        """How a draft is written where it has no manner of its own."""
        return self._performer.usual(Manner())

    # the worker's side

    def _usual_length(self) -> LengthMode:
        return LengthMode(self.loader.settings.length)

    def _plans(self, draft_id: str) -> bool:
        job = self._jobs.get(draft_id)
        return job is not None and job.kind == "plan"

    def _start(self, draft_id: str, kind: Kind, keys: Sequence[str] | None = None, work: Work | None = None) -> Job:
        owner = self.owners.of(draft_id)
        with self._starting:
            if self._allowance is not None:
                self._allowance.job(owner, self.draft(draft_id), self._jobs.running(owner), self._worker.waiting)
            release = self._locks.acquire(draft_id).release
            listened = owner is None or self._allowance is None
            job = self._jobs.begin(Job(draft_id, kind, release, keys, work, owner, listened=listened))
        self._worker.submit(job)
        return job

    def _perform(self, job: Job) -> None:
        if isinstance(job, LoadJob):
            self.loader.perform(job)
        elif isinstance(job, AskJob):
            asking.perform(job, self._host)
        else:
            self._performer.perform(job)

    def _recover(self) -> None:
        """Close what another process left open when it was killed."""
        for draft_id in self._store.interrupted():
            try:
                with self._locks.held(draft_id):
                    self._store.recover(draft_id)
            except DraftBusy:
                continue  # it is being written this moment
            except StoreError as error:
                # It can still be read; what cannot be written now is closed by the next edit or job.
                _log.warning("The draft %s is left as it is: %s", draft_id, error)
