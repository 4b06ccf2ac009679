"""The part of the studio that needs no model: the library, the past of a draft, its texts, and files."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from longwriter_ui import export, imports, project
from longwriter_ui.allowance import Allowance
from longwriter_ui.brief import Brief
from longwriter_ui.compare import differences
from longwriter_ui.draft import Draft, Mode, new_key
from longwriter_ui.edits.fields import index_of
from longwriter_ui.edits.texts import Place, find, with_version
from longwriter_ui.errors import EditError, ExportError, ImportRefused
from longwriter_ui.export.document import render
from longwriter_ui.export.files import write_whole
from longwriter_ui.export.options import Options
from longwriter_ui.export.preview import preview
from longwriter_ui.limits import Limits
from longwriter_ui.manner import Manner
from longwriter_ui.plan import render_plan
from longwriter_ui.project import Project
from longwriter_ui.store.drafts import DraftStore
from longwriter_ui.store.summary import DraftSummary
from longwriter_ui.store.views import PastText


class Shelf:
    """Drafts as they lie in the store. `is_planning` tells whether a draft's plan is being made."""

    def __init__(
        self, store: DraftStore, is_planning: Callable[[str], bool], allowance: Allowance | None = None
    ) -> None:
        """`allowance`: what visitors may have, where there are any."""
        self._store = store
        self._is_planning = is_planning
        self._allowance = allowance
        self.owners = store.owners

    @property
    def notice(self) -> str:
        """What the person has to know about a store that was damaged; empty where there is nothing."""
        return self._store.notice

    def dismiss_notice(self) -> None:
        """The person has read it."""
        self._store.dismiss_notice()

    # the library

    def create(
        self,
        brief: Brief,
        mode: Mode = Mode.CONVERSATION,
        seed: int | None = None,
        manner: Manner | None = None,
        owner: str | None = None,
        *,
        key: str | None = None,
    ) -> Draft:
        """A new draft without a plan; `key` names it. The same seed, plan and model write the same text."""
        seed = secrets.randbelow(2**31) if seed is None else seed
        draft = Draft(key or new_key(), brief.title, brief, mode, seed, manner=manner or Manner())
        self._add(Project(draft), owner)
        return draft

    def drafts(self, wanted: str = "", *, trashed: bool = False, owner: str | None = None) -> list[DraftSummary]:
        """The drafts that are not in the trash (or those that are), the last changed first; `wanted`: only those with
        this in title, instruction or text; `owner`: only this visitor's."""
        return self._store.summaries(wanted, trashed=trashed, owner=owner)

    def draft(self, draft_id: str) -> Draft:
        """The draft as it is now; DraftNotFound."""
        return self._store.get(draft_id)

    def trash(self, draft_id: str, gone: bool = True) -> None:
        """Put the draft in the trash, or take it out again; nothing of it is lost."""
        self._store.trash(draft_id, gone)

    def touched(self, draft_id: str) -> bool:
        """Whether a person has changed the draft since it was made."""
        return self._store.touched(draft_id)

    def duplicate(self, draft_id: str) -> Draft:
        """A copy of the draft with all its versions, as a draft of its own that belongs to the same person."""
        found = self._store.project(draft_id)
        copy = replace(found.draft, id=new_key(), title=f"{found.draft.title[:290]} (copy)")
        if copy.brief.language == "zh":
            copy = replace(copy, title=f"{found.draft.title[:290]}（副本）")
        self._add(replace(found, draft=copy), self.owners.of(draft_id))
        return self.draft(copy.id)

    def outdated(self) -> list[str]:
        """Visitors' drafts that are too old to be kept, told once an hour."""
        return self._allowance.outdated() if self._allowance is not None else []

    @property
    def limits(self) -> Limits | None:
        """What visitors may have; None where there are none."""
        return self._allowance.limits if self._allowance is not None else None

    # the past

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
        return find(self._store.get(draft_id), wanted, case=case)

    def history(self, draft_id: str, key: str) -> list[PastText]:
        """The texts the paragraph `key` has had, oldest first."""
        return self._store.history(draft_id, key)

    def compare(self, draft_id: str, key: str, number: int) -> tuple[tuple[str, str], ...]:
        """What changed from the `number`th text of the paragraph (from 1) to the present one; see `compare`."""
        draft, past = self._store.get(draft_id), self._store.history(draft_id, key)
        if not 1 <= number <= len(past):
            raise EditError("There is no such version.")
        return differences(past[number - 1].version.text, draft.paragraphs[index_of(draft, key)].text)

    def versus(self, draft_id: str, key: object, name: str, mine: str) -> tuple[tuple[str, str], ...]:
        """What differs between the field `name` of a paragraph as it is stored and the person's own; see `compare`."""
        draft = self._store.get(draft_id)
        if name == "title":
            return differences(draft.title, mine)
        paragraph = draft.paragraphs[index_of(draft, key)]
        step = paragraph.step
        fields = {"text": paragraph.text, "main_point": step.main_point, "note": step.note, "cue": step.cue}
        stored = {**fields, "words": str(step.words or "")}.get(name)
        if stored is None:
            raise EditError(f"There is no {name} {key!r} here.")
        return differences(stored, mine)

    def outline(self, draft_id: str, path: Path) -> Path:
        """Write the plan to `path`, as lines that can be imported again; ExportError."""
        draft = self._store.get(draft_id)
        write_whole(path, (render_plan(draft.steps, draft.brief.language) + "\n").encode())
        return path

    def return_to(self, draft_id: str, key: str, number: int) -> int:
        """Put the `number`th text of the paragraph (from 1) in place again; the new revision."""
        past = self._store.history(draft_id, key)
        if not 1 <= number <= len(past):
            raise EditError("There is no such version.")
        version = past[number - 1].version
        return self._store.change(draft_id, lambda draft: with_version(draft, key, version), label="return_to")

    def _add(self, found: Project, owner: str | None) -> None:
        if self._allowance is not None:
            words = max(found.draft.brief.target_words, found.draft.words)
            self._allowance.draft(owner, words, len(project.dump(found)))
        self._store.add_project(found, owner)

    def _refuse_while_planning(self, draft_id: str) -> None:
        if self._is_planning(draft_id):
            raise EditError("The plan is still being made.", "Wait for it, or stop it, and then edit.")

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

    def text_of(self, path: Path) -> str:
        """The text in a Markdown, DOCX or plain text file; ImportRefused."""
        return imports.load(path).draft.text

    def import_file(self, path: Path, owner: str | None = None) -> Draft:
        """A new draft of `owner` from a project file, Markdown, DOCX or plain text. After ImportRefused nothing is
        added."""
        found = imports.load(path)
        try:
            Options().with_values(found.export_options)
        except ExportError as error:
            raise ImportRefused(f"This is no project file that can be read: {error.message}") from error
        self._add(found, owner)
        return self.draft(found.draft.id)
