"""The studio: what the page and the command line use. Everything a person does is one call here.

Planning and writing are jobs in a worker thread; they end in the store whatever becomes of the page that began them.
One process at a time works on a draft: a lock file, which the system frees even when a process is killed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui import export, imports, project
from longwriter_ui.brief import Brief
from longwriter_ui.draft import PLAN_UNFINISHED, Draft, Mode, Status, new_key
from longwriter_ui.edits import Op, apply_edit
from longwriter_ui.engine.base import LengthMode, Sampling
from longwriter_ui.errors import DraftBusy, EditError, ExportError, ImportRefused, LongWriterError
from longwriter_ui.export.document import render
from longwriter_ui.export.files import write_whole
from longwriter_ui.export.options import Options
from longwriter_ui.export.preview import preview
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.jobs import Job, Kind, Worker
from longwriter_ui.loading import Loader, LoadJob
from longwriter_ui.locks import DraftLocks
from longwriter_ui.models import Models
from longwriter_ui.paths import Home
from longwriter_ui.performer import Performer
from longwriter_ui.progress import Progress
from longwriter_ui.store.drafts import DraftStore, DraftSummary


@dataclass(frozen=True)
class Changes:
    """What a view has to know: what is new in the draft (see store.Since), and how its job is doing."""

    rev: int
    draft: Draft
    head: bool
    order: bool
    changed: frozenset[str]
    deltas: tuple[tuple[str, str], ...]
    progress: Progress | None
    failure: LongWriterError | None


class Studio:
    """Drafts, their jobs and the model that writes them."""

    def __init__(
        self, home: Home, host: EngineHost, sampling: Sampling | None = None, length: LengthMode | None = None
    ) -> None:
        """`length` None: as the settings say."""
        self._home = home
        self._host = host
        self._length = length
        self._store = DraftStore(home.store)
        self._jobs: dict[str, Job] = {}
        self.models = Models(home)
        self._locks = DraftLocks(home.locks)
        self._recover()
        self._performer = Performer(self._store, host, self.models, sampling or Sampling(), lambda: self.length)
        self._worker = Worker(self._perform)
        self.loader = Loader(host, self.models, self._worker, home.settings)

    def close(self) -> None:
        """Stop every job, keep everything."""
        self.models.downloads.close()
        if self._worker.close():  # else it hangs in the engine, and ends with the process
            self._host.close()
            self._store.close()

    # drafts

    def create(self, brief: Brief, mode: Mode = Mode.CONVERSATION, seed: int | None = None) -> Draft:
        """A new draft without a plan. The same seed, plan and model write the same text."""
        draft = Draft(new_key(), brief.title, brief, mode, secrets.randbelow(2**31) if seed is None else seed)
        self._store.add(draft)
        return draft

    def drafts(self) -> list[DraftSummary]:
        """All drafts, the last changed first."""
        return self._store.summaries()

    def draft(self, draft_id: str) -> Draft:
        """The draft as it is now; DraftNotFound."""
        return self._store.get(draft_id)

    def delete(self, draft_id: str) -> None:
        """Delete the draft with its versions; DraftBusy while it is being written."""
        self._store.get(draft_id)  # a lock is made only for a draft that there is
        with self._locks.held(draft_id):
            self._store.delete(draft_id)
        self._locks.forget(draft_id)
        for path in self._home.states.glob(f"{draft_id}.*"):
            path.unlink(missing_ok=True)

    def edit(self, draft_id: str, rev: int | None, op: Op) -> int:
        """Apply one operation of `edits`; the new revision.

        `rev` is the revision the person was looking at (None: whatever is there). ConflictError when the same card
        has changed since; EditError when the operation does not fit.
        """
        job = self._jobs.get(draft_id)
        running = job is not None and not job.ended
        if not running:
            self._recover()

        def edited(draft: Draft) -> Draft:
            planning = running and job is not None and job.kind == "plan"
            planning = planning or bool(draft.paragraphs and draft.planning_problem == PLAN_UNFINISHED)
            if planning and op.get("do") != "set_title":
                raise EditError("The plan is still being made.", "Wait for it, or stop it, and then edit.")
            if op.get("do") in ("edit_text", "delete_step", "keep"):
                for paragraph in draft.paragraphs:
                    if paragraph.key == op.get("key") and paragraph.status is Status.WRITING:
                        raise EditError("This paragraph is being written.", "Stop the writing first.")
            return apply_edit(draft, op)

        # An edit that says what it was typed over is judged by that; else the revision tells.
        seen = None if "was" in op else rev
        return self._store.change(draft_id, edited, key=str(op.get("key") or ""), seen=seen)

    # files

    def export(self, draft_id: str, path: Path, options: Options | None = None) -> Path:
        """Write the draft to `path` in the format of its suffix; ExportError. `options` None: those remembered."""
        if export.is_project(path):
            export.check(path)
            write_whole(path, project.dump(self._store.project(draft_id)))
            return path
        return export.export(self._store.settled(draft_id), path, options or self.export_options(draft_id))

    def preview(self, draft_id: str) -> str:
        """The draft as it would be exported, as HTML that is safe in any page."""
        return preview(render(self._store.settled(draft_id), self.export_options(draft_id)))

    def export_options(self, draft_id: str) -> Options:
        """What was chosen for this draft's exports."""
        return Options().with_values(self._store.export_options(draft_id))

    def set_export_options(self, draft_id: str, values: Mapping[str, object]) -> Options:
        """Change some of the draft's export options, by name; ExportError when one does not fit."""
        self._store.change_export_options(
            draft_id, lambda before: Options().with_values(before).with_values(values).values()
        )
        return self.export_options(draft_id)

    def import_file(self, path: Path) -> Draft:
        """A new draft from a project file, Markdown, DOCX or plain text; ImportRefused, and nothing is added."""
        found = imports.load(path)
        try:
            Options().with_values(found.export_options)
        except ExportError as error:
            raise ImportRefused(f"This is no project file that can be read: {error.message}") from error
        self._store.add_project(found)
        return self.draft(found.draft.id)

    # jobs

    def plan(self, draft_id: str) -> Job:
        """Start making the plan. EditError when text was already written from the present one."""
        if any(p.version for p in self.draft(draft_id).paragraphs):
            raise EditError("Text has been written from this plan already.", "Start a new draft for another plan.")
        return self._start(draft_id, "plan")

    def write(self, draft_id: str, keys: Sequence[str] | None = None) -> Job:
        """Start writing every unfinished paragraph, or the paragraphs `keys` anew."""
        draft = self.draft(draft_id)
        if not draft.paragraphs:
            raise EditError("There is no plan to write from.", "Make a plan first, or add a step.")
        for n, paragraph in enumerate(draft.paragraphs, 1):
            wanted = paragraph.key in keys if keys is not None else not paragraph.finished
            if wanted and not paragraph.step.main_point:
                raise EditError(f"Step {n} has no main point.", "Say what it is about, or delete the step.")
        for key in keys or ():
            if all(p.key != key for p in draft.paragraphs):
                raise EditError("This paragraph is no longer in the draft.")
        return self._start(draft_id, "write", keys)

    def stop(self, draft_id: str) -> None:
        """Stop the draft's job, if there is one; the text so far is kept."""
        job = self._jobs.get(draft_id)
        if job is not None:
            self._worker.cancel(job)

    def changes(self, draft_id: str, rev: int) -> Changes:
        """What is new since revision `rev` (0: everything)."""
        # The job first: told that it has ended, a view must see all that it wrote.
        job = self._jobs.get(draft_id)
        progress = self._worker.progress(job) if job is not None else None
        failure = job.failure if job is not None else None
        since = self._store.since(draft_id, rev)
        return Changes(since.rev, since.draft, since.head, since.order, since.changed, since.deltas, progress, failure)

    # the model

    @property
    def model(self) -> ModelChoice | None:
        """The model the next job will use."""
        return self._host.choice

    def choose_model(self, path: Path) -> ModelChoice:
        """Use the GGUF at `path` from the next job on, and after a restart; ModelFileError keeps the present one."""
        choice = self._host.choose(path)
        self.loader.save(model=str(choice.path))
        return choice

    @property
    def length(self) -> LengthMode:
        """How closely the next job holds paragraphs to their lengths."""
        return self._length or LengthMode(self.loader.settings.length)

    def set_length(self, mode: LengthMode) -> None:
        """From the next job on."""
        self._length = None
        self.loader.save(length=mode.value)

    # the worker's side

    def _start(self, draft_id: str, kind: Kind, keys: Sequence[str] | None = None) -> Job:
        job = Job(draft_id, kind, self._locks.acquire(draft_id).release, keys)
        self._jobs[draft_id] = job
        self._worker.submit(job)
        return job

    def _perform(self, job: Job) -> None:
        if isinstance(job, LoadJob):
            self.loader.perform(job)
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
