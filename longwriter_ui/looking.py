"""What the studio does with the past of a draft, and how it looks into its texts: undo, versions, find."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from longwriter_ui.compare import differences
from longwriter_ui.edits.texts import Place, find, with_version
from longwriter_ui.errors import EditError
from longwriter_ui.export.files import write_whole
from longwriter_ui.plan import render_plan
from longwriter_ui.store.drafts import DraftStore
from longwriter_ui.store.views import PastText


class Looking:
    """The part of the studio that needs no model. `is_planning` tells whether a draft's plan is being made."""

    def __init__(self, store: DraftStore, is_planning: Callable[[str], bool]) -> None:
        self._store = store
        self._is_planning = is_planning

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
        return differences(past[number - 1].version.text, draft.paragraphs[draft.index(key)].text)

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

    def _refuse_while_planning(self, draft_id: str) -> None:
        if self._is_planning(draft_id):
            raise EditError("The plan is still being made.", "Wait for it, or stop it, and then edit.")
