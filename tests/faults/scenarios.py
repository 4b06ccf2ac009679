"""What is going on when the disk fails: each scenario prepares its files, acts while the disk may fail, and checks what
is left when it works again."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Draft
from longwriter_ui.edits import apply_edit
from longwriter_ui.edits.texts import with_version
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import ExportError, LongWriterError
from longwriter_ui.export import FORMATS, PROJECT
from longwriter_ui.host import EngineHost
from longwriter_ui.paths import Home
from longwriter_ui.studio import Studio
from tests.faults.old import fingerprint, write_old_store
from tests.faults.telling import state_of
from tests.script import ScriptedOpener, author

_OLD_TEXT = b"what was there before\n"
_SECONDS = 60  # for a job that should take one


def open_studio(folder: Path, words_per_second: float = 0.0) -> Studio:
    engine = ScriptedEngine(author, words_per_second=words_per_second)
    return Studio(Home(folder / "home"), EngineHost(ScriptedOpener(engine), Path("script")))


def written_draft(studio: Studio) -> Draft:
    """A draft of five paragraphs, some of them edited."""
    draft = studio.create(Brief.create("Write about the ferry to Kilkee", 250), seed=7)
    assert studio.plan(draft.id).wait(_SECONDS)
    assert studio.write(draft.id).wait(_SECONDS)
    key = studio.draft(draft.id).paragraphs[1].key
    studio.edit(draft.id, None, {"do": "edit_text", "key": key, "text": "A person's own words. And more of them."})
    return studio.draft(draft.id)


@dataclass
class Run:
    """One run of a scenario in `folder`."""

    folder: Path
    read_only: bool = False  # from the failing call on nothing can be removed either
    problems: list[str] = field(default_factory=list)

    def act(self) -> None: ...

    def check(self) -> None: ...

    def attempt(self, call: Callable[[], Any]) -> bool:
        """Whether `call` succeeded; a LongWriterError is what a person may be told."""
        try:
            call()
        except LongWriterError as error:
            if "unexpected" in error.message:
                self.problems.append(f"the person was told: {error}")
            return False
        return True

    def check_store(self) -> None:
        store = self.folder / "home" / "drafts.sqlite3"
        if not store.exists():
            return
        with sqlite3.connect(store) as db:
            found = [row[0] for row in db.execute("PRAGMA integrity_check")]
            broken = db.execute("PRAGMA foreign_key_check").fetchall()
        db.close()
        if found != ["ok"] or broken:
            self.problems.append(f"the store is damaged: {found[:3]} {broken[:3]}")


@dataclass
class Scenario:
    """`prepare` fills the folder that each run gets a copy of."""

    name: str
    prepare: Callable[[Path], None]
    begin: Callable[[Path, bool], Run]


class Opening(Run):
    """A studio where there was none, and a first draft."""

    made: Draft | None = None

    def act(self) -> None:
        opened: list[Studio] = []
        if not self.attempt(lambda: opened.append(open_studio(self.folder))):
            return

        def create() -> None:
            self.made = opened[0].create(Brief.create("Write about the lighthouse", 300))

        self.attempt(create)
        opened[0].close()

    def check(self) -> None:
        self.check_store()
        studio = open_studio(self.folder)
        if self.made is not None:
            studio.draft(self.made.id)
        studio.close()


class Editing(Run):
    """Every kind of change a person makes, one after the other, whatever became of the ones before."""

    def act(self) -> None:
        self.allowed: list[Any] = []
        self.perhaps: list[Any] = []  # what an edit that was refused would have made
        self.states: list[Any] = []
        self.copies: list[str] = []
        self.deleted: list[str] = []
        opened: list[Studio] = []
        if not self.attempt(lambda: opened.append(open_studio(self.folder))):
            return
        studio = opened[0]
        draft = next(studio.draft(line.id) for line in studio.drafts() if line.title != "Spare")
        spare = next((line.id for line in studio.drafts() if line.title == "Spare"), "")
        self.draft_id, self.allowed = draft.id, [state_of(draft)]
        self.states = list(self.allowed)
        keys = [p.key for p in draft.paragraphs]
        for op in (
            {"do": "edit_text", "key": keys[0], "text": "New words for the first."},
            {"do": "edit_step", "key": keys[2], "main_point": "Another point", "words": 70},
            {"do": "insert_step", "after": keys[0], "main_point": "One more"},
            {"do": "delete_step", "key": keys[4]},
            {"do": "move_step", "key": keys[3], "to": 0},
            {"do": "set_title", "title": "Another title"},
        ):
            self._change(studio, lambda op=op: studio.edit(draft.id, None, op), lambda d, op=op: apply_edit(d, op))
        for _ in range(3):
            self._change(studio, lambda: studio.undo(draft.id))
        self._change(studio, lambda: studio.redo(draft.id))
        past: list[Any] = []
        self.attempt(lambda: past.extend(studio.history(draft.id, keys[1])))
        self._change(
            studio,
            lambda: studio.return_to(draft.id, keys[1], 1),
            lambda d: with_version(d, keys[1], past[0].version) if past else d,
        )
        self.attempt(lambda: studio.set_export_options(draft.id, {"author": "Ann"}))
        self.attempt(lambda: self.copies.append(studio.duplicate(draft.id).id))
        self.attempt(lambda: self.copies.append(studio.import_file(self.folder / "in.longwriter.json").id))
        self.attempt(lambda: studio.trash(draft.id))
        if self.attempt(lambda: studio.delete(spare)):
            self.deleted.append(spare)
        studio.close()

    def _change(self, studio: Studio, call: Callable[[], Any], edit: Callable[[Draft], Draft] | None = None) -> None:
        before: list[Draft] = []
        self.attempt(lambda: before.append(studio.draft(self.draft_id)))
        done = self.attempt(call)
        seen: list[Any] = []
        self.attempt(lambda: seen.append(state_of(studio.draft(self.draft_id))))
        if seen and not done and seen[0] not in self.allowed:
            self.problems.append("an edit that was refused was done in part")
        # A commit whose sync failed is refused, and may be found whole in the log after a restart.
        if done:
            self.perhaps = []
        elif edit is not None and before:
            self.perhaps.append(state_of(edit(before[0])))
        elif edit is None:
            self.perhaps += self.states
        self.states += seen
        if seen:
            self.allowed = seen
        elif done:
            self.problems.append("an edit was acknowledged and cannot be read")

    def check(self) -> None:
        self.check_store()
        studio = open_studio(self.folder)
        if self.allowed and state_of(studio.draft(self.draft_id)) not in self.allowed + self.perhaps:
            self.problems.append("an acknowledged edit is lost")
        for copy in self.copies:
            studio.draft(copy)
        there = {line.id for trashed in (False, True) for line in studio.drafts(trashed=trashed)}
        if there & set(self.deleted):
            self.problems.append("a deleted draft is back")
        studio.close()


class Deleting(Run):
    """A draft goes for good, with its lock and what was saved of it."""

    def act(self) -> None:
        self.deleted = False
        opened: list[Studio] = []
        if not self.attempt(lambda: opened.append(open_studio(self.folder))):
            return
        spare = next(line.id for line in opened[0].drafts() if line.title == "Spare")
        self.deleted = self.attempt(lambda: opened[0].delete(spare))
        opened[0].close()

    def check(self) -> None:
        self.check_store()
        studio = open_studio(self.folder)
        titles = [line.title for line in studio.drafts()]
        if self.deleted and "Spare" in titles:
            self.problems.append("a deleted draft is back")
        if len(titles) < 1 + ("Spare" in titles):
            self.problems.append("another draft is gone")
        studio.close()


class Writing(Run):
    """Planning and writing; afterwards the same studio, never closed, goes on as soon as the disk works again."""

    def act(self) -> None:
        self.studio: Studio | None = None
        opened: list[Studio] = []
        if not self.attempt(lambda: opened.append(open_studio(self.folder, words_per_second=1500))):
            return
        studio = self.studio = opened[0]
        self.draft_id = studio.drafts()[0].id
        for start in (studio.plan, studio.write):
            jobs: list[Any] = []
            if not self.attempt(lambda start=start, jobs=jobs: jobs.append(start(self.draft_id))):
                return
            if not jobs[0].wait(_SECONDS):
                self.problems.append("the job does not end")
                return
            failure = jobs[0].failure
            if failure is not None:
                if "unexpected" in failure.message:
                    self.problems.append(f"the person was told: {failure}")
                return

    def check(self) -> None:
        if self.studio is None:
            self.check_store()
            open_studio(self.folder).close()
            return
        before = {p.key: p.text for p in self.studio.draft(self.draft_id).paragraphs}
        if not before or self.studio.draft(self.draft_id).planning_problem:
            self.studio.plan(self.draft_id).wait(_SECONDS)
        job = self.studio.write(self.draft_id)
        if not job.wait(_SECONDS) or job.failure is not None:
            self.problems.append(f"the job does not go on: {job.failure}")
        draft = self.studio.draft(self.draft_id)
        if not all(p.finished for p in draft.paragraphs) or draft.words != 250:
            self.problems.append(f"the job went on and did not finish: {draft.words} words")
        for p in draft.paragraphs:
            if not p.text.startswith(before.get(p.key, "").rstrip()):
                self.problems.append("text that was there is gone")
        self.studio.close()
        self.check_store()


@dataclass
class Exporting(Run):
    """A file over one that is there already."""

    suffix: str = ""
    written: bool = False

    def act(self) -> None:
        path = self.folder / "out" / f"piece{self.suffix}"
        opened: list[Studio] = []
        if not self.attempt(lambda: opened.append(open_studio(self.folder))):
            return
        draft_id = opened[0].drafts()[0].id
        previous, tempfile.tempdir = tempfile.tempdir, str(self.folder / "tmp")
        try:
            opened[0].export(draft_id, path)
            self.written = True
        except ExportError:
            pass
        except LongWriterError as error:
            self.problems.append(f"{type(error).__name__} instead of an ExportError: {error}")
        finally:
            tempfile.tempdir = previous
        opened[0].close()

    def check(self) -> None:
        out = self.folder / "out"
        if not self.read_only and any(litter := [p.name for p in out.iterdir() if not p.name.startswith("piece")]):
            self.problems.append(f"unfinished files are left: {litter}")
        if ((out / f"piece{self.suffix}").read_bytes() == _OLD_TEXT) == self.written:
            self.problems.append("the file is not what was said of it")
        self.check_store()


class Settings(Run):
    """What is chosen for the model."""

    def act(self) -> None:
        self.threads = [2]
        opened: list[Studio] = []
        if not self.attempt(lambda: opened.append(open_studio(self.folder))):
            return
        if self.attempt(lambda: opened[0].loader.set_engine(5, None)):
            self.threads = [5]
        else:
            self.threads.append(5)
        opened[0].close()

    def check(self) -> None:
        studio = open_studio(self.folder)
        if studio.loader.settings.threads not in self.threads:
            self.problems.append(f"the settings are {studio.loader.settings}")
        studio.close()
        if not self.read_only and any(litter := [p.name for p in (self.folder / "home").glob(".*.part")]):
            self.problems.append(f"unfinished files are left: {litter}")


class Migrating(Run):
    """A store of the first version is opened."""

    def act(self) -> None:
        opened: list[Studio] = []
        if self.attempt(lambda: opened.append(open_studio(self.folder))):
            opened[0].close()

    def check(self) -> None:
        store = self.folder / "home" / "drafts.sqlite3"
        if fingerprint(store) != (self.folder / "fingerprint").read_text():
            self.problems.append("the old drafts are not what they were")
        open_studio(self.folder).close()
        if fingerprint(store) != (self.folder / "fingerprint").read_text():
            self.problems.append("the migrated drafts are not what they were")
        self.check_store()


def _with_draft(folder: Path) -> None:
    studio = open_studio(folder)
    draft = written_draft(studio)
    studio.export(draft.id, folder / "in.longwriter.json")
    spare = studio.create(Brief.create("Write about nothing", 300))
    studio.edit(spare.id, None, {"do": "set_title", "title": "Spare"})
    studio.close()


def with_brief(folder: Path) -> None:
    studio = open_studio(folder)
    studio.create(Brief.create("Write about the ferry to Kilkee", 250), seed=7)
    studio.close()


def with_written_draft(folder: Path) -> None:
    studio = open_studio(folder)
    written_draft(studio)
    studio.close()
    (folder / "tmp").mkdir()
    (folder / "out").mkdir()
    for suffix in (*FORMATS, PROJECT):
        (folder / "out" / f"piece{suffix}").write_bytes(_OLD_TEXT)


def _with_settings(folder: Path) -> None:
    studio = open_studio(folder)
    studio.loader.set_engine(2, None)
    studio.close()


def _with_old_store(folder: Path) -> None:
    (folder / "fingerprint").write_text(write_old_store(folder / "home" / "drafts.sqlite3", 30))


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("opening", lambda folder: None, Opening),
        Scenario("editing", _with_draft, Editing),
        Scenario("deleting", _with_draft, Deleting),
        Scenario("writing", with_brief, Writing),
        *(
            Scenario(f"exporting{suffix}", with_written_draft, partial(Exporting, suffix=suffix))
            for suffix in (*FORMATS, PROJECT)
        ),
        Scenario("settings", _with_settings, Settings),
        Scenario("migrating", _with_old_store, Migrating),
    )
}
