"""The studio: what the page and the command line use. Everything a person does is one call here.

Planning and writing are jobs in the workshop; they end in the store whatever becomes of the page that began them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from longwriter_ui import export, imports, project, revision
from longwriter_ui.brief import Brief
from longwriter_ui.compare import differences
from longwriter_ui.draft import Draft, Mode, new_key
from longwriter_ui.edits import Op, apply_edit
from longwriter_ui.edits.texts import Place, find, with_version
from longwriter_ui.engine.base import Sampling
from longwriter_ui.errors import EditError, ExportError, ImportRefused, LongWriterError
from longwriter_ui.events import Event
from longwriter_ui.export.document import render
from longwriter_ui.export.files import write_whole
from longwriter_ui.export.options import Options
from longwriter_ui.export.preview import preview
from longwriter_ui.host import EngineHost
from longwriter_ui.jobs import Current, Job
from longwriter_ui.loading import Loader
from longwriter_ui.modelroom import ModelRoom
from longwriter_ui.models import Models
from longwriter_ui.paths import Home
from longwriter_ui.pipeline import Writer
from longwriter_ui.plan import render_plan
from longwriter_ui.progress import Progress
from longwriter_ui.revision import Revision
from longwriter_ui.store.drafts import DraftStore
from longwriter_ui.store.journal import Journaled
from longwriter_ui.store.views import DraftSummary, PastText
from longwriter_ui.workshop import Price, Workshop


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
    undo: Journaled | None = None
    redo: Journaled | None = None
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)


class Studio(ModelRoom):
    """Drafts, their jobs and the model that writes them."""

    def __init__(self, home: Home, host: EngineHost, sampling: Sampling | None = None) -> None:
        self._home = home
        self._host = host
        self._sampling = sampling or Sampling()
        self._store = DraftStore(home.store)
        models = Models(home)
        loader = Loader(host, models, home.settings)
        self._workshop = Workshop(home, host, self._store, self._sampling, loader, models.speeds)
        super().__init__(home, host, self._workshop, loader, models)

    def close(self) -> None:
        """Stop every job, keep everything."""
        self.models.downloads.close()
        if self._workshop.close():  # else it hangs in the engine, and ends with the process
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
        lock = self._workshop.acquire(draft_id)
        try:
            self._store.delete(draft_id)
        finally:
            lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)

    def edit(self, draft_id: str, rev: int | None, op: Op) -> int:
        """Apply one operation of `edits`; the new revision.

        `rev` is the revision the person was looking at (None: whatever is there). ConflictError when the same card
        has changed since; EditError when the operation does not fit.
        """
        name, burst = str(op.get("do")), op.get("burst")

        def edited(draft: Draft) -> Draft:
            if name != "set_title":
                self._refuse_while_planning(draft_id)
            return apply_edit(draft, op)

        key = str(op.get("key") or "")
        kin = f"{name}:{key}:{burst}" if isinstance(burst, str) and burst else ""
        return self._store.change(draft_id, edited, key=key, seen=rev, label=name, kin=kin)

    def undo(self, draft_id: str, entry: int | None = None) -> str:
        """Take back the last change of plan or text, the person's or the model's; what it was. EditError. With
        `entry`, the one that `changes` named: asked for twice, it is done once."""
        self._refuse_while_planning(draft_id)
        return self._store.undo(draft_id, entry)

    def redo(self, draft_id: str, entry: int | None = None) -> str:
        """Do again what was undone last; what it was. EditError."""
        self._refuse_while_planning(draft_id)
        return self._store.redo(draft_id, entry)

    def find(self, draft_id: str, wanted: str, *, case: bool = False) -> tuple[Place, ...]:
        """Where `wanted` stands in the draft's texts. EditError when it is empty."""
        return find(self.draft(draft_id), wanted, case=case)

    def history(self, draft_id: str, key: str) -> list[PastText]:
        """The texts the paragraph `key` has had, oldest first."""
        return self._store.history(draft_id, key)

    def compare(self, draft_id: str, key: str, number: int) -> tuple[tuple[str, str], ...]:
        """What changed from the `number`th text of the paragraph (from 1) to the present one; see `compare`."""
        draft, past = self.draft(draft_id), self._store.history(draft_id, key)
        if not 1 <= number <= len(past):
            raise EditError("There is no such version.")
        return differences(past[number - 1].version.text, draft.paragraphs[_index(draft, key)].text)

    def outline(self, draft_id: str, path: Path) -> Path:
        """Write the plan to `path`, as lines that can be imported again; ExportError."""
        draft = self.draft(draft_id)
        write_whole(path, (render_plan(draft.steps, draft.brief.language) + "\n").encode())
        return path

    def return_to(self, draft_id: str, key: str, number: int) -> int:
        """Put the `number`th text of the paragraph (from 1) in place again; the new revision."""
        past = self._store.history(draft_id, key)
        if not 1 <= number <= len(past):
            raise EditError("There is no such version.")
        version = past[number - 1].version
        return self._store.change(draft_id, lambda draft: with_version(draft, key, version), label="return_to")

    def _refuse_while_planning(self, draft_id: str) -> None:
        job = self._workshop.job(draft_id)
        if job is not None and job.kind == "plan" and not job.ended:
            raise EditError("The plan is still being made.", "Wait for it, or stop it, and then edit.")

    # files

    def export(self, draft_id: str, path: Path, options: Options | None = None) -> Path:
        """Write the draft to `path` in the format of its suffix; ExportError. `options` None: those remembered."""
        if export.is_project(path):
            export.check(path)
            write_whole(path, project.dump(self._store.project(draft_id)))
            return path
        return export.export(self.draft(draft_id), path, options or self.export_options(draft_id))

    def preview(self, draft_id: str) -> str:
        """The draft as it would be exported, as HTML that is safe in any page."""
        return preview(render(self.draft(draft_id), self.export_options(draft_id)))

    def export_options(self, draft_id: str) -> Options:
        """What was chosen for this draft's exports."""
        return Options().with_values(self._store.export_options(draft_id))

    def set_export_options(self, draft_id: str, values: Mapping[str, object]) -> Options:
        """Change some of the draft's export options, by name; ExportError when one does not fit."""
        options = self.export_options(draft_id).with_values(values)
        self._store.set_export_options(draft_id, options.values())
        return options

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
        """Start making a plan. EditError when text was already written from the present one. When there is a plan that
        the person has edited, the new one waits to be accepted; each is made with another seed."""
        draft = self.draft(draft_id)
        if any(p.version for p in draft.paragraphs):
            raise EditError("Text has been written from this plan already.", "Start a new draft for another plan.")
        return self._workshop.start(draft_id, "plan")

    def suggest(self, draft_id: str, key: str) -> Job:
        """Start looking for another main point for the step `key`."""
        _index(self.draft(draft_id), key)

        def work(current: Current, writer: Writer) -> Iterator[Event]:
            return revision.suggest(current, writer, key)

        return self._workshop.start(draft_id, "point", [key], work)

    def write(self, draft_id: str, keys: Sequence[str] | None = None, start: str | None = None) -> Job:
        """Start writing every unfinished paragraph, only those from `start` on, or the paragraphs `keys` anew."""
        draft = self.draft(draft_id)
        if not draft.paragraphs:
            raise EditError("There is no plan to write from.", "Make a plan first, or add a step.")
        first = 0 if start is None else _index(draft, start)
        if start is not None:
            keys = [p.key for p in draft.paragraphs[first:]]
        for n, paragraph in enumerate(draft.paragraphs, 1):
            wanted = paragraph.key in keys if keys is not None else not paragraph.finished
            if wanted and not paragraph.step.main_point:
                raise EditError(f"Step {n} has no main point.", "Say what it is about, or delete the step.")
        for key in keys or ():
            _index(draft, key)
        return self._workshop.start(draft_id, "write", keys)

    def revise(self, draft_id: str, key: str, how: Revision) -> Job:
        """Start writing the paragraph `key` again as `how` says."""
        draft = self.draft(draft_id)
        paragraph = draft.paragraphs[_index(draft, key)]
        if how.is_plain or not paragraph.text.strip():
            return self.write(draft_id, [key])

        def work(current: Current, writer: Writer) -> Iterator[Event]:
            return revision.revise(current, writer, key, how)

        return self._workshop.start(draft_id, "write", [key], work)

    def alternatives(self, draft_id: str, key: str, count: int = 3) -> Job:
        """Start writing `count` more texts of the paragraph `key`; they are offered beside the present one."""
        draft = self.draft(draft_id)
        if not draft.paragraphs[_index(draft, key)].step.main_point:
            raise EditError("This step has no main point.", "Say what it is about first.")

        def work(current: Current, writer: Writer) -> Iterator[Event]:
            return revision.alternatives(current, writer, key, count)

        return self._workshop.start(draft_id, "choose", [key], work)

    def price(self, draft_id: str, key: str, how: Revision) -> Price:
        """What writing the paragraph `key` again would cost now."""
        draft = self.draft(draft_id)
        return self._workshop.price(draft, _index(draft, key), how)

    def tokens(self, text: str) -> int:
        """About how many tokens a text has; exactly, once the model is loaded."""
        return self._workshop.tokens(text)

    def stop(self, draft_id: str) -> None:
        """Stop the draft's job, if there is one; the text so far is kept."""
        self._workshop.stop(draft_id)

    def changes(self, draft_id: str, rev: int) -> Changes:
        """What is new since revision `rev` (0: everything)."""
        since = self._store.since(draft_id, rev)
        progress, failure = self._workshop.progress(draft_id)
        return Changes(
            since.rev,
            since.draft,
            since.head,
            since.order,
            since.changed,
            since.deltas,
            progress,
            failure,
            since.undo,
            since.redo,
            since.places,
        )


def _index(draft: Draft, key: str) -> int:
    try:
        return draft.index(key)
    except KeyError as error:
        raise EditError("This paragraph is no longer in the draft.") from error
