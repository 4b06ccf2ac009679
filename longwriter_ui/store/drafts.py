"""The drafts' store: SQLite in WAL mode, one file, safe for several processes.

Every change gets the draft's next revision number and marks the rows it touched with it, so a view asks "what is new
since revision r". Text is never overwritten: an edit or an answer is a new row in `versions`. While an answer
streams, its text is appended to `deltas`; when it is done, one row holds it whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from longwriter_ui.draft import Draft, Version
from longwriter_ui.errors import ConflictError
from longwriter_ui.project import Project
from longwriter_ui.store import answers, archive, journal, owners
from longwriter_ui.store.changes import touch_stale, write
from longwriter_ui.store.database import Database
from longwriter_ui.store.owners import Owners, missing
from longwriter_ui.store.rows import history, load_draft, now
from longwriter_ui.store.salvage import notice_of
from longwriter_ui.store.summary import DraftSummary, matches, summary
from longwriter_ui.store.views import PastText, Since


class DraftStore:
    """Drafts in the SQLite file `path`. Usable from several threads; each call is one transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(path)
        self.owners = Owners(self._database)

    def close(self) -> None:
        self._database.close()

    @property
    def notice(self) -> str:
        """What the person has to know about a store that was damaged; empty where there is nothing."""
        try:
            return notice_of(self._path).read_text(encoding="utf-8")
        except OSError:
            return ""

    def dismiss_notice(self) -> None:
        """The person has read it."""
        notice_of(self._path).unlink(missing_ok=True)

    def add(self, draft: Draft, owner: str | None = None) -> None:
        """Store a new draft, as revision 1."""
        self.add_project(Project(draft), owner)

    def add_project(self, project: Project, owner: str | None = None) -> None:
        """Store a new draft with all its versions, as revision 1."""
        with self._database.change() as db:
            archive.insert(db, project, owner)

    def project(self, draft_id: str) -> Project:
        """The draft with all its versions; DraftNotFound."""
        with self._database.read() as db:
            return archive.load(db, _found(load_draft(db, draft_id), draft_id))

    def export_options(self, draft_id: str) -> dict[str, object]:
        """What was chosen for this draft's exports; DraftNotFound."""
        with self._database.read() as db:
            return archive.export_options(db, _found(load_draft(db, draft_id), draft_id).id)

    def change_export_options(self, draft_id: str, edit: archive.Edit) -> None:
        """Replace the choices for this draft's exports in one transaction; no new revision, for no text changes."""
        with self._database.change() as db:
            _found(load_draft(db, draft_id), draft_id)
            archive.set_export_options(db, draft_id, edit(archive.export_options(db, draft_id)))

    def get(self, draft_id: str) -> Draft:
        """The draft as it is now; DraftNotFound."""
        with self._database.read() as db:
            return _found(load_draft(db, draft_id), draft_id)

    def settled(self, draft_id: str) -> Draft:
        """The draft with the text that a rewrite is about to replace, where one is being written."""
        with self._database.read() as db:
            return _found(load_draft(db, draft_id, settled=True), draft_id)

    def summaries(self, wanted: str = "", *, trashed: bool = False, owner: str | None = None) -> list[DraftSummary]:
        """The drafts in use, or those in the trash, that have `wanted` in them, the last changed first; those of
        `owner`, or everybody's."""
        with self._database.read() as db:
            ids = owners.listed(db, trashed, owner)
            drafts = [(_found(load_draft(db, i), i), updated) for i, updated in ids]
        return [summary(draft, updated) for draft, updated in drafts if matches(draft, wanted)]

    def trash(self, draft_id: str, gone: bool) -> None:
        """Put the draft in the trash, or take it out; DraftNotFound."""
        with self._database.change() as db:
            moment = now() if gone else None
            if not db.execute("UPDATE drafts SET trashed = ? WHERE id = ?", (moment, draft_id)).rowcount:
                raise missing(draft_id)

    def delete(self, draft_id: str) -> None:
        """Remove the draft with all its versions; DraftNotFound."""
        with self._database.change() as db:
            # Paragraphs refer to versions, so they go first.
            db.execute("DELETE FROM paragraphs WHERE draft_id = ?", (draft_id,))
            if not db.execute("DELETE FROM drafts WHERE id = ?", (draft_id,)).rowcount:
                raise missing(draft_id)

    def change(
        self,
        draft_id: str,
        edit: Callable[[Draft], Draft],
        *,
        key: str = "",
        seen: int | None = None,
        label: str = "edit",
        kin: str = "",
    ) -> int:
        """Replace the draft by `edit(draft)` in one transaction; the new revision.

        With `seen`, ConflictError when the card `key` has changed since that revision. `label` and `kin`: see journal.
        """
        with self._database.change() as db:
            before = _found(load_draft(db, draft_id), draft_id)
            if seen is not None and key:
                row = db.execute(
                    "SELECT rev FROM paragraphs WHERE draft_id = ? AND key = ?", (draft_id, key)
                ).fetchone()
                if row is not None and row["rev"] > seen:
                    raise ConflictError(
                        "This paragraph was changed elsewhere in the meantime.", "Look at both and choose."
                    )
            after = edit(before)
            state = journal.capture(db, draft_id)
            rev = self._next(db, draft_id)
            write(db, before, after, rev)
            journal.record(db, draft_id, state, label, kin)
            return rev

    def undo(self, draft_id: str, entry: int | None = None) -> str:
        """Take back the last change, of the person or the model; what it was. See `journal.walk`."""
        return self._walk(draft_id, entry, back=True)

    def redo(self, draft_id: str, entry: int | None = None) -> str:
        """Do again what was undone last; what it was. See `journal.walk`."""
        return self._walk(draft_id, entry, back=False)

    def history(self, draft_id: str, key: str) -> list[PastText]:
        """The texts a paragraph has had, oldest first."""
        with self._database.read() as db:
            found = history(db, _found(load_draft(db, draft_id), draft_id).id, key)
            return [PastText(version, datetime.fromisoformat(created), present) for version, created, present in found]

    def begin(self, draft_id: str, key: str, version: Version, opening: str | None) -> None:
        """The paragraph `key` is being written as `version`; its present text stays until that is done."""
        with self._database.change() as db:
            rev = self._next(db, draft_id)
            before = _found(load_draft(db, draft_id), draft_id)
            answers.begin(db, draft_id, key, version, rev)
            if opening is not None:
                db.execute("UPDATE drafts SET opening = ? WHERE id = ?", (opening, draft_id))
            touch_stale(db, before, _found(load_draft(db, draft_id), draft_id), rev)

    def append(self, draft_id: str, key: str, text: str) -> None:
        """More text of the paragraph being written; nothing where it is not, any more."""
        with self._database.change() as db:
            answers.append(db, draft_id, key, text, self._next(db, draft_id))

    def finish(self, draft_id: str, key: str, version: Version | None, problem: str = "", label: str = "write") -> None:
        """The paragraph being written is done. A rewrite that was stopped or failed gives way to the text it was to
        replace; both stay among the versions. `version` None: what has streamed so far is all there is.
        """
        with self._database.change() as db:
            rev = self._next(db, draft_id)
            before = _found(load_draft(db, draft_id), draft_id)
            state = journal.capture(db, draft_id)
            answers.finish(db, before, key, version, problem, rev)
            journal.record(db, draft_id, state, label)
            touch_stale(db, before, _found(load_draft(db, draft_id), draft_id), rev)

    def touched(self, draft_id: str) -> bool:
        """Whether a person has changed the draft, as far as its journal goes back."""
        with self._database.read() as db:
            return journal.touched(db, draft_id)

    def since(self, draft_id: str, rev: int) -> Since:
        """What changed after revision `rev` (0: everything)."""
        with self._database.read() as db:
            draft = _found(load_draft(db, draft_id), draft_id)
            row = db.execute("SELECT rev, head_rev, order_rev FROM drafts WHERE id = ?", (draft_id,)).fetchone()
            changed = frozenset(
                key
                for (key,) in db.execute(
                    "SELECT key FROM paragraphs WHERE draft_id = ? AND rev > ? AND position IS NOT NULL",
                    (draft_id, rev),
                )
            )
            deltas = db.execute(
                "SELECT key, text FROM deltas WHERE draft_id = ? AND rev > ? ORDER BY id", (draft_id, rev)
            )
            fresh = tuple((key, text) for key, text in deltas if key not in changed)
            return Since(
                row["rev"],
                draft,
                row["head_rev"] > rev,
                row["order_rev"] > rev,
                changed,
                fresh,
                *journal.ends(db, draft_id),
                {key: _place(history(db, draft_id, key)) for key in changed},
            )

    def interrupted(self) -> list[str]:
        """Ids of drafts with a paragraph that was being written or a plan that was being made."""
        with self._database.read() as db:
            return answers.interrupted(db)

    def recover(self, draft_id: str) -> None:
        """Close what broke off: text that had streamed becomes a stopped paragraph, steps of half a plan are left to
        its text. The caller holds the draft's lock, so nobody is writing it."""
        with self._database.read() as db:
            keys = answers.written(db, draft_id)
        for key in keys:
            self.finish(draft_id, key, None)
        if self.get(draft_id).half_planned:
            self.change(draft_id, lambda d: replace(d, paragraphs=()), label="plan")

    def _walk(self, draft_id: str, entry: int | None, *, back: bool) -> str:
        with self._database.change() as db:
            before = _found(load_draft(db, draft_id), draft_id)
            rev = self._next(db, draft_id)
            label = journal.walk(db, draft_id, rev, entry, back=back)
            while (after := _found(load_draft(db, draft_id), draft_id)).half_planned:
                # Half a plan is nowhere to stay: `recover` would take it away again, whatever was done to it.
                journal.walk(db, draft_id, rev, None, back=back)
            touch_stale(db, before, after, rev)
            return label

    def _next(self, db: sqlite3.Connection, draft_id: str) -> int:
        if not db.execute("UPDATE drafts SET rev = rev + 1, updated = ? WHERE id = ?", (now(), draft_id)).rowcount:
            raise missing(draft_id)
        return int(db.execute("SELECT rev FROM drafts WHERE id = ?", (draft_id,)).fetchone()["rev"])


def _place(texts: list[tuple[Version, str, bool]]) -> tuple[int, int]:
    present = next((n for n, (_, _, is_present) in enumerate(texts, 1) if is_present), len(texts))
    return (present, len(texts))


def _found(draft: Draft | None, draft_id: str) -> Draft:
    if draft is None:
        raise missing(draft_id)
    return draft
